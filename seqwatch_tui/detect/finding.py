"""Rules over batches of events that nobody stores: each hit with its event and record, nothing folded, no alert opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from seqwatch_tui.detect.coded import Columns
from seqwatch_tui.detect.condition import tests
from seqwatch_tui.detect.correlator import Correlator
from seqwatch_tui.detect.hits import Batch
from seqwatch_tui.detect.matching import FAULTS, Hits, Matching
from seqwatch_tui.detect.record_view import RecordRows
from seqwatch_tui.detect.rule import Correlation, Rule, RuleSet
from seqwatch_tui.detect.timeline import Firing
from seqwatch_tui.detect.views import Past, Views
from seqwatch_tui.model.columns import POLICY_COLUMNS

SHOWN = (
    "ts", "host", "action", "outcome", "user_name", "uid_name", "session_id", "src_ip", "pid", "process", "exe",
    "command_line", "path", "rule_key",
)  # fmt: skip
"""Columns of the event that a finding carries; `ts` in epoch seconds."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule and what it found: an event, and the record that shows it (of a rule on events, the event's first).

    `count` is how many events a correlation rests on, of which `event` is the newest; else 1. `position` is the record's
    in what the parser was fed.
    """

    rule: Rule
    event: Mapping[str, Any]
    kind: str | None
    record: bytes | None
    position: int | None
    count: int = 1


def without_policy(rules: RuleSet) -> tuple[RuleSet, tuple[Rule, ...]]:
    """Return the rules that need no configuration, and those that ask what only one can say (datasets, grants, hours)."""
    out: dict[str, Rule] = {}
    for rule in rules.rules:
        if isinstance(rule.body, Correlation):
            names = {*rule.body.group_by, rule.body.field, *(alias.field for alias in rule.body.aliases)}
            needs = bool(names & {*POLICY_COLUMNS}) or any(name in out for name in rule.body.rules)
        else:
            on = tests(rule.body)
            needs = any({test.field, test.value if test.kind == "same" else None} & {*POLICY_COLUMNS} for test in on)
        if needs:
            out[rule.rule_id] = rule
    kept = tuple(rule for rule in rules.rules if rule.rule_id not in out)
    return RuleSet(kept, rules.failures), tuple(out.values())


def only_on_records(rules: RuleSet) -> bool:
    """Whether all plain rules look at raw records."""
    return all(isinstance(rule.body, Correlation) or rule.view == "records" for rule in rules.rules)


class Finder:
    """Rules over a stream of batches, in order. Remembers windows of correlations, and who started what."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules.rules
        self._by_id = rules.by_id
        self._correlator = Correlator(rules.rules)
        self._matching = Matching(rules.rules, self._correlator.asked)
        self._past = Past()
        self.faults: dict[str, str] = {}
        """Rules that could not be evaluated on some batch, and why."""

    def find(self, events: pa.Table, records: pa.Table) -> Iterator[Finding]:
        """Yield what a batch gives. EVENT_SCHEMA and RECORD_SCHEMA; event ids ascend from batch to batch."""
        if not events.num_rows:
            return
        batch = Batch(events)
        views = self._matching.views(events, records, Columns(events), self._past)
        matched = self._match(views)
        raw = _Raw(records)
        for rule_id, hits in matched.items():
            if self._by_id[rule_id].raises:
                yield from self._plain(self._by_id[rule_id], batch, hits, raw)
        fired: dict[str, list[Firing]] = {}
        for rule in self._rules:
            if isinstance(rule.body, Correlation):
                fired[rule.rule_id] = self._correlator.feed(rule.rule_id, batch, matched, fired)
                if rule.raises:
                    yield from _fired(rule, batch, fired[rule.rule_id], raw)

    def _match(self, views: Views) -> dict[str, Hits]:
        """Hits by rule id. When the rules together fault, each is tried alone, so that only the culprit is missed."""
        try:
            return self._matching.match(views)
        except FAULTS:
            found: dict[str, Hits] = {}
            for rule in self._matching.rules:
                try:
                    found |= Matching([rule], self._correlator.asked).match(views)
                except FAULTS as error:
                    self.faults[rule.rule_id] = f"{type(error).__name__}: {error}"
            return found

    @staticmethod
    def _plain(rule: Rule, batch: Batch, hits: Hits, raw: _Raw) -> Iterator[Finding]:
        events = _events(batch, hits.rows)
        numbers = hits.view.numbers[hits.at].tolist() if isinstance(hits.view, RecordRows) else [-1] * len(events)
        ids = batch.event_ids[hits.rows].tolist()
        for event, number, event_id in zip(events, numbers, ids, strict=True):
            yield Finding(rule, event, *(raw.at(number) if number >= 0 else raw.first(event_id)))


class _Raw:
    """The records of a batch, looked up only for what was found."""

    def __init__(self, records: pa.Table) -> None:
        self._records = records
        self._first: dict[int, int] | None = None

    def at(self, number: int) -> tuple[str | None, bytes | None, int | None]:
        """Type, line and position of a record; all null for -1."""
        if number < 0:
            return None, None, None
        kind, line, position = (self._records.column(name)[number].as_py() for name in ("type", "raw", "position"))
        return kind, line, position

    def first(self, event_id: int) -> tuple[str | None, bytes | None, int | None]:
        """The same of an event's first record."""
        if self._first is None:
            self._first = {}
            for number, owner in enumerate(self._records.column("event_id").to_pylist()):
                self._first.setdefault(owner, number)
        return self.at(self._first.get(event_id, -1))


def _events(batch: Batch, rows: np.ndarray[Any, np.dtype[np.int64]]) -> list[dict[str, Any]]:
    times = (batch.ts[rows] / 1e6).tolist()
    return [
        {"ts": ts, **dict(zip(SHOWN[1:], row, strict=True))}
        for ts, row in zip(times, batch.rows(SHOWN[1:], rows), strict=True)
    ]


def _fired(rule: Rule, batch: Batch, firings: list[Firing], raw: _Raw) -> Iterator[Finding]:
    for firing in firings:
        row = batch.places.get(firing.entry.event_id)
        if firing.new and row is not None:
            event = _events(batch, np.array([row]))[0]
            yield Finding(rule, event, *raw.first(firing.entry.event_id), firing.measure)
