"""What usual events teach of places, told to `Places` in the order in which they end.

Events that name a directory, or have to ask for one, go through the reference stages; what is left are files written
and removed, and descriptors that are something else from now on. Follows `placing.learn`. Knows no paths itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seqwatch_tui.parse.bulk_columns import distinct
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


@dataclass(frozen=True, slots=True)
class Telling:
    """Tells the lessons of a piece; `pid` and `path` are columns of its usual events."""

    index: Index
    lessons: Lessons
    pid: Ints
    path: Column
    host: str
    places: Places

    def tell(self, events: Ints) -> None:
        """Tell what these events teach, which have ended in this order."""
        if self.places.held:
            self._release(events)
        taught = events[self.lessons.line[events] >= 0]
        if len(taught):
            self._files(taught)

    def _release(self, events: Ints) -> None:
        lessons, places = self.lessons, self.places
        pids = np.array([process.pid for process in places.held if process.host == self.host], np.int64)
        events = events[lessons.release[events]]
        events = events[np.isin(self.pid[events], pids)]
        for pid, fd in zip(self.pid[events].tolist(), lessons.fd[events].tolist(), strict=True):
            places.release(Process(self.host, pid), None if fd == EVERY else fd)

    def _files(self, events: Ints) -> None:
        codes, code = distinct(np.maximum(self.path.codes[events], 0), max(len(self.path.values), 1))
        texts = self.path.values.pick(codes).to_pylist()
        places, keys = self.places, self._keys(self.lessons.line[events])
        olds = iter(self._keys(self.lessons.old[events][self.lessons.old[events] >= 0]))
        gone, moved = self.lessons.gone[events].tolist(), (self.lessons.old[events] >= 0).tolist()
        unknown = (self.path.codes[events] < 0).tolist()
        for n, key in enumerate(keys):
            text = texts[code[n]] if not unknown[n] and texts[code[n]][:1] == "/" else None
            if moved[n]:
                places.renamed([next(olds), key], key, text)
            elif gone[n]:
                places.forget(key)
            elif text is not None:
                places.wrote(key, text)

    def _keys(self, lines: Ints) -> list[Key]:
        """Host, device and inode of PATH lines."""
        if not len(lines):
            return []
        data, row = self.index.data, self.index.row(lines, 6)
        spans = zip(row.start(4).tolist(), row.end(5).tolist(), strict=True)
        parts = [data[start + 6 : end].decode("ascii").split(" dev=") for start, end in spans]
        return [(self.host, f"{dev} {inode}") for inode, dev in parts]
