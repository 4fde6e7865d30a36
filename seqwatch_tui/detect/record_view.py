"""The raw records of a batch as rows with the fields that stand in them; nothing is taken apart that no rule asks for.

A field is asked for by name and type of record. Where the event has the same word already (exe, comm, key, the name of
the call), it is taken from there; where few lines can matter, a sieve leaves those; where the layout is the kernel's, a
field is cut out of all lines at once; else each distinct line is taken apart once (`parse.record_fields`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.detect.coded import Coded, Codes, LazyRowset, coded_list, some_rows
from seqwatch_tui.detect.fields import KEYWORDS, TIME
from seqwatch_tui.detect.layouts import LAID_OUT, OF_THE_EVENT, never_has
from seqwatch_tui.detect.raw_records import Fields, Group, Records
from seqwatch_tui.detect.relevance import TYPE, KindRules, Relevance
from seqwatch_tui.detect.sieve import Left, Sieve, Worth
from seqwatch_tui.parse.record_fields import field_value, record_fields

_BULK = 64
"""Records of one type from which on arrays pay."""
_SCANNED = 512
"""Lines from which on a scan of all of them for words beats looking each up."""
_SHORT = 4
"""Characters of words for each of the lines, up to which the pattern is worth its making."""


class KindRows(LazyRowset):
    """The records of one type as rows, and what is left of the rules for them."""

    def __init__(self, records: Records, group: Group, rules: KindRules) -> None:
        self._records, self._group, self.rules = records, group, rules
        self._made: dict[str, Coded] = {}
        self._taken_apart: list[Fields] = []

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self._group.event_rows)

    @property
    def event_rows(self) -> Codes:
        """For each row, the row of the batch it belongs to."""
        return self._group.event_rows

    @property
    def numbers(self) -> Codes:
        """For each row, the row of its line in the batch of records; -1 for a record in a LAUREL object."""
        return self._group.lines if not self._group.ready else np.full(self.rows, -1, np.int64)

    @cached_property
    def costly(self) -> frozenset[str]:
        """Fields that have to be cut out of lines, nametype aside: it has few values and many rules begin with it."""
        cheap = {TYPE, "nametype", *(OF_THE_EVENT if self._group.kind == "SYSCALL" else ())}
        return frozenset(name for name in self.rules.fields if name not in cheap and not name.startswith(f"{TIME}."))

    def __getitem__(self, name: str) -> Coded:
        """Return a field by codes. A value may be there twice."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._column(self._group, name)
        return made

    def worth(self, name: str, rows: Codes, worth: Worth) -> tuple[Codes, Coded]:
        """Return those of some rows, ascending, that are worth a look for a field, and the field in these rows."""
        group = self._group
        if len(rows) < _BULK or group.ready:
            return rows, self._column(group.of(rows), name)
        if name == KEYWORDS:
            rows = self._with_words(rows)
            return rows, self._column(group.of(rows), name)
        left = self._sieve.left(name, rows, worth)
        return left.rows, self._read(name, left)

    def _read(self, name: str, left: Left) -> Coded:
        """A field of the rows that a sieve left."""
        kind, meant = self._group.kind, dict[bytes, str | None]()
        for token in left.written:
            if token is not None and token not in meant:
                meant[token] = field_value(kind, name, token)
        apart = left.rows[[token is None for token in left.written]] if len(left.rows) else left.rows
        rest = iter(self._fields(self._group.of(apart)) if len(apart) else ())
        return coded_list(next(rest).get(name) if token is None else meant[token] for token in left.written)

    @cached_property
    def _sieve(self) -> Sieve:
        return Sieve(self._group.kind, self._records.lines, self._group.lines)

    def _with_words(self, rows: Codes) -> Codes:
        """Rows in whose text a keyword may be found. An EXECVE's arguments are searched with spaces between them."""
        words = self.rules.words
        if words is None or len(rows) < _SCANNED or len(words) > _SHORT * len(rows):
            return rows
        found = pc.match_substring_regex(self._lines(self._group.of(rows)), words)
        return np.asarray(rows[found.to_numpy(zero_copy_only=False)], np.int64)

    def _column(self, group: Group, name: str) -> Coded:
        size = len(group.event_rows)
        if name == TYPE:
            return Coded(np.zeros(size, np.int64), [group.kind])
        if name.startswith(f"{TIME}."):
            return some_rows(self._records.events[name], group.event_rows)
        if name not in self.rules.fields:
            return Coded(np.full(size, -1, np.int64), [])
        if group.kind == "SYSCALL" and name in OF_THE_EVENT:
            return some_rows(self._records.events[OF_THE_EVENT[name]], group.event_rows)
        if group.ready:
            return coded_list(text if name == KEYWORDS else fields.get(name) for fields, text in group.ready)
        return self._written(group, name)

    def _written(self, group: Group, name: str) -> Coded:
        if never_has(group.kind, name):
            return Coded(np.full(len(group.lines), -1, np.int64), [])
        if name == KEYWORDS:
            return coded_list(map(self._records.memo.text, self._lines(group).to_pylist()))
        if len(group.lines) >= _BULK and name in LAID_OUT.get(group.kind, ()):
            return self._cut_out(group, name)
        if len(group.lines) >= _BULK and group.kind in LAID_OUT and name.isupper():
            return _added(self._lines(group), name)
        return coded_list(each.get(name) for each in self._fields(group))

    def _cut_out(self, group: Group, name: str) -> Coded:
        """A field of the kernel's own layout, out of all lines at once."""
        sieve = self._sieve if group.whole else Sieve(group.kind, self._records.lines, group.lines)
        codes, written = sieve.column(name) or (np.full(len(group.lines), -1, np.int64), [])
        distinct = coded_list(field_value(group.kind, name, token) for token in written)
        found = np.append(distinct.codes, -1)[codes]
        apart = np.flatnonzero(codes < 0)
        if not len(apart):
            return Coded(found, distinct.values)
        rest = coded_list(each.get(name) for each in self._fields(group.of(apart)))
        found[apart] = np.where(rest.codes < 0, -1, rest.codes + distinct.size)
        return Coded(found, [*distinct.values, *rest.values])

    def _fields(self, group: Group) -> list[Fields]:
        if group.whole and self._taken_apart:
            return self._taken_apart
        fields = list(map(self._records.memo.fields, self._lines(group).to_pylist()))
        if group.whole:
            self._taken_apart = fields
        return fields

    def _lines(self, group: Group) -> pa.Array:
        return self._records.lines.some(group.lines)


