"""What an event would know of its SYSCALL record, read from the record's line: for looking at lines before events are made.

Says of every line what `events` says in the columns of OF_THE_EVENT, and the parts of its time. Tests hold the two equal.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pyarrow as pa

from seqwatch_tui.detect.coded import Coded, Codes, Columns, coded_list
from seqwatch_tui.detect.fields import TIME
from seqwatch_tui.detect.layouts import OF_THE_EVENT
from seqwatch_tui.detect.raw_records import Memo
from seqwatch_tui.detect.sieve import Sieve
from seqwatch_tui.detect.tokens import RawLines, Spans, Tokens
from seqwatch_tui.parse.bulk_index import Index
from seqwatch_tui.parse.bulk_layout import Lines
from seqwatch_tui.parse.record_fields import field_value
from seqwatch_tui.parse.records import Records as ParsedRecords

_SYSCALL = "SYSCALL"
_NAMES = {column: field for field, column in OF_THE_EVENT.items()}
_SHOWN = (29, 28, 30, 27, 26)
"""The token `SYSCALL=` among what auditd added, behind `ARCH=`."""


class LineFields:
    """Columns with a row for each line of a piece; those of OF_THE_EVENT are null but for SYSCALL records."""

    def __init__(self, index: Index, raw: RawLines, lines: Lines, memo: Memo) -> None:
        self._index, self._raw, self._memo = index, raw, memo
        self._millis = lines.millis
        mine = lines.types.index(_SYSCALL) if _SYSCALL in lines.types else -1
        self._rows: Codes = np.flatnonzero(lines.ok & (lines.type_number == mine))

    def __getitem__(self, name: str) -> Coded:
        """Return a column by codes."""
        if name.startswith(f"{TIME}."):
            return self._times[name]
        found = self._calls() if name == "syscall" else self._field(_NAMES[name])
        codes = np.full(len(self._index), -1, np.int64)
        codes[self._rows] = found.codes
        return Coded(codes, found.values)

    @cached_property
    def _times(self) -> Columns:
        moments = pa.array(self._millis).cast(pa.timestamp("ms")).cast(pa.timestamp("us"))
        return Columns(pa.table({TIME: moments}))

    def _field(self, name: str) -> Coded:
        codes, written = Sieve(_SYSCALL, self._raw, self._rows).column(name) or (None, [])
        assert codes is not None, "a field with a place"  # noqa: S101
        known = coded_list(field_value(_SYSCALL, name, token) for token in written)
        return self._filled(np.append(known.codes, -1)[codes], known, codes < 0, name)

    def _filled(
        self, codes: Codes, known: Coded, apart: np.ndarray[tuple[int], np.dtype[np.bool_]], name: str
    ) -> Coded:
        """With the lines `apart` taken apart."""
        rows = np.flatnonzero(apart)
        if not len(rows):
            return Coded(codes, known.values)
        rest = coded_list(self._memo.fields(line).get(name) for line in self._raw.some(self._rows[rows]).to_pylist())
        codes[rows] = np.where(rest.codes < 0, -1, rest.codes + known.size)
        return Coded(codes, [*known.values, *rest.values])

    def _calls(self) -> Coded:
        """The names of the calls: one line of each number and shown name is read, and stands for all."""
        tokens = Tokens(self._raw, self._rows)
        number = self._numbers(tokens)
        shown = self._codes(tokens, tokens.field(_SYSCALL, _SHOWN))
        own = number < 0
        if (shown < 0).any():
            own |= (shown < 0) & self._added()
        codes = (number + 1) * (int(shown.max(initial=0)) + 2) + shown + 1
        codes[own] = -1 - np.flatnonzero(own)  # each its own
        found = pa.array(codes).dictionary_encode()
        inverse = found.indices.to_numpy()
        first = np.zeros(len(found.dictionary), np.int64)
        first[inverse[::-1]] = np.arange(len(codes))[::-1]
        parsed = ParsedRecords()
        bodies = [line.partition(b"): ")[2] for line in self._raw.some(self._rows[first]).to_pylist()]
        names = coded_list(parsed.system_call(body).name for body in bodies)
        return Coded(names.codes[inverse], names.values)

    def _numbers(self, tokens: Tokens) -> Codes:
        """Machine and number of each call as one number; -1 where they are not where the kernel writes them."""
        arch, call = tokens.value(2, "arch"), tokens.value(3, "syscall")
        return self._codes(tokens, Spans(arch.start, call.end, arch.there & call.there))

    @staticmethod
    def _codes(tokens: Tokens, spans: Spans) -> Codes:
        """The distinct values of a field as numbers; -1 where it is elsewhere or not there."""
        rows = np.flatnonzero(spans.there)
        codes = np.full(len(tokens), -1, np.int64)
        codes[rows] = tokens.cut(spans.start[rows], spans.end[rows]).dictionary_encode().indices.to_numpy()
        return codes

    def _added(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """SYSCALL lines to which auditd added names."""
        marks = self._index.stops[self._index.bytes[self._index.stops] == 0x1D]
        end = np.searchsorted(marks, self._index.end[self._rows])
        return np.asarray(end > np.searchsorted(marks, self._index.start[self._rows]), np.bool_)
