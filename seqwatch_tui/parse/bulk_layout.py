"""Which lines of a piece form events of the usual layout, and which are left to the reference parser.

An event is usual when all its records are in the piece and in the kernel's order: one SYSCALL record first, as many
PATH records as `items=` says with one CWD, at most one EXECVE, records that carry nothing, one PROCTITLE last
(audit_log_exit in kernel/auditsc.c). Events may interleave. Whatever else shares a serial with an event makes it
unusual: it is never wrong to call an event unusual, only slow. Knows offsets and serials, not what values mean.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from seqwatch_tui.parse.bulk_index import Bools, Heads, Index, Ints, Keys, word4, word8
from seqwatch_tui.parse.normalise import EXPIRE_MS
from seqwatch_tui.parse.reassembly import RECORDS_LIMIT

SYSCALL, CWD, PATH, EXECVE, PROCTITLE, IDLE, OTHER = range(7)
"""Kinds of lines. IDLE records belong to a system call and add nothing to its row."""

_KINDS = {b"type=SYSCALL": SYSCALL, b"type=CWD": CWD, b"type=PATH": PATH, b"type=EXECVE": EXECVE,
          b"type=PROCTITLE": PROCTITLE} | dict.fromkeys(
    (b"type=SOCKADDR", b"type=BPRM_FCAPS", b"type=MMAP", b"type=OBJ_PID", b"type=FD_PAIR", b"type=CAPSET"), IDLE
)  # fmt: skip
_FREQUENT = [b"type=PATH", b"type=PROCTITLE", b"type=SYSCALL", b"type=CWD", b"type=EXECVE"]
_BEGINS = (b"PATH msg", b"PROCTITL", b"SYSCALL ", b"CWD msg=", b"EXECVE m")
"""What follows `type=` where they are the first token of a line with a head of the usual form."""
_NUMBER, _WORD = np.full(256, -1, np.int64), np.zeros(256, np.uint64)
_NUMBER[[begin[1] for begin in _BEGINS]] = np.arange(len(_BEGINS))
_WORD[[begin[1] for begin in _BEGINS]] = [word8(begin) for begin in _BEGINS]
_TITLE = 1
_VALID_TYPE = re.compile(rb"type=[A-Za-z0-9_]+(?:\[\d+\])?")
_ANY_STAMP = re.compile(rb"msg=audit\(0*(\d{1,11})\.(\d{3}):0*(\d{1,18})\)")
_SYSCALL_KEYS = Keys.of(
    b"arch=", b"syscall=", b"success=", b"exit=", b"a0=", b"a1=", b"a2=", b"a3=", b"items=", b"ppid=", b"pid=", b"auid="
)  # fmt: skip
"""Tokens 2 to 13 of a SYSCALL record."""
_ITEMS = 8
"""Where items= is among them."""
_PATH_KEYS = Keys.of(b"item=", b"name=", b"inode=", b"dev=")
"""Tokens 2 to 5 of a PATH record."""
_WORTH_WHILE = 4
"""One line in so many has to be of a usual event."""
_MOST_ITEMS = 1000
_LAST_LINES = 1000  # among which there is a safe cut almost always
_SERIAL_SPREAD = 64
"""Serials may be this much sparser than lines."""


class Unusual(Exception):
    """The piece as a whole is not what the columnar way is made for; the text says why (for tests and profiling)."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Every line of a piece up to `count`: its type's number in `types`, its kind, time (ms) and serial.

    `ok` is false where the head is not of the usual form; type number, time and serial then mean nothing. `counted`
    are the lines whose serial is the kernel's: auditd's own DAEMON_* records count from elsewhere.
    """

    count: int
    ok: Bools
    counted: Bools
    types: list[str]
    type_number: Ints
    kind: Ints
    millis: Ints
    serial: Ints


@dataclass(frozen=True, slots=True)
class Usual:
    """The usual events of a piece, numbered in order of their SYSCALL lines; line numbers refer to the piece.

    `event` gives each line's event (-1: left to the reference parser). `cwd` and `execve` are -1 where there is none.
    """

    event: Ints
    syscall: Ints
    cwd: Ints
    execve: Ints
    proctitle: Ints
    path: Ints
    """All PATH lines of usual events, ascending."""

    def __len__(self) -> int:
        return len(self.syscall)

    def ascending(self, lines: Ints) -> tuple[Ints, Ints]:
        """Lines of usual events (one each, -1: none) in their order, and the event of each."""
        mine = np.zeros(len(self.event) + 1, np.bool_)
        mine[lines] = True  # -1 marks the last place
        found = np.flatnonzero(mine[:-1])
        return found, self.event[found]

    def without(self, events: Bools) -> Usual:
        """The same, `events` left to the reference parser."""
        kept = np.flatnonzero(~events)
        number = np.full(len(self) + 1, -1, np.int64)
        number[kept] = np.arange(len(kept))
        event = number[self.event]  # -1 reads the last place, which is -1
        path = self.path[event[self.path] >= 0]
        return Usual(event, self.syscall[kept], self.cwd[kept], self.execve[kept], self.proctitle[kept], path)


def classify(index: Index, heads: Heads) -> Lines:
    """Give every line its type, kind and time. A time is read once of lines that follow each other and repeat it."""
    tokens, numbers = _types(index, heads)
    kinds = np.array([_KINDS.get(token, OTHER) for token in tokens], np.int64)
    valid = np.array([_VALID_TYPE.fullmatch(token) is not None for token in tokens], np.bool_)
    own = np.array([token.startswith(b"type=DAEMON_") for token in tokens], np.bool_)
    types = [token[5:].decode("ascii", "replace") for token in tokens]
    kind = np.where(index.odd, OTHER, kinds[numbers])
    ok = heads.ok & valid[numbers]
    millis = np.zeros(len(index), np.int64)
    read = heads.ok & ~heads.again
    if read.any():
        times, good = index.millis(heads.stamp[read])
        run = np.cumsum(read) - 1
        millis = times[run]
        ok &= good[run]
    return Lines(len(index), ok, ok & ~own[numbers], types, numbers, kind, millis, heads.serial)


def _types(index: Index, heads: Heads) -> tuple[list[bytes], Ints]:
    """First tokens, and which of them each line has; the most frequent ones are told by their first bytes."""
    word = index.begin(5)
    # The second byte tells which one it can be.
    slot = (word >> np.uint64(8) & np.uint64(0xFF)).view(np.int64)
    numbers = np.where(_WORD.take(slot) == word, _NUMBER.take(slot), -1)
    title = np.flatnonzero(numbers == _TITLE)
    wrong = (index.begin(8)[title] >> np.uint64(32) & np.uint64(0xFFFFFF)) != word4(b"LE ")
    numbers[title[wrong]] = -1
    rest = np.flatnonzero(numbers < 0)
    end = np.where(heads.ok[rest], heads.type_end[rest], index.start[rest])
    known = {token: number for number, token in enumerate(_FREQUENT)}
    spans = zip(index.start[rest].tolist(), end.tolist(), strict=True)
    others = [known.setdefault(index.data[first:last], len(known)) for first, last in spans]
    numbers[rest] = np.array(others, np.int64)
    return list(known), numbers


def upto_boundary(lines: Lines) -> int:
    """The number of leading lines after which every serial is above every serial before; 0 when there is no such place."""
    return _boundary(lines, max(len(lines.serial) - _LAST_LINES, 0)) or _boundary(lines, 0)


def _boundary(lines: Lines, first: int) -> int:
    """The same among the lines from `first` on."""
    counted, serial = lines.counted[first:], lines.serial[first:]
    low, high = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    earlier = lines.serial[:first][lines.counted[:first]].max(initial=low)
    before = np.maximum(np.maximum.accumulate(np.where(counted, serial, low)), earlier)[:-1]
    after = np.minimum.accumulate(np.where(counted, serial, high)[::-1])[::-1][1:]
    places = np.flatnonzero((before < after) & counted[1:])
    return first + int(places[-1]) + 1 if len(places) else 0


class _Grouping:
    """The work table of `usual_events`: candidate events by serial, and marks on those that turn out unusual."""

    def __init__(self, index: Index, lines: Lines, count: int) -> None:
        self.index, self.lines, self.count = index, lines, count
        self.kind = np.where(lines.ok, lines.kind, OTHER)[:count]
        self.syscall: Ints = np.flatnonzero(self.kind == SYSCALL)
        serial = lines.serial[self.syscall]
        self.low = int(serial.min())
        span = int(serial.max()) - self.low + 1
        if span > _SERIAL_SPREAD * count + 10_000:
            raise Unusual("serials far apart")
        place = np.full(span, -1, np.int64)
        place[serial - self.low] = np.arange(len(serial))
        self.place = place
        self.event = self._events_of(np.where(lines.ok[:count], lines.serial[:count], -1))
        self.bad = np.zeros(len(serial), np.bool_)

    def _events_of(self, serials: Ints) -> Ints:
        where = serials - self.low
        inside = (where >= 0) & (where < len(self.place))
        return np.where(inside, self.place[np.where(inside, where, 0)], -1)

    def lines_of(self, kind: int) -> tuple[Ints, Ints]:
        """Lines of a kind that share a serial with a candidate, and that candidate."""
        lines = np.flatnonzero((self.kind == kind) & (self.event >= 0))
        return lines, self.event[lines]

    def reject(self, lines: Ints, wrong: Bools) -> None:
        """Mark the events of the `wrong` ones among `lines`."""
        self.bad[self.event[lines[wrong]]] = True

    def reject_strangers(self, clock: Ints) -> None:
        """Events that share their serial with another kind of record, another time, or a line of an odd form."""
        index, lines = self.index, self.lines
        mine = np.flatnonzero(self.event >= 0)
        events = self.event[mine]
        self.reject(mine, self.kind[mine] == OTHER)
        self.reject(mine, lines.millis[mine] != lines.millis[self.syscall[events]])
        odd = np.flatnonzero(~lines.ok[: self.count])
        if len(odd) > 100 + self.count // 10:
            raise Unusual("many lines of another form")
        for number in odd.tolist():
            for seconds, millis, serial in _ANY_STAMP.findall(index.data[index.start[number] : index.end[number]]):
                if int(seconds) * 1000 + int(millis) > clock[number]:
                    raise Unusual("a line of another form moves event time on")
                if not self.low <= int(serial) < self.low + len(self.place):
                    raise Unusual("a line of another form with a serial of its own")
                place = int(self.place[int(serial) - self.low])
                if place >= 0:
                    self.bad[place] = True

    def one_each(self, kind: int) -> Ints:
        """The line of that kind of each event, -1 where there is none; more than one makes it unusual."""
        lines, events = self.lines_of(kind)
        self.bad |= np.bincount(events, minlength=len(self.bad)) > 1
        chosen = np.full(len(self.bad), -1, np.int64)
        chosen[events] = lines
        return chosen


def usual_events(index: Index, lines: Lines, count: int, clock: Ints) -> Usual:
    """Find the usual events among the first `count` lines; `clock` is event time (ms) as of each line.

    Raises Unusual where that is not worth while.
    """
    if not (lines.ok[:count] & (lines.kind[:count] == SYSCALL)).any():
        raise Unusual("no system calls")
    work = _Grouping(index, lines, count)
    work.reject_strangers(clock)
    one = {kind: work.one_each(kind) for kind in (CWD, EXECVE, PROCTITLE)}
    work.one_each(SYSCALL)
    _check_order(work, one[PROCTITLE], clock)
    items = _check_syscalls(work)
    _check_parts(work, one)
    path = _check_paths(work, items, one[CWD])
    return _chosen(work, one, path)


def _check_order(work: _Grouping, proctitle: Ints, clock: Ints) -> None:
    """SYSCALL first, PROCTITLE last, and not so far apart that the event would have expired in between."""
    mine = np.flatnonzero(work.event >= 0)
    events = work.event[mine]
    first, last = np.zeros(len(work.bad), np.int64), np.zeros(len(work.bad), np.int64)
    first[events[::-1]] = mine[::-1]
    last[events] = mine
    work.bad |= (first != work.syscall) | (last != proctitle)
    work.bad |= clock[last] - clock[first] >= EXPIRE_MS
    if work.index.node:  # of such events the reassembler bounds all records, of others those that may be the last
        work.bad |= np.bincount(events, minlength=len(work.bad)) >= RECORDS_LIMIT


def _check_syscalls(work: _Grouping) -> Ints:
    """The layout of the SYSCALL records; returns items= of each event."""
    index, lines = work.index, work.syscall
    good = index.tokens[lines] >= 14
    if not good.any():
        raise Unusual("layout of SYSCALL")
    _, keys, items, digits = index.layout(lines, 2, _SYSCALL_KEYS, _ITEMS)
    work.bad |= ~(good & keys & digits) | (items > _MOST_ITEMS)
    return items


def _check_parts(work: _Grouping, one: dict[int, Ints]) -> None:
    """CWD and PROCTITLE have one token, `cwd=` and `proctitle=`; a SYSCALL needs its PROCTITLE."""
    index = work.index
    work.bad |= one[PROCTITLE] < 0
    lines = one[CWD][one[CWD] >= 0]
    good = index.words4[index.token_start(lines, 2)] == word4(b"cwd=")
    work.reject(lines, ~good | (index.tokens[lines] != 3))
    lines = one[PROCTITLE][one[PROCTITLE] >= 0]
    start = index.token_start(lines, 2)
    good = (index.words8[start] == word8(b"proctitl")) & (index.words4[start + 6] == word4(b"tle="))
    work.reject(lines, ~good | (index.tokens[lines] != 3))


def _check_paths(work: _Grouping, items: Ints, cwd: Ints) -> Ints:
    """PATH records: as many as promised, in order of item=, of the layout item name inode dev mode."""
    index = work.index
    lines, events = work.lines_of(PATH)
    work.bad |= np.bincount(events, minlength=len(work.bad)) != items
    work.bad |= (items > 0) & (cwd < 0)
    if not len(lines):
        return lines
    start, keys, item, item_ok = index.layout(lines, 2, _PATH_KEYS, 0)
    good = keys & (index.tokens[lines] >= 8)
    _, inode_ok = index.decimal(start[:, 2] + 6, start[:, 3] - 1)
    work.reject(lines, ~(good & item_ok & inode_ok))
    order = np.argsort(events, kind="stable")
    same = events[order][1:] == events[order][:-1]
    work.reject(lines[order][1:], same & (item[order][1:] <= item[order][:-1]))
    return lines


def _chosen(work: _Grouping, one: dict[int, Ints], path: Ints) -> Usual:
    usual = Usual(work.event, work.syscall, one[CWD], one[EXECVE], one[PROCTITLE], path).without(work.bad)
    if int((usual.event >= 0).sum()) * _WORTH_WHILE < work.count:
        raise Unusual("few usual events")
    return usual
