"""Counters the header is made of: what is stored, how fast, how late. Thread-safe; holds no rows."""

from __future__ import annotations

import threading
from collections import deque

from seqwatch_tui.engine.clock import Clock
from seqwatch_tui.store.interface import Commit

_WINDOW = 5.0


class Meter:
    """What the writer has stored since the start, and the delays it saw."""

    def __init__(self, clock: Clock, newest: int, events: int) -> None:
        """`newest` and `events` are the store's at the start."""
        self._clock, self._lock = clock, threading.Lock()
        self.newest, self.events = newest, events
        self.commits = 0
        self.changes: dict[str, int] = {"alerts": 0, "small": 0, "gaps": 0}
        """How often alerts, the small tables and gaps have changed: what a view of them may be kept by."""
        self.delay = 0.0
        """Seconds from reading to stored, of the last commit with events."""
        self._recent: deque[tuple[float, int]] = deque()
        self._waiting: dict[str, float] = {}

    def stored(self, commit: Commit, oldest: float | None) -> None:
        """Count a commit; `oldest` is the monotonic time its oldest byte was read."""
        now, rows = self._clock.monotonic(), commit.events.num_rows if commit.events is not None else 0
        with self._lock:
            self.commits += 1
            self.changes["alerts"] += bool(commit.alerts)
            self.changes["small"] += bool(commit.tables.keys() - {"directories"} or commit.replace)
            self.changes["gaps"] += bool(commit.gaps)
            for source in commit.sources:
                self._waiting.pop(source.name, None)
            if rows:
                self.events += rows
                self.newest = int(commit.events["event_id"][rows - 1].as_py())  # type: ignore[index]
                self._recent.append((now, rows))
            if oldest is not None:
                self.delay = now - oldest

    def left(self, events: int) -> None:
        """Count events that have left the store."""
        with self._lock:
            self.events -= events

    def lag(self) -> float:
        """Seconds the oldest bytes that are read but not stored have waited; 0 when all that was read is stored."""
        with self._lock:
            return max((self._clock.monotonic() - t for t in self._waiting.values()), default=0.0)

    def read(self, source: str, when: float) -> None:
        """Note that a source has handed over bytes, read at monotonic `when`, that are not stored yet."""
        with self._lock:
            self._waiting.setdefault(source, when)

    def rate(self) -> float:
        """Events stored per second over the last five seconds."""
        now = self._clock.monotonic()
        with self._lock:
            while self._recent and self._recent[0][0] < now - _WINDOW:
                self._recent.popleft()
            return sum(rows for _, rows in self._recent) / _WINDOW
