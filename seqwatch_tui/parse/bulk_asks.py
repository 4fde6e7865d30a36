"""Usual events whose place only an inode or a descriptor could tell, and which of them may get an answer.

Follows what `placing` asks `Places`. Whatever might yet be named in the piece counts as known from its beginning, so that
an event that is said to get no answer gets none; it is never wrong to say that one may, only slow (`bulk_answers`). Knows no paths.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from seqwatch_tui.parse.bulk_index import Bools, Index, Ints
from seqwatch_tui.parse.bulk_layout import PATH, Lines
from seqwatch_tui.parse.bulk_lessons import Lessons, keys_of
from seqwatch_tui.parse.group import Group
from seqwatch_tui.parse.places import Key, Places
from seqwatch_tui.parse.records import Records

_PID = re.compile(rb"\bpid=(-?\d{1,19})")


@dataclass(frozen=True, slots=True)
class Asks:
    """PATH lines of events that ask for places, and the event of each.

    Where an event is `headed`, the directories it names are recorded: nothing but their inodes counts, and theirs are
    the only lines of it here. Else the inodes of all its items count, and the descriptors of its process.
    """

    line: Ints
    event: Ints
    headed: Bools
    """Of each line."""

    @classmethod
    def none(cls) -> Asks:
        """Nothing is asked."""
        nothing = np.zeros(0, np.int64)
        return cls(nothing, nothing, np.zeros(0, np.bool_))


@dataclass(frozen=True, slots=True)
class Left:
    """What the reference stages may learn in a piece: inodes (`dev inode`) and processes that events left to them name."""

    inodes: set[str]
    pids: set[int]


def left_of(index: Index, lines: Lines, slow: Bools, waiting: Iterable[Group], records: Records) -> Left | None:
    """What the `slow` lines of a piece name, and the events that are `waiting` for more; null where it is hard to say."""
    left = Left(set(), set())
    for number in np.flatnonzero(slow).tolist():
        line = index.data[index.start[number] : index.end[number] + 1]
        if lines.ok[number] and lines.kind[number] == PATH:
            left.inodes.add(records.path(line.split(b" ", 2)[2]).at)
        elif not lines.ok[number] and b"PATH" in line:
            return None
        else:
            left.pids.update(map(int, _PID.findall(line)))
    for kind, body, line, _ in (record for group in waiting for record in group.records):
        if kind == "PATH":
            left.inodes.add(records.path(body).at)
        else:
            left.pids.update(map(int, _PID.findall(line)))
    return left


def may_be_answered(
    asks: Asks, index: Index, left: Left, *, pid: Ints, lessons: Lessons, places: Places, host: str, records: Records
) -> Bools:
    """Which of the usual events may get an answer from `places`; `pid` and `lessons` are theirs, `left` of the others."""
    out = np.zeros(len(pid), np.bool_)
    pids = left.pids | {process.pid for process in places.held} | set(pid[lessons.hold].tolist())
    named = set(keys_of(index, lessons.line[lessons.directory], host))
    files: set[Key] = set()
    if not asks.headed.all():
        files = {*places.files, *keys_of(index, lessons.line[lessons.line >= 0], host)}
    rows = zip(asks.line.tolist(), asks.event.tolist(), asks.headed.tolist(), strict=True)
    for line, event, headed in rows:
        at = records.path(index.data[index.start[line] : index.end[line] + 1].split(b" ", 2)[2]).at
        key = host, at
        known = not at or at in left.inodes or key in places.directories or key in named or key in files
        out[event] |= known or (not headed and int(pid[event]) in pids)
    return out
