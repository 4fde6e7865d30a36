"""Folding: one open alert per rule, actor, dataset and window, whose count and evidence grow with every hit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import NamedTuple

from seqwatch_tui.detect.rule import Correlation, Rule
from seqwatch_tui.detect.summary import Sentence, span_text
from seqwatch_tui.model.alert import Alert, Evidence

UNATTRIBUTED = "unattributed"
MAX_EVIDENCE = 10_000
"""Evidence rows per alert; beyond that only the count grows."""
MAX_OPEN = 20_000
"""Alerts that hits are folded into; beyond that the one not touched for longest is left as it is."""
PASSED_KEPT = 2_000
"""Of those, alerts that are kept for events that come late although their time has passed (see `Folding.passed`)."""
LATE_SECONDS = 3600
"""By how much a hit may be late and still find its alert."""

Key = tuple[str, str, str | None, str | None]
"""Rule id, actor, dataset, and what keeps it quiet: a quiet hit never hides in an open alert, nor one the other way."""


class Hit(NamedTuple):
    """Events of one rule, actor and dataset, close together in time. Times are epoch seconds."""

    actor: str
    dataset: str | None
    first: float
    last: float
    events: int
    event_ids: Sequence[int]
    facts: Mapping[str, object]
    """The newest event, by those columns that the sentence speaks of, and `src_ip`."""
    measure: int | None = None


@dataclass(slots=True)
class _Open:
    alert: Alert
    """As it stood when it was last taken."""
    evidence: int
    first: float
    last: float
    count: int
    measure: int | None
    src_ip: str | None
    rule: Rule | None = None
    """The rule of the last hit since it was last taken."""
    facts: Mapping[str, object] | None = None
    """Its newest event by column, for the sentence."""

    def grow(self, rule: Rule, hit: Hit) -> None:
        self.first, self.last = min(self.first, hit.first), max(self.last, hit.last)
        self.count += hit.events
        if hit.measure is not None:
            self.measure = hit.measure if self.measure is None else max(self.measure, hit.measure)
        address = hit.facts.get("src_ip")
        if isinstance(address, str):
            self.src_ip = address
        self.rule, self.facts = rule, hit.facts

    def taken(self, summary: str) -> Alert:
        """The alert as it stands now. Written out, by place: `replace` would take longer than all the rest of folding."""
        old = self.alert
        self.alert = Alert(
            old.alert_id, old.rule_id, old.rule_title, old.rule_hash, old.level, old.actor, old.dataset,
            self.src_ip, self.first, self.last, self.count, self.measure, summary,
            old.tags, old.state, old.verdict, old.owner, old.incident_id, old.risk, old.suppressed_by,
        )  # fmt: skip
        self.rule, self.facts = None, None  # the next hit brings its own; thousands of alerts stay open
        return self.alert


class Folding:
    """The open alerts. Owned by one detector, used by one thread."""

    def __init__(self, alerts: Iterable[Alert], next_alert_id: int, folds: Mapping[str, int]) -> None:
        """`folds` is how far apart hits may lie, in seconds, by the rule that alerts are named after."""
        self._next, self._folds = next_alert_id, folds
        self._open: OrderedDict[int, _Open] = OrderedDict()
        self._by_key: dict[Key, list[int]] = {}
        self._changed: dict[int, _Open] = {}
        self._evidence: list[Evidence] = []
        self._sentences: dict[str, Sentence] = {}
        for alert in alerts:
            if alert.state != "closed":
                self._remember(_opened(alert))

    def note(self, rule: Rule, head: Rule, hit: Hit, quiet: str | None = None) -> None:
        """Fold a hit of `rule` in, under the name of `head`, or open an alert for it; `quiet` names what suppresses it."""
        found = self._fitting((head.rule_id, hit.actor, hit.dataset, quiet), hit, rule.fold)
        if found is None:
            found = _opened(_blank(head, hit, self._next, quiet))
            self._next += 1
            self._remember(found)
        found.grow(rule, hit)
        alert_id = found.alert.alert_id
        room = hit.event_ids[: MAX_EVIDENCE - found.evidence]
        found.evidence += len(room)
        self._evidence.extend(map(Evidence, repeat(alert_id), room))
        self._changed[alert_id] = found
        self._open.move_to_end(alert_id)

    def take(self) -> tuple[tuple[Alert, ...], tuple[Evidence, ...]]:
        """Return the alerts new or changed since the last call, and the evidence that came with them."""
        alerts = tuple([found.taken(self._summary(found)) for found in self._changed.values()])
        evidence = tuple(self._evidence)
        self._changed, self._evidence = {}, []
        return alerts, evidence

    def _summary(self, found: _Open) -> str:
        if found.rule is None:
            return found.alert.summary
        template = found.rule.summary
        sentence = self._sentences.get(template)
        if sentence is None:
            sentence = self._sentences[template] = Sentence(template)
        return sentence.fill(_own(found, found.rule.body), found.facts or {})

    def get(self, alert_id: int) -> Alert | None:
        """Return an open alert as it was last taken."""
        found = self._open.get(alert_id)
        return found.alert if found else None

    def keep(self, alert: Alert) -> None:
        """Take over what became of an alert outside: hits fold into it again, or no more once it is closed."""
        found = self._open.get(alert.alert_id)
        if alert.state == "closed":
            self.forget(alert.alert_id)
        elif found is not None and found.alert.suppressed_by == alert.suppressed_by:
            found.alert = alert
        else:
            self.forget(alert.alert_id)
            self._remember(_opened(alert))

    def forget(self, alert_id: int) -> None:
        """Fold nothing more into an alert; a further hit opens a new one."""
        found = self._open.pop(alert_id, None)
        if found:
            key = _key(found.alert)
            self._by_key[key].remove(alert_id)
            if not self._by_key[key]:
                del self._by_key[key]

    def passed(self, before: float) -> None:
        """Fold nothing more into alerts whose time has passed; all events now come after `before` (epoch seconds).

        The alerts touched last stay whatever the time.
        """
        while len(self._open) > PASSED_KEPT:
            alert_id, found = next(iter(self._open.items()))
            if found.last + self._folds.get(found.alert.rule_id, 0) + LATE_SECONDS >= before:
                return
            self.forget(alert_id)

    def __len__(self) -> int:
        """Return how many alerts hits are folded into."""
        return len(self._open)

    def _remember(self, found: _Open) -> None:
        alert = found.alert
        self._open[alert.alert_id] = found
        self._by_key.setdefault(_key(alert), []).append(alert.alert_id)
        if len(self._open) > MAX_OPEN:
            self.forget(next(iter(self._open)))

    def _fitting(self, key: Key, hit: Hit, fold: int) -> _Open | None:
        for alert_id in reversed(self._by_key.get(key, ())):
            found = self._open[alert_id]
            if found.first - fold <= hit.last and hit.first <= found.last + fold:
                return found
        return None


def _key(alert: Alert) -> Key:
    return alert.rule_id, alert.actor, alert.dataset, alert.suppressed_by


def _blank(head: Rule, hit: Hit, alert_id: int, quiet: str | None) -> Alert:
    return Alert(
        alert_id=alert_id, rule_id=head.rule_id, rule_title=head.title, rule_hash=head.hash, level=head.level,
        actor=hit.actor, dataset=hit.dataset, src_ip=None, first_ts=hit.first, last_ts=hit.last, count=0, measure=None,
        summary="", tags=head.tags, state="suppressed" if quiet else "new", suppressed_by=quiet,
    )  # fmt: skip


def _opened(alert: Alert) -> _Open:
    evidence = min(alert.count, MAX_EVIDENCE)
    return _Open(alert, evidence, alert.first_ts, alert.last_ts, alert.count, alert.measure, alert.src_ip)


def _own(found: _Open, body: object) -> Mapping[str, object]:
    """What the sentence can say of the alert as a whole; it goes before what the newest event says."""
    alert, count = found.alert, found.count
    own: dict[str, object] = {
        "actor": alert.actor, "dataset": alert.dataset, "src_ip": found.src_ip, "title": alert.rule_title,
        "count": count, "events": f"{count} event{'' if count == 1 else 's'}", "measure": found.measure,
    }  # fmt: skip
    if isinstance(body, Correlation):
        own |= {"threshold": body.at_least, "window": span_text(body.span)}
    return own
