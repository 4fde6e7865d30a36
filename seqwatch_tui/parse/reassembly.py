"""Lines become groups of records: one group per (node, time, serial), handed on when nothing more can come.

Records of several events interleave and may come out of order. An event ends when all that its SYSCALL record promises
is there and PROCTITLE (or EOE, where the stream has it) has come, at once for records user space sent, else when event
time has moved on by EXPIRE_MS. What comes later is a `late` event of its own; an identical record is a duplicate.
Memory is bounded: open events, remembered events and records of one event. Pure; knows nothing of meaning.
Source: kernel/auditsc.c (audit_log_exit) for the order of records; auditd keeps EOE from the file.
"""

from __future__ import annotations

import re
from typing import Protocol

from seqwatch_tui.parse.fields import enriched, pairs
from seqwatch_tui.parse.group import QUIET, Group, Record, event_key, is_part
from seqwatch_tui.parse.lines import Lines
from seqwatch_tui.parse.mark import Mark
from seqwatch_tui.parse.memo import Memo
from seqwatch_tui.parse.normalise import (
    EXPIRE_MS,
    EXPIRE_WALL_S,
    UNPARSED,
    W_LATE,
    W_OVERFULL,
    W_UNTERMINATED,
    ends_at_once,
)
from seqwatch_tui.parse.records import Records, uring_call_of

_STAMP = re.compile(rb"(?:node=(\S+) )?msg=audit\((\d{1,11})\.(\d{3}):(\d{1,18})\):?")
"""Without the colon in what auditd 2 writes about itself."""
_TYPE = re.compile(rb"type=([A-Za-z0-9_]+(?:\[\d+\])?)")

_LETTERS = (("CWD", "C"), ("EXECVE", "X"), ("EOE", "E"))
"""Record types an event waits for once the stream has shown them, with their letter in Mark.seen."""

_CLOCK_RESET_MS = 3_600_000
"""A record this much older than the newest one means that the host's clock was set back."""

_OPEN_LIMIT, _DONE_LIMIT, RECORDS_LIMIT = 16_384, 4_096, 10_000


class Listener(Protocol):
    """Who is told while records arrive, in their order."""

    telling: frozenset[str]
    """Record types to be told of on arrival."""

    def on_begin(self, group: Group, kind: str, position: int) -> None:
        """A new event was opened by a record of type `kind` at `position`."""

    def on_record(self, group: Group) -> None:
        """A record of a telling type joined the group, as its newest."""

    def on_again(self, kind: str, body: bytes) -> None:
        """A record of a telling type, handed over before a restart, was read once more."""

    def on_end(self, group: Group) -> None:
        """The event is complete, or as complete as it will be."""


