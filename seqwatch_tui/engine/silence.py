"""When a source is quiet for longer than it ever is at this hour: its own past is the measure, and an idle night is none.

Hours are told apart by the site's clock and by working day or not: 48 kinds. Of each kind the watch learns, from whole
hours only, the smallest number of events in one and the longest quiet spell that ended in one. A source is silent beyond
its normal when at this kind's slowest pace at least EXPECTED events would have come, the spell is more than twice the
longest known, and it lasts MINIMUM. A kind seen fewer than LEARNT times, or once without an event, never raises a word.
Pure: times are passed in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

LEARNT, EXPECTED, MINIMUM = 3, 8, 600.0
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What is known of one kind of hour (0-23 working days, 24-47 others) of one source."""

    source: str
    slot: int
    hours: int = 0
    least: int = 0
    """Events in the slowest whole hour."""
    longest: int = 0
    """Seconds of the longest quiet spell that ended in such an hour."""


def slot_of(now: float, zone: dt.tzinfo) -> int:
    """The kind of hour at `now`."""
    local = dt.datetime.fromtimestamp(now, zone)
    return local.hour + (24 if local.weekday() >= 5 else 0)


class Pulse:
    """One source: `look` takes its count of events now and then; learns, and says when it is silent beyond its normal."""

    def __init__(self, source: str, known: Iterable[Rhythm], zone: dt.tzinfo) -> None:
        self._source, self._zone = source, zone
        self._known = {r.slot: r for r in known if r.source == source}
        self._events: int | None = None
        self._last = self._hour = 0.0
        self._in_hour = 0
        self._longest = 0.0
        self._said = False

    def look(self, events: int, now: float) -> float | None:
        """`events` so far; returns since when it has been silent beyond its normal, once for each silence."""
        if self._events is None or now < self._last:
            self._begin(events, now)
            return None
        came, self._events = events - self._events, events
        if came:
            self._longest = max(self._longest, now - self._last)
            self._in_hour, self._last, self._said = self._in_hour + came, now, False
        if self._said or not self._beyond(now):
            return None
        self._said = True
        return self._last

    def _begin(self, events: int, now: float) -> None:
        """A first look, or the clock went back: the hour that has begun is not whole."""
        self._events, self._last, self._hour, self._said = events, now, (now // _HOUR + 1) * _HOUR, False
        self._in_hour, self._longest = 0, 0.0

    def learn(self, now: float) -> Rhythm | None:
        """What the hour that has just ended taught, once; an hour that was not watched whole teaches nothing."""
        if self._events is None or now < self._hour + _HOUR:
            if now < self._hour:
                self._in_hour, self._longest = 0, 0.0
            return None
        whole = now < self._hour + 2 * _HOUR
        before = self._known.get(slot_of(self._hour, self._zone), Rhythm(self._source, slot_of(self._hour, self._zone)))
        self._hour, count, spell = (now // _HOUR) * _HOUR, self._in_hour, round(self._longest)
        self._in_hour, self._longest = 0, 0.0
        if not whole:
            return None
        least = count if before.hours == 0 else min(before.least, count)
        taught = replace(before, hours=before.hours + 1, least=least, longest=max(before.longest, spell))
        self._known[taught.slot] = taught
        return taught

    def _beyond(self, now: float) -> bool:
        known, quiet = self._known.get(slot_of(now, self._zone)), now - self._last
        if known is None or known.hours < LEARNT or known.least == 0:
            return False
        return quiet >= max(MINIMUM, 2.0 * known.longest, EXPECTED * _HOUR / known.least)
