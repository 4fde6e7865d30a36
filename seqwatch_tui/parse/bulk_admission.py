"""Which pieces may be parsed by column at all: what might be a boot, a late record or a duplicate is not for columns.

The reference stages judge by what they remember of single events; here only the highest serial seen is known, so
whatever lies above it is new, and everything else is left to them. Knows serials and times, no values.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import numpy as np

from seqwatch_tui.parse.bulk_index import Index, Ints
from seqwatch_tui.parse.bulk_layout import Lines, Unusual
from seqwatch_tui.parse.lines import AUDIT_LINE_LIMIT
from seqwatch_tui.parse.reassembly import Reassembler

_EARLY_BOOT, _DISORDER, _CLOCK_SET_MS, _MANY_OPEN = 64, 4096, 3_600_000, 4096
"""Beyond these the reference stages might see a boot, or a clock set back."""

_SERIAL = re.compile(rb":(\d{1,18})(?:\):)?$")


class SeenBefore(Exception):
    """The first `upto` bytes of a piece have serials that were seen before, the rest has not."""

    def __init__(self, upto: int) -> None:
        super().__init__(upto)
        self.upto = upto


class Admission:
    """What is known of the serials of one node; `done` are keys of events handed over before a restart."""

    def __init__(self, done: Iterable[str], node: str = "") -> None:
        self._node = f"node={node} ".encode() if node else b""
        self._done = [key.encode() for key in done]
        self._own: set[int] = set()
        self._high = self._highest(self._done)

    def note(self, serial: int, *, own: bool) -> None:
        """A serial was seen; `own` are those of auditd itself, which count from elsewhere."""
        if own:
            self._own.add(serial)
        else:
            self._high = max(self._high, serial)

    def check(self, index: Index, lines: Lines, count: int, *, reassembler: Reassembler, last: int | None) -> Ints:
        """Event time (ms) as of each of the first `count` lines, if they may go by column; `last` is the last serial.

        Raises Unusual, or SeenBefore where only the beginning may not.
        """
        if not count or int((index.end - index.line).max()) >= AUDIT_LINE_LIMIT:
            raise Unusual("no safe cut, or a line too long")
        if "EOE" in lines.types or "E" in reassembler.seen or len(reassembler._open) > _MANY_OPEN:
            raise Unusual("a stream with end marks, or too much is open")
        counted = np.flatnonzero(lines.counted[:count])
        if not len(counted):
            raise Unusual("no serials")
        serial = lines.serial[counted]
        known = np.flatnonzero(serial <= max(self._high, last or 0, _EARLY_BOOT))
        if len(known) and counted[known[-1]] > count // 2:  # much is at stake: see what is remembered indeed
            stamps = [*reassembler._open, *reassembler._done, *reassembler._done_long, *self._done]
            self._high = self._highest(stamps)
            known = np.flatnonzero(serial <= max(self._high, last or 0, _EARLY_BOOT))
        if len(known):
            line = int(counted[known[-1]])
            raise Unusual("serials seen before") if line > count // 2 else SeenBefore(int(index.end[line]) + 1)
        self._check_order(lines, count, serial)
        return _clock(lines, count, reassembler.clock_ms or 0)

    def _highest(self, stamps: Iterable[bytes]) -> int:
        """The highest serial that a line of this node to come could share with one of these events."""
        mine = (s for s in stamps if (s.startswith(self._node) if self._node else not s.startswith(b"node=")))
        known = (int(found[1]) for stamp in mine if (found := _SERIAL.search(stamp)))
        return max((serial for serial in known if serial not in self._own), default=0)

    def _check_order(self, lines: Lines, count: int, serial: Ints) -> None:
        if int((np.maximum.accumulate(serial) - serial).max()) >= _DISORDER:
            raise Unusual("serials fall back")
        if self._own or not lines.counted[:count].all():
            own = lines.serial[:count][lines.ok[:count] & ~lines.counted[:count]]
            mixed = bool(np.isin(np.append(own, list(self._own)), serial).any())
        else:
            mixed = False
        if mixed:
            raise Unusual("serials of auditd's own among the kernel's")


def _clock(lines: Lines, count: int, before: int) -> Ints:
    ok, millis = lines.ok[:count], lines.millis[:count]
    clock: Ints = np.maximum(np.maximum.accumulate(np.where(ok, millis, 0)), before)
    if int((clock - millis)[ok].max()) >= _CLOCK_SET_MS:
        raise Unusual("event time goes back")
    return clock


class Admissions(dict[str, Admission]):
    """The Admission of each node; those whose records name none have the empty name."""

    def __init__(self, done: Collection[str]) -> None:
        super().__init__()
        self._done = done

    def __missing__(self, node: str) -> Admission:
        made = self[node] = Admission(self._done, node)
        return made
