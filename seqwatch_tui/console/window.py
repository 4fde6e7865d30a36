"""The events in memory: an unbroken run of rows, newest last, fed by snapshots and by paging back.

Pure: no widget, no clock. Every row has a serial number that never changes while the run lasts, so a widget can keep a
cursor and cached lines while rows come and go at both ends.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from seqwatch_tui.console.answers import Panel

Row = tuple[Any, ...]
KEEP = 20_000


class EventWindow:
    """Rows `first` .. `end - 1` by serial number; column 0 is the event_id and grows."""

    def __init__(self, keep: int = KEEP) -> None:
        self._keep = keep
        self._rows: deque[Row] = deque()
        self.columns: tuple[str, ...] = ()
        self.first = 0
        """Serial number of the oldest row held."""
        self.reached_start = False
        """No older row exists in the store."""
        self.generation = 0
        """Grows when the run was broken and the rows are others."""
        self.matched: int | None = None
        self.looked_at: int | None = None
        self._looked_to = 0
        """event_id up to which events are in `looked_at`."""

    @property
    def end(self) -> int:
        """Serial number the next newer row will get."""
        return self.first + len(self._rows)

    @property
    def newest(self) -> int | None:
        """event_id of the newest row held."""
        return self._rows[-1][0] if self._rows else None

    @property
    def oldest(self) -> int | None:
        """event_id of the oldest row held."""
        return self._rows[0][0] if self._rows else None

    def row(self, serial: int) -> Row:
        """The row with that serial number; IndexError outside the run."""
        if not self.first <= serial < self.end:
            raise IndexError(serial)
        return self._rows[serial - self.first]

    def clear(self) -> None:
        """Forget everything: another filter."""
        self.first = self.end
        self._rows.clear()
        self.generation += 1
        self.reached_start = False
        self.matched = self.looked_at = None

    def feed(self, panel: Panel) -> int:
        """Take the newest rows after `newest`; return how many were added at the end. A cut answer breaks the run."""
        self._count(panel, self.newest is None)
        newest = self.newest
        rows = panel.rows if newest is None else tuple(row for row in panel.rows if row[0] > newest)
        if rows and newest is not None and panel.cut:
            self.clear()
        if newest is None and not panel.cut:
            self.reached_start = True
        self._rows.extend(rows)
        while len(self._rows) > self._keep:
            self._rows.popleft()
            self.first += 1
            self.reached_start = False
        return len(rows)

    def prepend(self, panel: Panel) -> int:
        """Take rows older than `oldest`; return how many."""
        oldest = self.oldest
        rows = [row for row in panel.rows if oldest is None or row[0] < oldest]
        self.columns = panel.columns or self.columns
        self._rows.extendleft(reversed(rows))
        self.first -= len(rows)
        self.reached_start = not panel.cut or not rows
        return len(rows)

    def _count(self, panel: Panel, whole: bool) -> None:
        """`matched` of `looked_at` rows: of the first answer, plus what later ones looked at for the first time: each
        begins after the newest row that matched, not after the newest that was looked at."""
        self.columns = panel.columns or self.columns
        if panel.matched is not None and panel.looked_at is not None:
            again = 0 if whole else max(self._looked_to - (self.newest or 0), 0)
            self.matched = panel.matched + (0 if whole else self.matched or 0)
            self.looked_at = max(panel.looked_at - again, 0) + (0 if whole else self.looked_at or 0)
            self._looked_to = panel.newest or 0
