"""Folding alerts into incidents: one actor, one dataset, close together in time, while one of its alerts is open."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from seqwatch_tui.model.alert import Alert

INCIDENT_SECONDS = 4 * 3600.0
"""Seconds between an incident and an alert up to which the alert belongs to it."""
MAX_INCIDENTS = 10_000
"""Incidents that further alerts can join; beyond that the one not touched for longest gets none any more."""
PASSED_KEPT = 1_000
"""Of those, incidents that are kept for alerts that come late although their time has passed (see `Incidents.passed`)."""
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
        self._used: OrderedDict[int, Key] = OrderedDict()
        """The incidents in the order of their last use."""
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

    def passed(self, before: float) -> None:
        """Let nothing more join incidents whose time has passed; all events now come after `before` (epoch seconds).

        The incidents touched last stay whatever the time.
        """
        while len(self._used) > PASSED_KEPT:
            number, key = next(iter(self._used.items()))
            if self._found[key][number].last + 2 * INCIDENT_SECONDS >= before:
                return
            self._forget(number)

    def __len__(self) -> int:
        """Return how many incidents alerts can join."""
        return len(self._used)

    def _near(self, alert: Alert) -> int | None:
        for number, found in self._found.get((alert.actor, alert.dataset), {}).items():
            if found.first - INCIDENT_SECONDS <= alert.last_ts and alert.first_ts <= found.last + INCIDENT_SECONDS:
                return number
        return None

    def _add(self, alert: Alert, number: int) -> None:
        key = alert.actor, alert.dataset
        here = self._found.setdefault(key, {})
        self._used[number] = key
        self._used.move_to_end(number)
        found = here.get(number)
        if found is None:
            found = here[number] = _Incident(alert.first_ts, alert.last_ts)
        found.first, found.last = min(found.first, alert.first_ts), max(found.last, alert.last_ts)
        found.open.add(alert.alert_id)
        if len(self._used) > MAX_INCIDENTS:
            self._forget(next(iter(self._used)))

    def _leave(self, alert: Alert, number: int) -> None:
        here = self._found.get((alert.actor, alert.dataset), {})
        found = here.get(number)
        if found is None:
            return
        found.open.discard(alert.alert_id)
        if not found.open:
            self._forget(number)

    def _forget(self, number: int) -> None:
        key = self._used.pop(number)
        here = self._found[key]
        del here[number]
        if not here:
            del self._found[key]
