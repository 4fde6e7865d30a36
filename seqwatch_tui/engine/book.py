"""What an alert needs beside detection: its incident, its risk, and why it fired, written once, as of that moment.

Owned by the judge, used by its thread. It reads no clock and no store; what it must know of earlier runs comes in with
`Past`.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from seqwatch_tui.config.dataset import Dataset
from seqwatch_tui.config.settings import Settings
from seqwatch_tui.detect.detector import Detections, Detector
from seqwatch_tui.detect.incidents import Incidents
from seqwatch_tui.detect.risk import risk_parts, score
from seqwatch_tui.detect.rule import Correlation, Rule, RuleSet
from seqwatch_tui.detect.shown import alert_sql
from seqwatch_tui.model.alert import Alert
from seqwatch_tui.model.evidence import Gap

_KEPT_GAPS = 1000
"""Newest gaps that are looked through for those over an alert's window; the table `gaps` has all."""
_SPARE = 4_000
"""Fixed points kept beyond twice those of the open alerts, before the others are looked for."""
FACTS = (
    "event_id", "action", "outcome", "user_name", "uid_name", "role", "dataset", "path", "exe", "process",
    "command_line", "src_ip", "allowed", "reason", "business_hours", "network_allowed", "bulk_granted", "complete",
    "warnings",
)  # fmt: skip
Row = dict[str, Any]
Tables = dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier runs left: open alerts, fixed points and threshold of each, known rule versions, newest gaps."""

    alerts: Sequence[Alert] = ()
    fixed: Mapping[int, tuple[int, int | None]] = field(default_factory=dict)
    versions: Collection[tuple[str, str]] = frozenset()
    """(hash, rule id)."""
    gaps: Sequence[Gap] = ()


class AlertBook:
    """Completes alerts as they leave the detector; `keep` is told what operators changed."""

    def __init__(self, rules: RuleSet, settings: Settings, past: Past) -> None:
        self._rules = rules.by_id
        self._families = _families(rules.rules)
        self._settings = settings
        self._datasets = {dataset.id: dataset for dataset in settings.datasets}
        self._incidents = Incidents(past.alerts)
        self._fixed = dict(past.fixed)
        self._versions = set(past.versions)
        self._gaps = deque(past.gaps, _KEPT_GAPS)
        self._statements: dict[str, str | None] = {}
        self._configured: dict[str | None, str] = {}

    def complete(
        self, found: Detections, events: pa.Table, gaps: Sequence[Gap], detector: Detector
    ) -> tuple[list[Alert], Tables]:
        """Return the alerts with incident and risk, and the rows that say why the new ones fired.

        `events` is the judged batch that `found` came from; `gaps` came with it.
        """
        self._gaps.extend(gaps)
        newest = {each.alert_id: each.event_id for each in found.evidence}
        new = [alert.alert_id for alert in found.alerts if alert.alert_id not in self._fixed]
        facts = _facts(events, [newest[number] for number in new if number in newest])
        tables: Tables = {}
        alerts = []
        for alert in found.alerts:
            if alert.alert_id not in self._fixed:
                self._note_reason(alert, facts.get(newest.get(alert.alert_id, -1), {}), tables)
            full = self._with_incident_and_risk(alert)
            if full is not alert:
                detector.keep(full)
            alerts.append(full)
        self._forget(detector)
        return alerts, tables

    def keep(self, alert: Alert) -> Alert:
        """Take over what an operator changed; return the alert with its incident."""
        full = replace(alert, incident_id=self._incidents.of(alert))
        if full.state == "closed":
            self._fixed.pop(alert.alert_id, None)
        else:  # a reopened one keeps the reason that was written when it fired
            self._fixed.setdefault(alert.alert_id, (alert.risk, None))
        return full

    @property
    def known(self) -> int:
        """How many alerts have their fixed points in memory."""
        return len(self._fixed)

    def _forget(self, detector: Detector) -> None:
        """Keep the fixed points of alerts that hits still fold into, and the incidents that alerts can still join."""
        self._incidents.passed(detector.reached)
        if len(self._fixed) > 2 * detector.open_alerts + _SPARE:
            self._fixed = {k: held for k, held in self._fixed.items() if detector.alert(k) is not None}

    def _with_incident_and_risk(self, alert: Alert) -> Alert:
        fixed, threshold = self._fixed[alert.alert_id]
        incident, risk = self._incidents.of(alert), score(fixed, alert.measure, threshold)
        if (incident, risk) == (alert.incident_id, alert.risk):
            return alert
        return replace(alert, incident_id=incident, risk=max(risk, alert.risk))

    def _note_reason(self, alert: Alert, facts: Row, tables: Tables) -> None:
        dataset = self._datasets.get(alert.dataset or "")
        kind, purpose = (dataset.kind, dataset.purpose) if dataset else (None, None)
        parts = risk_parts(alert.level, kind, purpose, facts, alert.actor != "unattributed")
        family = self._families.get(alert.rule_id, ())
        body = family[0].body if family else None
        threshold = body.at_least if isinstance(body, Correlation) else None
        self._fixed[alert.alert_id] = sum(parts.values()), threshold
        self._note_version(alert, family, tables)
        tables.setdefault("alert_reasons", []).append({
            "alert_id": alert.alert_id, "rule_hash": alert.rule_hash, "measure": alert.measure, "threshold": threshold,
            "window_seconds": body.span if isinstance(body, Correlation) else None,
            "counted": _counted(body) if isinstance(body, Correlation) else None,
            "facts": _joined(_json(facts), self._in_force(alert.dataset)), "risk_parts": _json(parts),
            "sql": self._shown(alert.rule_id, family),
            "not_seen": _json(self._not_seen(alert, body)),
        })  # fmt: skip

    def _shown(self, rule_id: str, family: Sequence[Rule]) -> str | None:
        """The statement that shows an alert again; null when a rule cannot be written as one: the alert stands all the same.

        It is the same text for all alerts of a rule, so that it is made and stored once.
        """
        if rule_id not in self._statements:
            try:
                self._statements[rule_id] = alert_sql(family, self._rules) if family else None
            except (LookupError, ValueError):
                self._statements[rule_id] = None
        return self._statements[rule_id]

    def _note_version(self, alert: Alert, family: Sequence[Rule], tables: Tables) -> None:
        if not family or (alert.rule_hash, alert.rule_id) in self._versions:
            return
        self._versions.add((alert.rule_hash, alert.rule_id))
        rule = family[0]
        tables.setdefault("rule_versions", []).append({
            "hash": rule.hash, "rule_id": rule.rule_id, "title": rule.title, "file": rule.file, "text": rule.text,
            "first_used": alert.last_ts,
        })  # fmt: skip

    def _in_force(self, dataset_id: str | None) -> str:
        """Grants, hours and networks as configured now, for whoever asks later what was in force then. JSON."""
        dataset = self._datasets.get(dataset_id or "")
        name = dataset.id if dataset is not None else None
        if name not in self._configured:
            self._configured[name] = _json(self._configuration(dataset))
        return self._configured[name]

    def _configuration(self, dataset: Dataset | None) -> Row:
        settings = self._settings
        hours = settings.business_hours
        granted = None if dataset is None or dataset.grants is None else dataset.grants
        return {
            "grants_in_force": None if granted is None else {role: sorted(held) for role, held in granted.items()},
            "hours_in_force": f"{hours.start:%H:%M}-{hours.end:%H:%M} {settings.timezone}" if hours else None,
            "networks_in_force": [str(net) for net in settings.networks.allowed] if settings.networks else None,
        }

    def _not_seen(self, alert: Alert, body: object) -> list[Row]:
        reach = body.span if isinstance(body, Correlation) else 0
        since, until = alert.first_ts - reach, alert.last_ts
        return [
            {"source": g.source, "kind": g.kind, "start": g.start, "end": g.end, "count": g.count, "detail": g.detail}
            for g in self._gaps
            if g.end >= since and g.start <= until
        ]


def _families(rules: Sequence[Rule]) -> dict[str, tuple[Rule, ...]]:
    """Rule id of alerts -> the rules that raise them, the one it is named after first."""
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.raises:
            found.setdefault(rule.alert_as or rule.rule_id, []).append(rule)
    return {name: tuple(sorted(family, key=lambda rule: rule.rule_id != name)) for name, family in found.items()}


def _facts(events: pa.Table, event_ids: Sequence[int]) -> dict[int, Row]:
    """The facts of some events, by id; those not in the batch (older ones of a correlation) are left out."""
    if not event_ids or not events.num_rows:
        return {}
    first = int(events.column("event_id")[0].as_py())
    rows = [number - first for number in event_ids if 0 <= number - first < events.num_rows]
    taken = events.select(FACTS).take(pa.array(rows, pa.int64()))
    columns = [_plain(column).to_pylist() for column in taken.columns]
    return {values[0]: dict(zip(FACTS, values, strict=True)) for values in zip(*columns, strict=True)}


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column without a dictionary: as Python values, codes cost ten times as much as texts."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _counted(body: Correlation) -> str:
    return {"event_count": "events", "value_count": body.field or "events"}.get(body.kind, "rules")


_json = json.JSONEncoder(ensure_ascii=True, default=str).encode


def _joined(one: str, other: str) -> str:
    """Two JSON objects without a common name as one."""
    return other if one == "{}" else f"{one[:-1]}, {other[1:]}"
