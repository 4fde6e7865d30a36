"""Alerts: one open alert per rule, actor, dataset and window, folded; what operators make of them; the rows that show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["informational", "low", "medium", "high", "critical"]
AlertState = Literal["new", "acknowledged", "contained", "closed", "suppressed"]
AlertVerdict = Literal["true", "false", "expected"]
"""What an operator said when closing: an incident, a false alarm, or right but planned."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as stored; times are epoch seconds UTC. A later value with the same alert_id replaces it."""

    alert_id: int
    rule_id: str
    rule_title: str
    rule_hash: str
    level: Level
    actor: str
    """Login identity, or `unattributed`; never a guess."""
    dataset: str | None
    src_ip: str | None
    first_ts: float
    last_ts: float
    count: int
    """Events that matched (of a correlation: that took part) so far."""
    measure: int | None
    """The value a correlation compared with its threshold (distinct files, events); null for a plain rule."""
    summary: str
    """One sentence: who did what to which dataset, how much, and against what."""
    tags: tuple[str, ...] = ()
    state: AlertState = "new"
    verdict: AlertVerdict | None = None
    owner: str | None = None
    incident_id: int | None = None
    """Number of the first alert of the incident; null while suppressed."""
    risk: int = 0
    """0 to 100 (docs/alerts.md)."""
    suppressed_by: str | None = None
    """What keeps it quiet: `maintenance NAME`, `expected NAME` or `snooze N`."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """An event that took part in an alert."""

    alert_id: int
    event_id: int
