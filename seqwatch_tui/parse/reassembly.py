"""Lines become groups of records: one group per (node, time, serial), handed on when nothing more can come.

Records of several events interleave and may come out of order. An event ends when all that its SYSCALL record promises
is there and PROCTITLE (or EOE, where the stream has it) has come, at once for records user space sent, else when event
time has moved on by EXPIRE_MS. What comes later is a `late` event of its own; an identical record is a duplicate.
Memory is bounded: open events, remembered events and records of one event. Pure; knows nothing of meaning.
Source: kernel/auditsc.c (audit_log_exit) for the order of records; auditd keeps EOE from the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from seqwatch_tui.parse.event import SystemCall
from seqwatch_tui.parse.mark import Mark
from seqwatch_tui.parse.normalise import (
    EXPIRE_MS,
    EXPIRE_WALL_S,
    UNPARSED,
    W_LATE,
    W_OVERFULL,
    W_UNTERMINATED,
    ends_at_once,
)  # fmt: skip
from seqwatch_tui.parse.records import Memo, Records

_STAMP = re.compile(rb"(?:node=(\S+) )?msg=audit\((\d{1,11})\.(\d{3}):(\d{1,18})\):")
_TYPE = re.compile(rb"type=([A-Za-z0-9_]+(?:\[\d+\])?)")

_PARTS = frozenset({
    "SYSCALL", "URINGOP", "PATH", "CWD", "PROCTITLE", "EXECVE", "SOCKADDR", "SOCKETCALL", "EOE", "BPRM_FCAPS", "CAPSET",
    "MMAP", "OBJ_PID", "FD_PAIR", "IPC", "IPC_SET_PERM", "MQ_OPEN", "MQ_SENDRECV", "MQ_NOTIFY", "MQ_GETSETATTR",
    "OPENAT2",
})  # fmt: skip
"""Records that only belong to a system call and have no meaning of their own."""

_NOTED = {"PROCTITLE": "P", "CWD": "C", "EXECVE": "X", "EOE": "E", "URINGOP": "U"}
"""Record types that matter for the end of an event, with their letter in Mark.seen."""

_ENDING = frozenset({"PROCTITLE", "EOE", "URINGOP"})
"""After these every record may be the last one."""

_CLOCK_RESET_MS = 3_600_000
"""A record this much older than the newest one means that the host's clock was set back."""

_OPEN_LIMIT, _DONE_LIMIT, _RECORDS_LIMIT = 16_384, 4_096, 10_000


def is_part(kind: str) -> bool:
    """Whether records of this type only describe a system call."""
    return kind in _PARTS


@dataclass(slots=True)
class Group:
    """The records of one event so far: parallel lists in order of arrival."""

    stamp: bytes
    node: str
    ts_ms: int
    serial: int
    seen: int
    kinds: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    call: SystemCall | None = None
    titled: bool = False
    """From here on every record may be the last one."""
    wall: float | None = None
    expired: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """How Resume names the event: `seconds.ms:serial`, with the node before it where there is one."""
        return event_key(self.stamp)


def event_key(stamp: bytes) -> str:
    """Key of an event from its stamp (`msg=audit(...):`, with `node=... ` before it where there is one)."""
    text = stamp.decode("utf-8", "backslashreplace")
    return text.replace("msg=audit(", "").removesuffix("):")


OnBegin = Callable[[Group, str, int], None]


