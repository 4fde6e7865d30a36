"""What usual events teach of places, told to `Places` in the order in which they end.

Events that name a directory, or get an answer about one, go through the reference stages; left are files written
and removed, and descriptors that are something else from now on. Follows `placing.learn`. Knows no paths itself.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from seqwatch_tui.parse.bulk_columns import as_strings, cut
from seqwatch_tui.parse.bulk_index import Bools, Index, Ints
from seqwatch_tui.parse.places import Key, Places, Process

if TYPE_CHECKING:
    from seqwatch_tui.parse.bulk_values import Column

EVERY = -2
"""Stands for all descriptors of the process."""


@dataclass(slots=True)
class Lessons:
    """Per usual event: the PATH line of a file that was written or is `gone` (-1 none), and a descriptor that is new.

    `old` is the line of a file's old name where it was renamed.
    """

    line: Ints
    old: Ints
    gone: Bools
    fd: Ints
    release: Bools
    """`fd` is a descriptor that is not what it was."""

    @classmethod
    def none(cls, events: int) -> Lessons:
        """Nothing to be learnt from any of so many events."""
        nothing, no = np.full(events, -1, np.int64), np.zeros(events, np.bool_)
        return cls(nothing, nothing, no, nothing, no)

    def of(self, rows: Ints) -> Lessons:
        """Those of some events."""
        return Lessons(self.line[rows], self.old[rows], self.gone[rows], self.fd[rows], self.release[rows])


class Telling:
    """Tells the lessons of a piece; `order` are its usual events as they end, `pid` and `path` columns of theirs."""

    def __init__(
        self, index: Index, lessons: Lessons, order: Ints, *, pid: Ints, path: Column, host: str, places: Places
    ) -> None:  # fmt: skip
        self._index, self._lessons, self._order = index, lessons, order
        self._pid, self._path, self._host, self._places = pid, path, host, places
        self._told = 0
        """Up to which place in `order`."""
        self._files: _Files | None = None

    def tell(self, stop: int) -> None:
        """Tell what the events at places before `stop` teach, those that have been told aside."""
        if stop <= self._told:
            return
        if self._places.held:
            self._release(self._order[self._told : stop])
        if self._files is None:
            self._files = self._read_files()
        self._files.tell(stop, self._places)
        self._told = stop

    def _release(self, events: Ints) -> None:
        lessons, places = self._lessons, self._places
        pids = np.array([process.pid for process in places.held if process.host == self._host], np.int64)
        events = events[lessons.release[events]]
        events = events[np.isin(self._pid[events], pids)]
        for pid, fd in zip(self._pid[events].tolist(), lessons.fd[events].tolist(), strict=True):
            places.release(Process(self._host, pid), None if fd == EVERY else fd)

    def _read_files(self) -> _Files:
        lessons = self._lessons
        place = np.flatnonzero((lessons.line >= 0)[self._order])
        events = self._order[place]
        gone, old = lessons.gone[events], lessons.old[events]
        known, number = np.unique(np.where(gone, -1, self._path.codes[events]), return_inverse=True)
        null = int(np.searchsorted(known, 0))  # one where some have no path
        texts = [text if text[:1] == "/" else None for text in self._path.values.pick(known[null:]).to_pylist()]
        texts[:0] = [None] * null
        says = gone | (old >= 0) | np.array([text is not None for text in texts], np.bool_)[number]
        if not says.all():
            place, events, old, number = place[says], events[says], old[says], number[says]
        moved = np.flatnonzero(old >= 0)
        keys = keys_of(self._index, np.concatenate((lessons.line[events], old[moved])), self._host)
        olds: list[Key | None] = [None] * len(place)
        for at, key in zip(moved.tolist(), keys[len(place) :], strict=True):
            olds[at] = key
        return _Files(place.tolist(), keys[: len(place)], [texts[n] for n in number.tolist()], olds)


def keys_of(index: Index, lines: Ints, host: str) -> list[Key]:
    """Host, device and inode of PATH lines."""
    order = np.argsort(lines)
    row = index.row(lines[order], 6)
    start, end = np.empty(2 * len(lines), np.int64), np.empty(2 * len(lines), np.int64)
    start[0::2], end[0::2] = row.start(4) + 6, row.end(4)  # inode=
    start[1::2], end[1::2] = row.start(5) + 4, row.end(5)  # dev=
    texts = as_strings(cut(pa.py_buffer(index.data), start, end)).to_pylist()
    out: list[Key] = [("", "")] * len(lines)
    for place, inode, dev in zip(order.tolist(), texts[0::2], texts[1::2], strict=True):
        out[place] = host, f"{dev} {inode}"
    return out


class _Files:
    """Files by the place of their event: the inode, its path (null: it is gone), and the inode of a renamed one."""

    def __init__(self, place: list[int], keys: list[Key], paths: list[str | None], olds: list[Key | None]) -> None:
        self._place, self._keys, self._paths, self._olds = place, keys, paths, olds
        self._told = 0

    def tell(self, stop: int, places: Places) -> None:
        """Tell those of events at places before `stop`."""
        first, self._told = self._told, bisect_left(self._place, stop)
        rows = slice(first, self._told)
        places.told(zip(self._keys[rows], self._paths[rows], self._olds[rows], strict=True))
