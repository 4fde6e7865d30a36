"""What usual events teach of places, told to `Places` in the order in which they end.

Events that rename a directory go through the reference stages; left are directories named and opened, files written
and removed, and descriptors that are something else from now on. Follows `placing.learn`. Events that get an answer
about a place are asked for it in their turn. Knows no paths itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from seqwatch_tui.parse.bulk_columns import as_strings, cut
from seqwatch_tui.parse.bulk_index import Bools, Index, Ints
from seqwatch_tui.parse.bulk_memory import NULL
from seqwatch_tui.parse.places import Held, Identity, Key, Places, Process

if TYPE_CHECKING:
    from seqwatch_tui.parse.bulk_values import Column

_MANY = 64
"""So many descriptors are looked through for those of processes that hold directories before any is told."""
EVERY = -2
"""Stands for all descriptors of the process."""


@dataclass(slots=True)
class Lessons:
    """Per usual event: the PATH line of what it names, or of what is `gone` (-1 none), and a descriptor that is new.

    `old` is the line of a file's old name where it was renamed.
    """

    line: Ints
    old: Ints
    gone: Bools
    fd: Ints
    release: Bools
    """`fd` is a descriptor that is not what it was."""
    directory: Bools
    """What it names is a directory; else it is a file that was written."""
    new: Bools
    """It came into being."""
    hold: Bools
    """`fd` is that directory from now on."""

    @classmethod
    def none(cls, events: int) -> Lessons:
        """Nothing to be learnt from any of so many events."""
        nothing, no = np.full(events, -1, np.int64), np.zeros(events, np.bool_)
        return cls(nothing, nothing, no, nothing, no, no, no, no)

    def of(self, rows: Ints) -> Lessons:
        """Those of some events."""
        return Lessons(
            self.line[rows], self.old[rows], self.gone[rows], self.fd[rows], self.release[rows],
            self.directory[rows], self.new[rows], self.hold[rows],
        )  # fmt: skip

    def leave_out(self, events: Bools) -> None:
        """Some of the events teach nothing, or elsewhere."""
        self.line[events] = self.old[events] = -1
        self.gone &= ~events
        self.release &= ~events
        self.directory &= ~events
        self.hold &= ~events


class Telling:
    """Tells the lessons of a piece; `order` are its usual events as they end, `numbers` and `texts` columns of theirs.

    Those at the places `asking` (ascending) in `order` teach nothing here: `answer` is called for each.
    """

    def __init__(
        self, index: Index, lessons: Lessons, order: Ints, *, numbers: dict[str, Ints], texts: dict[str, Column],
        host: str, places: Places, asking: list[int], answer: Callable[[int], None],
    ) -> None:  # fmt: skip
        self._index, self._lessons, self._order = index, lessons, order
        self._numbers, self._pid, self._path, self._exe = numbers, numbers["pid"], texts["path"], texts["exe"]
        self._host, self._places = host, places
        self._asking, self._answer = deque(asking), answer
        self._told = 0
        """Up to which place in `order`."""
        self._files: _Files | None = None

    def tell(self, stop: int) -> None:
        """Tell what the events at places before `stop` teach, those that have been told aside."""
        while self._asking and self._asking[0] < stop:
            place = self._asking.popleft()
            self._tell(place)
            self._answer(place)
        self._tell(stop)

    def _tell(self, stop: int) -> None:
        if stop <= self._told:
            return
        if self._files is None:
            self._files = self._read_files()
        events = self._order[self._told : stop]
        if self._places.held or self._lessons.hold[events].any():
            self._tell_descriptors(self._files, events)
        self._files.tell(stop, self._places)
        self._told = stop

    def _tell_descriptors(self, files: _Files, events: Ints) -> None:
        """Descriptors that are something else, and directories that are opened: of processes that hold any."""
        lessons, places = self._lessons, self._places
        mine = np.flatnonzero(lessons.release[events])
        if len(mine) > _MANY:
            held = [process.pid for process in places.held if process.host == self._host]
            pids = np.concatenate((np.array(held, np.int64), self._pid[events[lessons.hold[events]]]))
            mine = mine[np.isin(self._pid[events[mine]], pids)]
        chosen = events[mine]
        rows = zip(mine.tolist(), self._pid[chosen].tolist(), lessons.fd[chosen].tolist(), strict=True)
        for place, pid, fd in rows:
            places.release(Process(self._host, pid), None if fd == EVERY else fd)
            event = int(events[place])
            held_now = files.held(self._told + place) if lessons.hold[event] else None
            if held_now is not None:
                places.hold(Process(self._host, pid), self._identity(event), fd, held_now)

    def _identity(self, event: int) -> Identity:
        auid, session = (int(self._numbers[name][event]) for name in ("auid", "session_id"))
        exe = int(self._exe.codes[event])
        return (
            None if auid == NULL else auid,
            None if session == NULL else session,
            None if exe < 0 else self._exe.values.values[exe],
        )

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
        paths = [texts[n] for n in number.tolist()]
        news: list[bool | None] = [None] * len(place)
        for at in np.flatnonzero(lessons.directory[events]).tolist():
            news[at] = bool(lessons.new[events[at]])
        return _Files(place.tolist(), keys[: len(place)], paths, olds, news)


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
    """What is named, by the place of its event: the inode, its path (null: it is gone), and the inode of a renamed one.

    `news` is null for files, else whether the directory came into being.
    """

    def __init__(
        self, place: list[int], keys: list[Key], paths: list[str | None], olds: list[Key | None],
        news: list[bool | None],
    ) -> None:  # fmt: skip
        self._place, self._keys, self._paths, self._olds, self._news = place, keys, paths, olds, news
        self._told = 0

    def held(self, place: int) -> Held | None:
        """The directory that the event at a place names; null where its path is not known."""
        row = bisect_left(self._place, place)
        path = self._paths[row] if row < len(self._place) and self._place[row] == place else None
        return None if path is None else Held(self._keys[row], path)

    def tell(self, stop: int, places: Places) -> None:
        """Tell those of events at places before `stop`."""
        first, self._told = self._told, bisect_left(self._place, stop)
        rows = slice(first, self._told)
        places.told(zip(self._keys[rows], self._paths[rows], self._olds[rows], self._news[rows], strict=True))
