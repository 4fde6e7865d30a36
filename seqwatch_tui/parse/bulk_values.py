"""The columns of usual events: each distinct text is understood once, the rest is gathers.

Follows `event.row_of` step by step, for all events of a piece at once; what a value means is asked from `normalise`
and, through `bulk_memory`, from `records`. Who is behind an id (names, addresses) depends on when it is asked and is
filled in by `bulk_walk`. Knows nothing of reassembly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from seqwatch_tui.parse.bulk_asks import Asks
from seqwatch_tui.parse.bulk_columns import Codes, Distinct, cut, distinct, encode
from seqwatch_tui.parse.bulk_commands import commands
from seqwatch_tui.parse.bulk_index import Bools, Index, Ints, Row, word8
from seqwatch_tui.parse.bulk_layout import Usual
from seqwatch_tui.parse.bulk_lessons import EVERY, Lessons
from seqwatch_tui.parse.bulk_memory import NULL, CallKind, Memory, Middle
from seqwatch_tui.parse.bulk_names import Directories
from seqwatch_tui.parse.bulk_paths import CWD_BASE, OTHER_BASE, Chosen, Items
from seqwatch_tui.parse.bulk_tails import tail_fields
from seqwatch_tui.parse.normalise import (
    W_DIRFD,
    W_FLAGS,
    W_NOCWD,
    W_PARENT,
    W_SYSCALL,
    W_UNNAMED,
    normalise_path,
    open_action,
)
from seqwatch_tui.parse.placing import GIVING, LEAVING, MOST_FD
from seqwatch_tui.parse.records import Records

_WARNINGS = (W_DIRFD, W_NOCWD, W_PARENT, W_UNNAMED, W_FLAGS, W_SYSCALL)
"""Bits of the warnings mask, in the order in which `event` writes them."""
_BIT = {warning: 1 << place for place, warning in enumerate(_WARNINGS)}
_FDCWD, _WIDE = word8(b"ffffff9c"), word8(b"ffffffff")
_NO_FLAGS = -1
_PLACELESS = _BIT[W_DIRFD] | _BIT[W_UNNAMED]


@dataclass(slots=True)
class Column:
    """A dictionary column under way: a number per row (-1 is null) and the list the numbers are positions in."""

    codes: Codes
    values: Distinct


@dataclass(slots=True)
class Values:
    """Columns of the usual events, in the order of their SYSCALL lines. NULL stands for null among the numbers."""

    numbers: dict[str, Ints]
    texts: dict[str, Column]
    complete: Bools
    who: Ints
    """Number (in Memory.people) of who is behind each event."""
    unusual: Bools
    """Events whose values are beyond what is read here; their rows mean nothing."""
    lessons: Lessons
    """What they teach of places."""
    asks: Asks
    """What they ask of places."""
    asked: Bools
    """Events that may get an answer: what that decides means nothing until they are asked for (`bulk_answers`)."""

    def of(self, rows: Ints) -> Values:
        """Some of the rows, which ask nothing any more."""
        return Values(
            {name: numbers[rows] for name, numbers in self.numbers.items()},
            {name: Column(column.codes[rows], column.values) for name, column in self.texts.items()},
            self.complete[rows], self.who[rows], self.unusual[rows], self.lessons.of(rows), Asks.none(),
            self.asked[rows],
        )  # fmt: skip


def read_values(index: Index, usual: Usual, memory: Memory, records: Records) -> Values:
    """All columns of the usual events but `user_name`, `uid_name` and `src_ip`."""
    buffer = pa.py_buffer(index.data)
    lines = usual.syscall
    row = index.row(lines, 14)
    fields = tail_fields(index, lines, row, memory)
    lessons, asks = Lessons.none(len(lines)), Asks.none()
    every, no = np.ones(len(lines), np.bool_), np.zeros(len(lines), np.bool_)
    values = Values({}, {}, every, fields["who"], no, lessons, asks, no.copy())
    exits = _read_numbers(values, index, row, fields)
    texts, numbers = encode(cut(buffer, row.start(2), row.end(4)))
    calls = _Calls([memory.middle(text) for text in texts], numbers, fields["call"], memory)
    items = Items(index, usual, memory)
    values.unusual |= items.unusual | (calls.runs_program() & (usual.execve < 0))
    chosen = items.choose(calls.renames())
    warnings = np.where(calls.each([kind.known for kind in calls.kinds]), 0, _BIT[W_SYSCALL])
    _read_actions(values, index, row, calls, items=items, chosen=chosen, warnings=warnings)
    _read_paths(values, index, row, usual, calls=calls, items=items, chosen=chosen, warnings=warnings, records=records)
    for name, field, known in (
        ("tty", "tty", memory.ttys), ("process", "comm", memory.comms), ("exe", "exe", memory.exes),
        ("rule_key", "key", memory.keys),
    ):  # fmt: skip
        values.texts[name] = Column(fields[field].astype(np.int32), known)
    _read_lessons(values, index, row, calls, items=items, chosen=chosen, warnings=warnings, exits=exits)
    command, spoken, whole = commands(index, usual, memory, records)
    values.texts["command_line"] = Column(command, spoken)
    values.complete &= whole
    values.texts["warnings"] = _warning_column(warnings)
    return values


def _read_numbers(values: Values, index: Index, row: Row, fields: dict[str, Ints]) -> Ints:
    """The numbers that are columns; returns what the calls returned, -1 for errors."""
    for name, token, skip in (("ppid", 11, 5), ("pid", 12, 4)):
        value, ok = index.decimal(row.start(token) + skip, row.end(token))
        values.unusual |= ~ok
        values.numbers[name] = value
    start = row.start(5) + 5
    negative = index.bytes[start] == 45
    value, ok = index.decimal(start + negative, row.end(5))
    values.unusual |= ~ok
    values.numbers["errno"] = np.where(negative & (value >= 1) & (value <= 4095), value, NULL)
    for name, field in (("auid", "auid"), ("uid", "uid"), ("session_id", "session")):
        values.numbers[name] = fields[field]
    return np.where(negative, -1, value)


class _Calls:
    """The calls of a piece by kind: few kinds, each understood once."""

    def __init__(self, middles: list[Middle], middle: Codes, shown: Ints, memory: Memory) -> None:
        names = memory.calls.values
        width = len(names) + 1
        codes, self.kind = distinct(middle * np.int64(width) + shown + 1, len(middles) * width)
        self.middles = [middles[code // width] for code in codes.tolist()]
        self.kinds: list[CallKind] = [
            memory.call_kind(middles[code // width], names[code % width - 1] if code % width else None)
            for code in codes.tolist()
        ]

    def each(self, per_kind: list[bool]) -> Bools:
        """A truth of each kind, for every event."""
        return np.array(per_kind, np.bool_)[self.kind]

    def column(self, per_kind: list[str]) -> Column:
        """A text of each kind, as a column."""
        known = Distinct()
        return Column(np.array([known.number(text) for text in per_kind], np.int32)[self.kind], known)

    def runs_program(self) -> Bools:
        """Events that must have an EXECVE record to be complete."""
        pairs = zip(self.kinds, self.middles, strict=True)
        return self.each([kind.name == "execve" and middle.outcome == "success" for kind, middle in pairs])

    def renames(self) -> dict[str, Ints]:
        """Events of the actions that have two names."""
        return {
            action: np.flatnonzero(self.each([kind.call.action == action for kind in self.kinds]))
            for action in ("rename", "link")
        }


def _read_actions(
    values: Values, index: Index, row: Row, calls: _Calls, *, items: Items, chosen: Chosen, warnings: Ints
) -> None:
    values.texts["syscall"] = calls.column([kind.name for kind in calls.kinds])
    values.texts["outcome"] = calls.column([middle.outcome for middle in calls.middles])
    action = calls.column([kind.call.action for kind in calls.kinds])
    values.texts["action"] = action
    for number, (kind, middle) in enumerate(zip(calls.kinds, calls.middles, strict=True)):
        if kind.call.action != "open":
            continue
        rows = np.flatnonzero(calls.kind == number)
        if kind.call.flags is None and kind.call.implied is None:
            warnings[rows] |= _BIT[W_FLAGS]
            continue
        if kind.call.flags is None:
            flags = np.full(len(rows), kind.call.implied, np.int64)
        else:
            token = 6 + kind.call.flags
            start, end = row.start(token)[rows] + 3, row.end(token)[rows]
            flags, ok = index.hexadecimal(start, end)
            values.unusual[rows] |= ~ok
        created, directory = items.created[chosen.item[rows]], items.directory[chosen.item[rows]]
        encoded = pa.array(flags << 2 | created.astype(np.int64) << 1 | directory, pa.int64()).dictionary_encode()
        form = encoded.indices.to_numpy(zero_copy_only=False)
        found = [
            open_action(code >> 2, middle.arch, created=bool(code & 2), directory=bool(code & 1))
            for code in encoded.dictionary.to_pylist()
        ]
        action.codes[rows] = np.array([action.values.number(text) for text in found], np.int32)[form]


def _read_paths(
    values: Values, index: Index, row: Row, usual: Usual, *, calls: _Calls, items: Items, chosen: Chosen,
    warnings: Ints, records: Records,
) -> None:  # fmt: skip
    relative, old_relative = items.relative(chosen.item), items.relative(chosen.old)
    cwds = _working_directories(index, usual, relative | old_relative, records)
    for name, item, parent, argument, asking in (
        ("path", chosen.item, chosen.parent, [kind.call.dirfd for kind in calls.kinds], relative | chosen.parent_only),
        ("old_path", chosen.old, None, [kind.call.old_dirfd for kind in calls.kinds], old_relative),
    ):
        base = _bases(index, row, calls, argument, asking)
        if name == "path":  # its PARENT item may stand for the descriptor's directory, whatever its name
            values.unusual |= chosen.parent_only & (base == OTHER_BASE)
        found = items.resolved(item, base, parent, cwds)
        values.texts[name] = Column(found.codes, found.paths)
        for warning, events in found.warned.items():
            warnings[events] |= _BIT[warning]
    warnings[chosen.parent_only] |= _BIT[W_PARENT]
    warnings[chosen.unnamed] |= _BIT[W_UNNAMED]


def _working_directories(index: Index, usual: Usual, wanted: Bools, records: Records) -> Directories:
    """Those of the `wanted` events: where a name is absolute nobody asks."""
    lines, events = usual.ascending(np.where(wanted, usual.cwd, -1))
    bodies, body = encode(cut(pa.py_buffer(index.data), index.token_start(lines, 2), index.end[lines]))
    out = np.full(len(usual), -1, np.int32)
    out[events] = body
    texts = [records.cwd(text) for text in bodies]
    plain = [text is not None and text[:1] == "/" != text and normalise_path(text) == text for text in texts]
    return Directories(texts, out, np.array([*plain, False], np.bool_))


def _bases(index: Index, row: Row, calls: _Calls, argument: list[int | None], wanted: Bools) -> Codes:
    """What a relative name is relative to, by the argument of each kind of call that says so, for `wanted` events."""
    base = np.zeros(len(calls.kind), np.int32)
    for number, place in enumerate(argument):
        if place is None:
            continue
        rows = np.flatnonzero(wanted & (calls.kind == number))
        if not len(rows):
            continue
        start, end = row.start(6 + place)[rows] + 3, row.end(6 + place)[rows]
        length = end - start
        here = (length == 8) & (index.words8[start] == _FDCWD)
        wide = np.flatnonzero(length == 16)
        here[wide] = (index.words8[start[wide]] == _WIDE) & (index.words8[start[wide] + 8] == _FDCWD)
        base[rows] = np.where(here, CWD_BASE, OTHER_BASE)
    return base


def _read_lessons(
    values: Values, index: Index, row: Row, calls: _Calls, *, items: Items, chosen: Chosen, warnings: Ints, exits: Ints
) -> None:
    """What renames a directory is left to the reference stages; the rest is a lesson."""
    done = calls.each([middle.outcome == "success" for middle in calls.middles])
    kinds = [kind.call.action for kind in calls.kinds]
    renamed = done & calls.each([kind == "rename" for kind in kinds])
    paired = renamed & chosen.plain_pair & items.created[chosen.item] & items.removed[chosen.old]
    values.unusual |= renamed & (items.directory[chosen.item] | ~paired)
    others = items.removed.copy()
    others[chosen.item] = others[chosen.old] = False
    values.unusual[items.event[np.flatnonzero(others[:-1])]] = True
    action = values.texts["action"]
    written = [number for number, text in enumerate(action.values.values) if text in {"create", "write"}]
    gone = done & items.removed[chosen.item]
    itself = done & ~renamed & ~items.removed[chosen.item] & ~chosen.parent_only
    lessons = values.lessons
    lessons.directory, lessons.new = itself & items.directory[chosen.item], items.created[chosen.item]
    named = itself & np.isin(action.codes, written) | lessons.directory
    lessons.line = np.where(gone | named | paired, items.line[chosen.item], -1)
    lessons.old = np.where(paired, items.line[chosen.old], -1)
    lessons.gone = gone
    lessons.fd = np.where(done, exits, -1)
    opening = calls.each([kind.call.action == "open" or kind.name in GIVING for kind in calls.kinds])
    leaving = calls.each([kind.name in LEAVING for kind in calls.kinds])
    closing = calls.each([kind.name == "close" for kind in calls.kinds])
    if closing.any():
        fd, ok = index.hexadecimal(row.start(6) + 3, row.end(6))
        lessons.fd = np.where(closing, np.where(ok, fd, -1), lessons.fd)
    lessons.release = done & (opening | leaving | closing)
    lessons.fd[leaving] = EVERY
    opened = lessons.directory & calls.each([kind.call.action == "open" for kind in calls.kinds])
    lessons.hold = opened & (exits >= 0) & (exits < MOST_FD)
    _read_asks(values, items=items, chosen=chosen, warnings=warnings)


def _read_asks(values: Values, *, items: Items, chosen: Chosen, warnings: Ints) -> None:
    """What may be resolved by inode or descriptor. A directory without a name is left to the reference stages."""
    asking = ((warnings & _PLACELESS) != 0) & ~values.unusual
    unnamed = asking & ((warnings & _BIT[W_UNNAMED]) != 0)
    place = np.flatnonzero(asking[items.event])
    event = items.event[place]
    values.unusual[event[unnamed[event] & items.directory[place]]] = True
    parent = items.is_parent[place]
    two = np.bincount(event[parent], minlength=len(asking)) == 2
    headed = ~unnamed & ((chosen.parent >= 0) | (chosen.plain_pair & items.removed[chosen.old] & two))
    place = place[parent | ~headed[event]]
    event = items.event[place]
    values.asks = Asks(items.line[place], event, headed[event])


def _warning_column(warnings: Ints) -> Column:
    known = Distinct()
    masks, mask = distinct(warnings, 1 << len(_WARNINGS))
    texts = [";".join(w for w in _WARNINGS if code & _BIT[w]) or None for code in masks.tolist()]
    return Column(np.array([known.number(text) for text in texts], np.int32)[mask], known)