class Reassembler:
    """Feed it lines with `add`; the listener gets the events, the take_ methods give what belongs to none.

    Lines before `mark.upto` that belong to a `done` event or to none were handed over before a restart: skipped.
    """

    def __init__(self, records: Records, mark: Mark | None, done: frozenset[str], listener: Listener) -> None:
        self._records = records
        self._listener, self._telling = listener, listener.telling
        self._upto = mark.upto if mark else 0
        self._done_before = done
        self._done: dict[bytes, list[Record]] = {}
        self._done_long: dict[bytes, list[Record]] = {}
        self._kinds: Memo[bytes, str] = Memo(_kind, 1024)
        self._open: dict[bytes, Group] = {}
        self.clock_ms: int | None = None
        """Time of the newest record (event time), ms."""
        self.seen = set(mark.seen if mark else "")
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

    def leave_file(self) -> None:
        """Positions start anew: nothing of the file that comes has been handed over."""
        self._upto, self._done_before = 0, frozenset()
        self._handled.clear()

    @property
    def first_open(self) -> int | None:
        """Position of the oldest record not yet handed over."""
        return min((g.records[0][3] for g in self._open.values()), default=None)

    @property
    def lines_open(self) -> int:
        """Lines of events not yet handed over."""
        return sum(len(group.records) for group in self._open.values())

    def add(self, lines: Lines) -> None:
        """Take consecutive lines; `lines.pieces` must be empty. Bodies keep the line's end, which is white space."""
        position = lines.start
        kinds, get = self._kinds, self._open.get
        for line in lines.lines:
            parts = line.split(b" ", 2)
            if len(parts) == 3 and (kind := kinds[parts[0]]):
                group = get(parts[1]) or self._begin(position, line, kind, parts[1])
                if group is not None:
                    group.records.append((kind, parts[2], line, position))
                    if kind not in QUIET or group.titled or self._cut:
                        self._weigh(group, kind, parts[2])
            else:
                self._add_odd(position, line)
            position += len(line)

    def add_unterminated(self, position: int, line: bytes) -> None:
        """Take the last line of a file that ends without a newline: it may have been cut."""
        self._cut = True
        self.add(Lines(position, [line]))
        self._cut = False

    def _add_odd(self, position: int, line: bytes) -> None:
        """A line with its node before the type, or with nothing after the stamp; else it is no record."""
        parts = line.rstrip(b"\r\n").split(b" ", 3)
        node = parts.pop(0) + b" " if parts[0].startswith(b"node=") else b""
        kind = self._kinds[parts[0]] if len(parts) > 1 else ""
        if not kind:
            return self._reject(position, line)
        stamp, body = node + parts[1], b" ".join(parts[2:])
        group = self._open.get(stamp) or self._begin(position, line, kind, stamp)
        if group is not None:
            group.records.append((kind, body, line, position))
            self._weigh(group, kind, body)
        return None

    def _reject(self, position: int, line: bytes) -> None:
        """Keep a line that is no record."""
        if position >= self._upto:
            self._orphans.append((position, UNPARSED, line))

    def _weigh(self, group: Group, kind: str, body: bytes) -> None:
        """What the newest record of a group means for its end."""
        if self._cut:
            group.warnings = (*group.warnings, W_UNTERMINATED)
        if kind == "SYSCALL":
            group.call = self._records.system_call(body)
            if not group.titled:
                return
        elif kind == "URINGOP":
            group.call, group.titled = uring_call_of(pairs(body), enriched(body)), True
        elif kind in ("PROCTITLE", "EOE"):
            group.titled = True
        elif kind in self._telling:
            self._listener.on_record(group)
        if group.titled:
            if self._whole(group):
                self._end(group)
        elif len(group.records) == 1 and not is_part(kind) and ends_at_once(kind, body):
            self._end(group)
        elif len(group.records) >= RECORDS_LIMIT:
            group.warnings = (*group.warnings, W_OVERFULL)
            self._end(group)

    def _begin(self, position: int, line: bytes, kind: str, stamp: bytes) -> Group | None:
        """Open a group for a new stamp; null when the line was handed over before, or is no record."""
        match = _STAMP.fullmatch(stamp)
        if match is None:
            self._reject(position, line)
            return None
        late = bool(self._done_before) and event_key(stamp) in self._done_before
        if late and position < self._upto:
            self._remember(stamp, [(kind, b"", line, position)])  # it may come once more
            if kind in self._telling:
                self._listener.on_again(kind, line[line.index(b" ", line.index(b"msg=audit(")) + 1 :])
            return None
        records = self._done.get(stamp) or self._done_long.get(stamp)
        if records is not None:
            if any(line == record[2] for record in records):
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
            self._listener.on_begin(group, kind, position)
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
        if clock is None or ts_ms > clock:
            self.clock_ms = clock = ts_ms
        elif ts_ms <= clock - _CLOCK_RESET_MS:
            self.expire_all()
            self.clock_ms = clock = ts_ms
        elif len(self._open) < _OPEN_LIMIT:
            return
        limit = clock - EXPIRE_MS
        while self._open:
            oldest = next(iter(self._open.values()))
            if oldest.seen_ms > limit and len(self._open) < _OPEN_LIMIT:
                return
            self._expire(oldest)

    def _whole(self, group: Group) -> bool:
        """Whether all records came that the system call promises and the stream is known to show."""
        call, kinds = group.call, [record[0] for record in group.records]
        seen = self.seen
        for kind, letter in _LETTERS:
            if letter not in seen and kind in kinds:
                seen.add(letter)
        if call is None or group.expired:
            return group.expired or "EOE" in kinds
        if call.items and (kinds.count("PATH") < call.items or ("C" in seen and "CWD" not in kinds)):
            return False
        if "X" in seen and call.name == "execve" and call.outcome == "success" and "EXECVE" not in kinds:
            return False
        return "EOE" in kinds if "E" in seen else True

    def _expire(self, group: Group) -> None:
        group.expired = True
        if group.titled:
            self.seen.clear()  # an audit rule may have begun to exclude what was waited for
        self._end(group)

    def _end(self, group: Group) -> None:
        del self._open[group.stamp]
        if W_LATE in group.warnings:  # only then an event of that stamp may have ended before
            self._remember(group.stamp, group.records)
        else:
            self._done[group.stamp] = group.records
        if len(self._done) >= _DONE_LIMIT:
            self._done_long, self._done = self._done, {}
        self._handled.append((group.records[-1][3], group.stamp))
        self._listener.on_end(group)

    def _remember(self, stamp: bytes, records: list[Record]) -> None:
        """More records of an event that ended."""
        known = self._done.get(stamp) or self._done_long.get(stamp)
        self._done[stamp] = records if known is None else known + records

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
