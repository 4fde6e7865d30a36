"""Up to when all sources have come, by the events' own time: what lies well before it gets no more events in order.

A back-fill runs beside live sources, and files may come in any order, so the earliest event of a stretch of the stream
counts, not the newest.
"""

from __future__ import annotations

from collections import deque

EVENTS, BATCHES = 100_000, 1_000
"""How long the stretch is: a source that gave nothing for so many events, or batches, is not waited for."""


class Reached:
    """The time that a stream of batches has reached."""

    def __init__(self) -> None:
        self._batches: deque[tuple[int, int]] = deque(maxlen=BATCHES)
        """The earliest time of each batch, and its events."""
        self._events = 0

    def by(self, earliest: int, events: int) -> int:
        """Take a batch; return the earliest time of the stretch that it ends, in the unit that was given."""
        if len(self._batches) == BATCHES:
            self._events -= self._batches[0][1]
        self._batches.append((earliest, events))
        self._events += events
        while self._events - self._batches[0][1] >= EVENTS:
            self._events -= self._batches.popleft()[1]
        return min(self._batches)[0]