class Reassembler:
    """Feed it lines with `add`; take what ended from `ended`, the rest by the take_ methods.

    `on_begin` is called with each new group, the type of its first record and that record's position. Lines before
    `mark.upto` that belong to a `done` event or to none were handed over before a restart and are skipped.
    """

    def __init__(self, records: Records, mark: Mark | None, done: frozenset[str], on_begin: OnBegin) -> None:
        self._records = records
        self._on_begin = on_begin
        self._upto = mark.upto if mark else 0
        self._done_before = done
        self._done: dict[bytes, list[bytes]] = {}
        self._kinds: Memo[str] = Memo(_kind, 1024)
        self._open: dict[bytes, Group] = {}
        self.clock_ms: int | None = None
        """Time of the newest record (event time), ms."""
        self.seen = set(mark.seen if mark else "")
        self.ended: list[Group] = []
        self._orphans: list[tuple[int, str, bytes]] = []
        self._handled: list[tuple[int, bytes]] = []
        self._duplicates: list[bytes] = []
        self._cut = False

    def take_orphans(self) -> list[tuple[int, str, bytes]]:
        """(position, type, line) of what belongs to no event: lines that did not parse, EOE after the end."""
        orphans, self._orphans = self._orphans, []
        return orphans

    def take_handled(self) -> list[tuple[int, bytes]]:
        """(position of its last record, stamp) of events that ended, and the same of duplicates."""
        handled, self._handled = self._handled, []
        return handled

    def take_duplicates(self) -> tuple[int, int]:
        """How many records were there already, and their bytes."""
        count, size = len(self._duplicates), sum(map(len, self._duplicates))
        self._duplicates.clear()
        return count, size

    @property
    def first_open(self) -> int | None:
        """Position of the oldest record not yet handed over."""
        return min((g.positions[0] for g in self._open.values()), default=None)

    def add(self, position: int, line: bytes) -> Group | None:
        """Take one line; returns the group it joined as its newest record, or null."""
        text = line[:-1]
        if line[-1:] != b"\n":
            text, self._cut = line, True
        if text[-1:] == b"\r":
            text = text[:-1]
        parts = text.split(b" ", 2)
        if len(parts) == 3 and (kind := self._kinds[parts[0]]):
            return self._join(position, line, kind, parts[1], parts[2])
        return self._add_odd(position, line, text)

    def _add_odd(self, position: int, line: bytes, text: bytes) -> Group | None:
        """A line with its node before the type, or with nothing after the stamp; else it is no record."""
        parts = text.split(b" ", 3)
        node = parts.pop(0) + b" " if parts[0].startswith(b"node=") else b""
        kind = self._kinds[parts[0]] if len(parts) > 1 else ""
        if not kind:
            return self._reject(position, line)
        return self._join(position, line, kind, node + parts[1], b" ".join(parts[2:]))

    def _reject(self, position: int, line: bytes) -> Group | None:
        """Keep a line that is no record; there is no group for it."""
        if position >= self._upto:
            self._orphans.append((position, UNPARSED, line))
        return None

    def _join(self, position: int, line: bytes, kind: str, stamp: bytes, body: bytes) -> Group | None:
        group = self._open.get(stamp) or self._begin(position, line, kind, stamp)
        if group is None:
            return None
        kinds = group.kinds
        kinds.append(kind)
        group.bodies.append(body)
        group.lines.append(line)
        group.positions.append(position)
        if self._cut:
            group.warnings, self._cut = (*group.warnings, W_UNTERMINATED), False
        if kind == "SYSCALL":
            group.call = self._records.system_call(body)
        elif kind in _NOTED:
            self._note(group, kind, body)
        if group.titled:
            if self._whole(group):
                self._end(group)
        elif len(kinds) == 1 and kind not in _PARTS and ends_at_once(kind, body):
            self._end(group)
        if len(kinds) >= _RECORDS_LIMIT and group.stamp in self._open:
            group.warnings = (*group.warnings, W_OVERFULL)
            self._end(group)
        return group

    def _note(self, group: Group, kind: str, body: bytes) -> None:
        self.seen.add(_NOTED[kind])
        if kind == "URINGOP":
            group.call = self._records.uring_call(body)
        if kind in _ENDING:
            group.titled = True

    def _begin(self, position: int, line: bytes, kind: str, stamp: bytes) -> Group | None:
        """Open a group for a new stamp; null when the line was handed over before, or is no record."""
        match = _STAMP.fullmatch(stamp)
        if match is None:
            return self._reject(position, line)
        late = bool(self._done_before) and event_key(stamp) in self._done_before
        if late and position < self._upto:
            return None
        if (lines := self._done.get(stamp)) is not None:
            if line in lines:
                self._duplicates.append(line)
                self._handled.append((position, stamp))
                return None
            late = True
        if kind == "EOE":
            self._late_end(position, line)
            return None
        group = self._new_group(stamp, match)
        if late:
            group.warnings, group.titled, group.expired = (W_LATE,), True, True
        else:
            self._on_begin(group, kind, position)
        return group

    def _late_end(self, position: int, line: bytes) -> None:
        """EOE of an event that ended, or was never seen: kept, tells nothing but that the stream has EOE."""
        self.seen.add("E")
        if position >= self._upto:
            self._orphans.append((position, "EOE", line))

    def _new_group(self, stamp: bytes, match: re.Match[bytes]) -> Group:
        ts_ms = int(match[2]) * 1000 + int(match[3])
        self._advance(ts_ms)
        node = (match[1] or b"").decode("utf-8", "backslashreplace")
        group = self._open[stamp] = Group(stamp, node, ts_ms, int(match[4]), self.clock_ms or ts_ms)
        return group

    def _advance(self, ts_ms: int) -> None:
        """Move event time on and end what has waited too long."""
        clock = self.clock_ms
        if clock is not None and ts_ms <= clock:
            if ts_ms > clock - _CLOCK_RESET_MS:
                return
            self.expire_all()
        self.clock_ms = ts_ms
        limit = ts_ms - EXPIRE_MS
        while self._open:
            oldest = next(iter(self._open.values()))
            if oldest.seen > limit and len(self._open) < _OPEN_LIMIT:
                return
            self._expire(oldest)

    def _whole(self, group: Group) -> bool:
        """Whether all records came that the system call promises and the stream is known to show."""
        call, kinds = group.call, group.kinds
        if call is None or group.expired:
            return group.expired or "EOE" in kinds
        if call.items and (kinds.count("PATH") < call.items or ("C" in self.seen and "CWD" not in kinds)):
            return False
        if "X" in self.seen and call.name == "execve" and call.outcome == "success" and "EXECVE" not in kinds:
            return False
        return "EOE" in kinds if "E" in self.seen else True

    def _expire(self, group: Group) -> None:
        group.expired = True
        if group.titled:
            self.seen.clear()  # an audit rule may have begun to exclude what was waited for
        self._end(group)

    def _end(self, group: Group) -> None:
        del self._open[group.stamp]
        known = self._done.pop(group.stamp, None)
        self._done[group.stamp] = group.lines if known is None else known + group.lines
        if len(self._done) > _DONE_LIMIT:
            del self._done[next(iter(self._done))]
        self.ended.append(group)
        self._handled.append((group.positions[-1], group.stamp))

    def expire_wall(self, now: float) -> None:
        """End groups that have been seen open for EXPIRE_WALL_S of wall time."""
        for group in list(self._open.values()):
            if group.wall is None or group.wall > now:
                group.wall = now
            elif now - group.wall >= EXPIRE_WALL_S:
                self._expire(group)

    def expire_all(self) -> None:
        """End every group (end of the file, clock set back)."""
        for group in list(self._open.values()):
            self._expire(group)


def _kind(token: bytes) -> str:
    match = _TYPE.fullmatch(token)
    return match[1].decode() if match else ""
