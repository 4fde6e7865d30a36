"""Folding alerts into incidents: one actor, one dataset, close together in time, while one of its alerts is open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from seqwatch_tui.model.alert import Alert

INCIDENT_SECONDS = 4 * 3600.0
"""Seconds between an incident and an alert up to which the alert belongs to it."""
Key = tuple[str, str | None]


@dataclass(slots=True)
class _Incident:
    first: float
    last: float
    open: set[int] = field(default_factory=set)


class Incidents:
    """The incidents that have an open alert; an incident's number is that of its first alert."""

    def __init__(self, alerts: Iterable[Alert]) -> None:
        self._found: dict[Key, dict[int, _Incident]] = {}
        for alert in alerts:
            if alert.incident_id is not None:
                self._add(alert, alert.incident_id)

    def of(self, alert: Alert) -> int | None:
        """Return the incident of an alert as it stands now, taking the alert into it; null for a suppressed one.

        A closed alert keeps its number and no longer holds its incident open.
        """
        if alert.state == "suppressed":
            return None
        number = alert.incident_id if alert.incident_id is not None else self._near(alert)
        number = alert.alert_id if number is None else number
        if alert.state == "closed":
            self._leave(alert, number)
        else:
            self._add(alert, number)
        return number

    def _near(self, alert: Alert) -> int | None:
        for number, found in self._found.get((alert.actor, alert.dataset), {}).items():
            if found.first - INCIDENT_SECONDS <= alert.last_ts and alert.first_ts <= found.last + INCIDENT_SECONDS:
                return number
        return None

    def _add(self, alert: Alert, number: int) -> None:
        here = self._found.setdefault((alert.actor, alert.dataset), {})
        found = here.setdefault(number, _Incident(alert.first_ts, alert.last_ts))
        found.first, found.last = min(found.first, alert.first_ts), max(found.last, alert.last_ts)
        found.open.add(alert.alert_id)

    def _leave(self, alert: Alert, number: int) -> None:
        here = self._found.get((alert.actor, alert.dataset), {})
        found = here.get(number)
        if found is None:
            return
        found.open.discard(alert.alert_id)
        if not found.open:
            del here[number]
            if not here:
                del self._found[alert.actor, alert.dataset]