class RecordRows:
    """The records that some rules can look at, as rows; a `coded.Rowset` of those of all types, one type after the other."""

    def __init__(self, records: Records, relevance: Relevance) -> None:
        self.kinds = [KindRows(records, group, rules) for group, rules in records.groups(relevance)]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.event_rows)

    @cached_property
    def event_rows(self) -> Codes:
        """For each row, the row of the batch it belongs to."""
        return np.concatenate([np.zeros(0, np.int64), *(kind.event_rows for kind in self.kinds)])

    @cached_property
    def numbers(self) -> Codes:
        """For each row, the row of its line in the batch of records; -1 for a record in a LAUREL object."""
        return np.concatenate([np.zeros(0, np.int64), *(kind.numbers for kind in self.kinds)])

    def __getitem__(self, name: str) -> Coded:
        """Return a field by codes. A value may be there twice."""
        return _joined([kind[name] for kind in self.kinds])


def _added(lines: pa.Array, name: str) -> Coded:
    """A field that auditd added, from the distinct ends of all lines."""
    found = pc.struct_field(pc.extract_regex(lines, "\x1d(?P<v>.*)"), 0).dictionary_encode()
    return _mapped(found, [record_fields(b"): \x1d" + tail).get(name) for tail in found.dictionary.to_pylist()])


def _mapped(found: pa.DictionaryArray, values: Sequence[str | None]) -> Coded:
    """Codes of a dictionary whose values became others, or null."""
    distinct = coded_list(values)
    codes = np.asarray(found.indices.fill_null(len(values)).to_numpy(zero_copy_only=False), np.int64)
    return Coded(np.append(distinct.codes, -1)[codes], distinct.values)


def _joined(columns: Iterable[Coded]) -> Coded:
    """Columns one below the other."""
    codes = [np.zeros(0, np.int64)]
    values: list[str] = []
    for column in columns:
        codes.append(np.where(column.codes < 0, -1, column.codes + len(values)))
        values += column.values
    return Coded(np.concatenate(codes), values)
