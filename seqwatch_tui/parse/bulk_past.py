"""Usual events that ended, kept for as long as a later line may ask for them: a duplicate, a late one, a restart.

Few are ever asked for, so nothing is made before: an event is a number in its piece, found again by its serial.
Knows lines and stamps, no values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqwatch_tui.parse.bulk_index import Index, Ints
from seqwatch_tui.parse.bulk_layout import Usual
from seqwatch_tui.parse.group import Record


class Past:
    """The usual events of one piece. An event's place is its number in `order`, the order in which they ended."""

    __slots__ = (
        "_by_serial", "_data", "_end", "_event", "_line", "_low", "_node", "_order", "_position", "_proctitle",
        "_serial", "_start", "_syscall", "high",
    )  # fmt: skip

    def __init__(self, index: Index, usual: Usual, order: Ints, *, serial: Ints, position: int) -> None:
        self._data, self._start, self._end = index.data, index.start, index.end
        self._line, self._node = index.line, index.node
        self._event, self._syscall, self._order, self._position = usual.event, usual.syscall, order, position
        self._proctitle = usual.proctitle
        self._by_serial = np.argsort(serial[order], kind="stable")
        """Places in order of their serials, which are all different."""
        self._serial = serial[order][self._by_serial]
        self._low, self.high = (int(self._serial[0]), int(self._serial[-1])) if len(order) else (1, 0)

    def place(self, stamp: bytes, serial: int) -> int | None:
        """The place of the event with that stamp, whose serial is `serial`; null when there is none."""
        if not self._low <= serial <= self.high:
            return None
        found = int(self._serial.searchsorted(serial))
        if self._serial[found] != serial:
            return None
        place = int(self._by_serial[found])
        return place if self.stamp(place) == stamp else None

    def stamp(self, place: int) -> bytes:
        """`msg=audit(...):` of an event, with its node before it where there is one."""
        line = self._syscall[self._order[place]]
        return self._node + self._data[self._start[line] : self._end[line]].split(b" ", 2)[1]

    def records(self, place: int) -> list[Record]:
        """The records of an event."""
        event = self._order[place]
        first, last = self._syscall[event], self._proctitle[event]
        lines = first + np.flatnonzero(self._event[first : last + 1] == event)
        spans = zip(self._line[lines].tolist(), self._end[lines].tolist(), strict=True)
        out: list[Record] = []
        for begin, end in spans:
            line = self._data[begin : end + 1]
            kind, _, body = line[len(self._node) :].split(b" ", 2)
            out.append((kind[5:].decode("ascii"), body, line, self._position + begin))
        return out


class Remembered(dict[bytes, "list[Record]"]):
    """Records of ended events by stamp, for the reassembler; those of usual events are made when they are asked for."""

    def __init__(self, known: dict[bytes, list[Record]] | None = None) -> None:
        super().__init__(known or {})
        self._spans: list[tuple[Past, int, int]] = []
        self._unmade = 0
        """Events of the spans that are not among the items of the dictionary."""
        self._high = -1
        """No event of a span has a serial above it."""

    def add(self, past: Past, first: int, stop: int) -> None:
        """Remember events that ended at places first..stop-1."""
        self._unmade += stop - first
        self._high = max(self._high, past.high)
        if self._spans and self._spans[-1][0] is past and self._spans[-1][2] == first:
            first = self._spans.pop()[1]
        self._spans.append((past, first, stop))

    def __len__(self) -> int:
        return super().__len__() + self._unmade

    def __iter__(self) -> Iterator[bytes]:
        made = list(super().__iter__())
        yield from made
        known = set(made)
        for past, first, stop in self._spans:
            yield from (stamp for stamp in map(past.stamp, range(first, stop)) if stamp not in known)

    def get(self, stamp: bytes, default: Any = None) -> Any:
        """The records under a stamp."""
        known: Any = super().get(stamp)
        return (self._make(stamp) or default) if known is None else known

    def _make(self, stamp: bytes) -> list[Record] | None:
        serial = stamp[stamp.rfind(b":", 0, -2) + 1 : -2]
        if not serial.isdigit() or int(serial) > self._high:
            return None
        for past, first, stop in self._spans:
            place = past.place(stamp, int(serial))
            if place is not None and first <= place < stop:
                self[stamp] = records = past.records(place)
                self._unmade -= 1
                return records
        return None


@dataclass(frozen=True, slots=True)
class Handled:
    """Positions of the last records of usual events that ended, in order; the first of them is at `first` in `past`."""

    last: Ints
    past: Past
    first: int

    def after(self, position: int) -> list[tuple[int, bytes]]:
        """Last position and stamp of those whose last record is not before `position`."""
        late = np.flatnonzero(self.last >= position)
        return [(int(self.last[number]), self.past.stamp(self.first + number)) for number in late.tolist()]
