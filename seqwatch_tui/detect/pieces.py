"""A piece of an audit log as bytes: what of it a rule on raw records can be about, and where a log may be cut.

For rules that look at raw records only, no event has to be made to know that nothing is there. What is kept is enough
for the parser and the matcher to say the rest: every line of an event that a rule matches, every line that teaches who
is who or tells of a loss, and every line of an unexpected form. Pieces are looked at on their own, in any order and by
any process; `safe_cut` says where they may begin. Knows bytes and serials; no file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from seqwatch_tui.detect.coded import Coded, Codes
from seqwatch_tui.detect.line_fields import LineFields
from seqwatch_tui.detect.matching import FAULTS, RecordMatcher
from seqwatch_tui.detect.raw_records import Memo, Records
from seqwatch_tui.detect.record_view import RecordRows
from seqwatch_tui.detect.relevance import Relevance
from seqwatch_tui.detect.rule import Correlation, Rule
from seqwatch_tui.detect.tokens import RawLines
from seqwatch_tui.parse.auditd import AuditdParser
from seqwatch_tui.parse.bulk_index import Bools, Index
from seqwatch_tui.parse.bulk_layout import Lines, classify
from seqwatch_tui.parse.group import is_part
from seqwatch_tui.parse.lines import AUDIT_LINE_LIMIT

WINDOW = 64 << 10
"""Bytes before and after a wanted cut in which a place for it is sought."""
_EARLY_BOOT, _FALL = 64, 4096
"""Serials by which the parser tells that the host was booted (parse.serials)."""


class Run(NamedTuple):
    """Serials that follow each other without a hole, in the order of their lines; time (ms) of the first."""

    first: int
    last: int
    millis: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What is left of a piece: `data` are whole lines, which began at `places` of the file; `lines` were there."""

    lines: int
    data: bytes
    places: tuple[int, ...]
    runs: tuple[Run, ...]
    clock_ms: int


class PieceSieve:
    """Rules of raw records over pieces of a log. Remembers what records mean, nothing of a piece."""

    def __init__(self, rules: list[Rule]) -> None:
        bodies = [rule.body for rule in rules if not isinstance(rule.body, Correlation)]
        if any(rule.view != "records" for rule in rules if not isinstance(rule.body, Correlation)):
            raise ValueError("only rules on raw records can be looked for without making events")
        self._relevance, self._matcher, self._memo = Relevance(bodies), RecordMatcher(bodies), Memo()

    def keep(self, data: bytes, length: int, offset: int) -> Kept:
        """Look at a piece, the first `length` bytes of `data`; it begins at `offset` of the file, with a line.

        Nothing is copied where MARGIN bytes follow it. A last line without an end is kept.
        """
        size = data.rfind(b"\n", 0, length) + 1
        if not size:
            return Kept(int(length > 0), data[:length], (offset,) if length else (), (), 0)
        index = Index(data, size)
        lines = classify(index, index.heads())
        plain = lines.ok & (index.end - index.start < AUDIT_LINE_LIMIT)
        kept = ~plain | self._telling(lines) | _booting(lines)
        kept[self._of_events(index, lines, plain)] = True
        kept |= _mixed(lines, plain)
        rows = np.flatnonzero(kept)
        start, end = index.start[rows].tolist(), (index.end[rows] + 1).tolist()
        held = [data[begin:stop] for begin, stop in zip(start, end, strict=True)]
        places = [offset + begin for begin in start]
        if size < length:
            held.append(data[size:length])
            places.append(offset + size)
        clock = int(lines.millis[plain].max(initial=0))
        count = len(index) + (size < length)
        return Kept(count, b"".join(held), tuple(places), tuple(_runs(lines, plain)), clock)

    @staticmethod
    def _telling(lines: Lines) -> Bools:
        """Lines from which the parser learns on arrival."""
        telling = np.array([kind in AuditdParser.telling for kind in lines.types] + [False], np.bool_)
        return telling[np.where(lines.ok, lines.type_number, -1)]

    def _of_events(self, index: Index, lines: Lines, plain: Bools) -> Codes:
        """All lines of the events of which a rule matches a record."""
        raw = _raw(index)
        types = Coded(lines.type_number, lines.types)
        numbers = np.where(plain, np.arange(len(index)), -1)
        records = Records(raw, types, numbers, LineFields(index, raw, lines, self._memo), self._memo)
        view = RecordRows(records, self._relevance)
        try:
            found = self._matcher.match(view)
        except FAULTS:
            return np.arange(len(index))  # whoever gets the lines finds out which rule it is
        if not found:
            return np.zeros(0, np.int64)
        hit = view.event_rows[np.concatenate(list(found.values()))]
        return np.flatnonzero(plain & np.isin(lines.serial, np.unique(lines.serial[hit])))


def _raw(index: Index) -> RawLines:
    """The lines of a piece, with what is known of them."""
    bounds = np.append(index.start, index.end[-1] + 1).astype(np.int32)
    array = pa.Array.from_buffers(pa.binary(), len(index), [None, pa.py_buffer(bounds), pa.py_buffer(index.data)])
    first = np.append(index.first, index.first[-1] + index.tokens[-1])
    return RawLines(array, index.stops, first)


def _mixed(lines: Lines, plain: Bools) -> Bools:
    """Lines of system calls that share their event with a record of its own meaning: one may say what another does not."""
    own = np.array([not is_part(kind) for kind in lines.types] + [False], np.bool_)[
        np.where(plain, lines.type_number, -1)
    ]
    calls = plain & (lines.type_number == (lines.types.index("SYSCALL") if "SYSCALL" in lines.types else -1))
    both = np.intersect1d(lines.serial[own], lines.serial[calls])
    return plain & np.isin(lines.serial, both) if len(both) else np.zeros(lines.count, np.bool_)


def _booting(lines: Lines) -> Bools:
    """Lines that may show the parser that the host was booted."""
    fell = np.zeros(lines.count, np.bool_)
    serial = np.where(lines.counted, lines.serial, _FALL + _EARLY_BOOT)
    fell[1:] = serial[1:] < serial[:-1] - _FALL
    fell |= lines.counted & (lines.serial <= _EARLY_BOOT)
    return fell


def _runs(lines: Lines, plain: Bools) -> list[Run]:
    counted = np.flatnonzero(plain & lines.counted)
    serial, millis = lines.serial[counted], lines.millis[counted]
    if not len(serial):
        return []
    step = np.diff(serial)
    begin = np.concatenate(([0], np.flatnonzero((step != 0) & (step != 1)) + 1))
    end = np.append(begin[1:], len(serial)) - 1
    return [
        Run(*each) for each in zip(serial[begin].tolist(), serial[end].tolist(), millis[begin].tolist(), strict=True)
    ]


def safe_cut(window: bytes, wanted: int) -> int | None:
    """Return the offset in `window` nearest to `wanted` at which a line begins and no event is cut in two.

    As far as the window shows: all serials before are below all after. None where there is no such place. The window may
    begin within a line.
    """
    begin, size = window.find(b"\n") + 1, window.rfind(b"\n") + 1
    if size <= begin:
        return None
    index = Index(window[begin:size])
    lines = classify(index, index.heads())
    low, high = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    before = np.maximum.accumulate(np.where(lines.counted, lines.serial, low))[:-1]
    after = np.minimum.accumulate(np.where(lines.counted, lines.serial, high)[::-1])[::-1][1:]
    places = index.start[1:][(before < after) & lines.counted[1:]] + begin
    return int(places[np.argmin(np.abs(places - wanted))]) if len(places) else None
