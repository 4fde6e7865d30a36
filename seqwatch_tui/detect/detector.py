"""The detector: batches of judged events in; alerts, new or changed, and their evidence out.

Pure but for what it remembers: windows and open alerts. One thread owns it. A rule that faults is set aside after three
batches and reported in `faults`; the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import pyarrow as pa

from seqwatch_tui.detect.coded import Columns
from seqwatch_tui.detect.correlator import Correlator
from seqwatch_tui.detect.folding import Folding
from seqwatch_tui.detect.hits import Batch, firing_hits, plain_hits
from seqwatch_tui.detect.matcher import Rows
from seqwatch_tui.detect.matching import FAULTS, Hits, Matching
from seqwatch_tui.detect.quiet import Quiet
from seqwatch_tui.detect.reached import Reached
from seqwatch_tui.detect.rule import Correlation, Rule, RuleSet
from seqwatch_tui.detect.timeline import Firing
from seqwatch_tui.detect.views import Past, Views
from seqwatch_tui.model.alert import Alert, Evidence

MAXFAULTS = 3
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Detections:
    """What a batch gave: alerts as they stand now (a later value replaces an earlier), rows that newly show them."""

    alerts: tuple[Alert, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleFault:
    """A rule that could not be evaluated on `count` batches; from the third on it is `disabled`."""

    rule_id: str
    file: str
    count: int
    disabled: bool
    why: str


class Detector:
    """All rules over a stream of batches.

    `alerts` are the open ones as stored; `next_alert_id` is the first number that is free. Batches have EVENT_SCHEMA
    with final event ids and the policy columns filled.
    """

    def __init__(self, rules: RuleSet, alerts: Sequence[Alert], next_alert_id: int, quiet: Quiet | None = None) -> None:
        self.quiet = quiet or Quiet()
        """What is quiet by plan; may be replaced at any time, from any thread."""
        self._rules = {rule.rule_id: rule for rule in rules.rules}
        self._folding = Folding(alerts, next_alert_id, _folds(rules.rules))
        self._correlator = Correlator(rules.rules)
        self._faults: dict[str, RuleFault] = {}
        self._past = Past()
        self._reached = Reached()
        self.reached = 0.0
        """Epoch seconds, by the events' own time, that every source has come to."""
        self._compile()

    @property
    def faults(self) -> tuple[RuleFault, ...]:
        """Rules that faulted since the start."""
        return tuple(self._faults.values())

    @property
    def longest_window(self) -> int:
        """Seconds of history that `warm` needs for every window to be as full as it was."""
        return self._correlator.longest

    @property
    def dropped(self) -> int:
        """Events that correlation windows gave up to stay within bounds; their counts may be too low."""
        return self._correlator.dropped

    def feed(self, events: pa.Table, records: pa.Table | None = None, views: Views | None = None) -> Detections:
        """Return what a batch gives; only alerts that are new or changed.

        `records` are the raw lines of `events` (RECORD_SCHEMA, the same event ids), which rules of auditd look at;
        `views` replaces what would be made of the two (samples).
        """
        if not events.num_rows:
            return Detections()
        batch = Batch(events)
        matched = self._match(self._all, batch, records, views)
        for rule_id, hits in matched.items():
            if rule_id in self._rules and self._rules[rule_id].raises:
                self._guard(self._rules[rule_id], partial(self._note_plain, self._rules[rule_id], batch, hits.events))
        for rule_id, firings in self._correlate(batch, matched).items():
            if firings and rule_id in self._rules and self._rules[rule_id].raises:
                self._guard(self._rules[rule_id], partial(self._note_firings, self._rules[rule_id], batch, firings))
        found = Detections(*self._folding.take())
        self._forget_passed(batch)
        return found

    def warm(self, events: pa.Table, records: pa.Table | None = None) -> None:
        """Play recent history into the correlation windows after a restart; raises and changes no alert."""
        if events.num_rows:
            batch = Batch(events)
            self._correlate(batch, self._match(self._feeding, batch, records))

    def learn_processes(self, events: pa.Table) -> None:
        """Take in who started what before a restart: events of programs started, in their order."""
        if events.num_rows and self.needs_processes:
            self._all.views(events, None, Columns(events), self._past).learn()

    @property
    def open_alerts(self) -> int:
        """How many alerts hits are folded into."""
        return len(self._folding)

    @property
    def held(self) -> int:
        """Events that correlation windows keep."""
        return self._correlator.held

    @property
    def needs_processes(self) -> bool:
        """Whether a rule asks who started a process."""
        return self._all.parents

    @property
    def needs_records(self) -> bool:
        """Whether a rule looks at raw records."""
        return self._all.records

    @property
    def warm_needs_records(self) -> bool:
        """Whether the windows of correlations are filled by rules on raw records."""
        return self._feeding.records

    def alert(self, alert_id: int) -> Alert | None:
        """Return an open alert as it stands; None when no open alert has that id."""
        return self._folding.get(alert_id)

    def keep(self, alert: Alert) -> None:
        """Take over an alert as it stands now: changed by an operator, reopened, put into an incident."""
        self._folding.keep(alert)

    def forget(self, alert_id: int) -> None:
        """Fold nothing more into an alert, whatever its state."""
        self._folding.forget(alert_id)

    def _forget_passed(self, batch: Batch) -> None:
        before = self._reached.by(int(batch.ts.min()), len(batch.ts))
        self.reached = before / 1_000_000
        self._folding.passed(self.reached)
        self._correlator.passed(before)

    def _compile(self) -> None:
        rules, asked = list(self._rules.values()), self._correlator.asked
        self._all = Matching(rules, asked)
        self._feeding = Matching([rule for rule in rules if rule.rule_id in self._correlator.feeding], asked)

    def _match(
        self, matching: Matching, batch: Batch, records: pa.Table | None, views: Views | None = None
    ) -> dict[str, Hits]:
        """Hits by rule id. When the rules together fault, each is tried alone, so that only the culprit is missed."""
        views = views or matching.views(batch.table, records, batch.columns, self._past)
        try:
            return matching.match(views)
        except FAULTS:
            found: dict[str, Hits] = {}
            for rule in matching.rules:
                found |= self._guard(rule, partial(self._alone, rule, batch, records)) or {}
            return found

    def _alone(self, rule: Rule, batch: Batch, records: pa.Table | None) -> dict[str, Hits]:
        alone = Matching([rule], self._correlator.asked)
        return alone.match(alone.views(batch.table, records, batch.columns, self._past))

    def _note_plain(self, rule: Rule, batch: Batch, rows: Rows) -> None:
        head = self._head(rule)
        for quiet, part in self.quiet.split(head.rule_id, batch, rows):
            for hit in plain_hits(batch, part, rule):
                self._folding.note(rule, head, hit, quiet)

    def _correlate(self, batch: Batch, matched: dict[str, Hits]) -> dict[str, list[Firing]]:
        """Firings by rule id; a correlation comes after those it refers to."""
        fired: dict[str, list[Firing]] = {}
        for rule in list(self._rules.values()):
            if isinstance(rule.body, Correlation):
                found = self._guard(rule, partial(self._correlator.feed, rule.rule_id, batch, matched, fired))
                fired[rule.rule_id] = found or []
        return fired

    def _note_firings(self, rule: Rule, batch: Batch, firings: list[Firing]) -> None:
        head = self._head(rule)
        for quiet, part in self.quiet.split_firings(head.rule_id, firings):
            for hit in firing_hits(batch, part, rule.fold):
                self._folding.note(rule, head, hit, quiet)

    def _head(self, rule: Rule) -> Rule:
        return self._rules.get(rule.alert_as, rule)

    def _guard(self, rule: Rule, work: Callable[[], T]) -> T | None:
        """Run one rule's part; a fault is counted against the rule, and the third sets it aside."""
        try:
            return work()
        except FAULTS as error:
            before = self._faults.get(rule.rule_id)
            count = before.count + 1 if before else 1
            why = f"{type(error).__name__}: {error}"
            self._faults[rule.rule_id] = RuleFault(rule.rule_id, rule.file, count, count >= MAXFAULTS, why)
            if count >= MAXFAULTS:
                self._rules.pop(rule.rule_id, None)
                self._compile()
            return None


def _folds(rules: Sequence[Rule]) -> Mapping[str, int]:
    """Seconds that hits may lie apart, by the rule that alerts are named after."""
    found: dict[str, int] = {}
    for rule in rules:
        name = rule.alert_as or rule.rule_id
        found[name] = max(rule.fold, found.get(name, 0))
    return found
