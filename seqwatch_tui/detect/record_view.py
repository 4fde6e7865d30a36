"""The raw records of a batch as rows with the fields that stand in them; nothing is taken apart that no rule asks for.

A field is asked for by name and type of record. Where the event has the same word already (exe, comm, key, the name of
the call), it is taken from there; where the layout is the kernel's, one regular expression cuts the field out of all
lines at once; else each distinct line is taken apart once (`parse.record_fields`), and remembered. A LAUREL object is
as many rows as it has records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.detect.coded import Coded, Codes, Columns, LazyRowset, coded, coded_list, some_rows
from seqwatch_tui.detect.fields import KEYWORDS, TIME
from seqwatch_tui.detect.relevance import TYPE, Relevance
from seqwatch_tui.parse.record_fields import ENCODED, field_value, laurel_records, record_fields, record_text

OF_THE_EVENT: Mapping[str, str] = {"exe": "exe", "comm": "process", "key": "rule_key", "SYSCALL": "syscall"}
"""Fields of a SYSCALL record that the event has decoded already, and their columns."""
_LAID_OUT: Mapping[str, frozenset[str]] = {
    "SYSCALL": frozenset({
        "a0", "a1", "a2", "a3", "arch", "syscall", "success", "exit", "items", "ppid", "pid", "auid", "uid", "gid",
        "euid", "suid", "fsuid", "egid", "sgid", "fsgid", "tty", "ses",
    }),
    "PATH": frozenset({"name", "nametype", "item", "inode", "dev", "mode", "ouid", "ogid", "rdev"}),
}  # fmt: skip
"""Fields that the kernel writes once, before anything that a person chose (kernel/auditsc.c)."""
_CLOSED: Mapping[str, frozenset[str]] = {
    "SYSCALL": _LAID_OUT["SYSCALL"] | {"comm", "exe", "subj", "key", "per"},
    "PATH": _LAID_OUT["PATH"] | {"obj", "objtype", "cap_fp", "cap_fi", "cap_fe", "cap_fver", "cap_frootid"},
    "CWD": frozenset({"cwd"}), "PROCTITLE": frozenset({"proctitle"}), "SOCKADDR": frozenset({"saddr"}), "EOE": frozenset(),
}  # fmt: skip
"""All that records of the kernel's own layouts have in lower case; what else is asked of them is null."""
_ENCODED = rf"[ '](?:{'|'.join(sorted(ENCODED))})=(?:[0-9A-F]{{2}})+\b"
"""A value in hex: whatever is written in it, keywords are searched in."""
_BULK = 64
"""Records of one type from which on arrays pay."""
_CHEAP = frozenset({TYPE, "nametype", *OF_THE_EVENT})
_MEMO = 1 << 15
JSON = "JSON"
"""Type of a line that is an object; LAUREL's hold records."""

Fields = Mapping[str, str]


class Memo:
    """Records taken apart before, by type and body; forgets all when it holds too many."""

    def __init__(self) -> None:
        self._known: dict[bytes, Fields] = {}
        self._texts: dict[bytes, str] = {}

    def fields(self, line: bytes) -> Fields:
        """Return the fields of a line."""
        head, found, body = line.partition(b"): ")
        key = head.partition(b" msg=audit(")[0] + found + body
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MEMO:
                self._known.clear()
            known = self._known[key] = record_fields(line)
        return known

    def text(self, line: bytes) -> str:
        """Return what keywords are searched in."""
        head, found, body = line.partition(b"): ")
        key = head.partition(b" msg=audit(")[0] + found + body
        known = self._texts.get(key)
        if known is None:
            if len(self._texts) >= _MEMO:
                self._texts.clear()
            known = self._texts[key] = record_text(line)
        return known


@dataclass(frozen=True, slots=True)
class _Group:
    """Records of one type: where they stand among the lines (or, of LAUREL, what they are), and their events' rows."""

    kind: str
    lines: Codes
    event_rows: Codes
    ready: Sequence[tuple[Fields, str]] = ()
    whole: bool = True
    """All records of the type: what is taken apart is worth keeping."""

    def of(self, rows: Codes) -> _Group:
        """Return some of them."""
        if len(rows) == len(self.event_rows):
            return self
        lines = self.lines[rows] if len(self.lines) else self.lines
        ready = [self.ready[row] for row in rows.tolist()] if self.ready else ()
        return _Group(self.kind, lines, self.event_rows[rows], ready, False)


class Records:
    """The records of one batch, as the events they belong to know them."""

    def __init__(self, records: pa.Table | None, event_ids: Codes, events: Columns, memo: Memo) -> None:
        """`records` has RECORD_SCHEMA; `event_ids` are those of the batch, `events` its columns."""
        self.events, self.memo = events, memo
        whole = None if records is None or not records.num_rows else records
        self.raw = pa.array([], pa.binary()) if whole is None else _one(whole.column("raw"))
        self._types = coded(whole.column("type")) if whole is not None else Coded(np.zeros(0, np.int64), [])
        self._rows = _places(_one(whole.column("event_id")), event_ids) if whole is not None else np.zeros(0, np.int64)

    def groups(self, relevance: Relevance) -> list[_Group]:
        """Return the records that rules can look at, by type."""
        found = []
        for code, kind in enumerate(self._types.values):
            if kind == JSON or relevance.fields(kind) is not None:
                lines = np.flatnonzero((self._types.codes == code) & (self._rows >= 0))
                if kind == JSON:
                    found += self._objects(lines, relevance)
                elif len(lines):
                    found.append(_Group(kind, lines, self._rows[lines]))
        return found

    def _objects(self, lines: Codes, relevance: Relevance) -> list[_Group]:
        by_kind: dict[str, list[tuple[int, Fields, str]]] = {}
        for row, line in zip(self._rows[lines].tolist(), self.raw.take(pa.array(lines)).to_pylist(), strict=True):
            for kind, fields, text in laurel_records(line):
                if relevance.fields(kind) is not None:
                    by_kind.setdefault(kind, []).append((row, fields, text))
        none = np.zeros(0, np.int64)
        return [
            _Group(kind, none, np.array([row for row, _, _ in held], np.int64), [(f, text) for _, f, text in held])
            for kind, held in by_kind.items()
        ]

    def of_events(self, kind: str, name: str, rows: Codes) -> Coded:
        """Return a field of the first record of a type that each of some events has."""
        wanted = set(rows.tolist())
        found: dict[int, str | None] = {}
        if kind in self._types.values:
            lines = np.flatnonzero(self._types.codes == list(self._types.values).index(kind))
            near = lines[np.isin(self._rows[lines], rows)]
            for row, line in zip(self._rows[near].tolist(), self.raw.take(pa.array(near)).to_pylist(), strict=True):
                found.setdefault(row, self.memo.fields(line).get(name))
        if JSON in self._types.values and len(found) < len(wanted):
            self._of_objects(kind, name, rows, found)
        return coded_list(found.get(row) for row in rows.tolist())

    def _of_objects(self, kind: str, name: str, rows: Codes, found: dict[int, str | None]) -> None:
        near = np.flatnonzero(np.isin(self._rows, rows))
        for row, line in zip(self._rows[near].tolist(), self.raw.take(pa.array(near)).to_pylist(), strict=True):
            for each, fields, _ in laurel_records(line):
                if each == kind:
                    found.setdefault(row, fields.get(name))


class RecordRows(LazyRowset):
    """The records that some rules can look at, as rows; a `coded.Rowset`."""

    def __init__(self, records: Records, relevance: Relevance) -> None:
        self._records, self._relevance = records, relevance
        self._groups = records.groups(relevance)
        self._made: dict[str, Coded] = {}
        self._taken_apart: dict[str, list[Fields]] = {}

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.event_rows)

    @cached_property
    def event_rows(self) -> Codes:
        """For each row, the row of the batch it belongs to."""
        return np.concatenate([np.zeros(0, np.int64), *(group.event_rows for group in self._groups)])

    def __getitem__(self, name: str) -> Coded:
        """Return a field by codes. A value may be there twice."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = _joined([self._column(group, name) for group in self._groups])
        return made

    @cached_property
    def costly(self) -> frozenset[str]:
        """Fields that have to be cut out of lines, nametype aside: it has few values and many rules begin with it."""
        asked = {name for group in self._groups for name in self._relevance.fields(group.kind) or ()}
        return frozenset(name for name in asked if name not in _CHEAP and not name.startswith(f"{TIME}."))

    def part(self, name: str, rows: Codes) -> Coded:
        """Return a field of some rows, ascending, by codes."""
        found, begin = [], 0
        for group in self._groups:
            end = begin + len(group.event_rows)
            mine = rows[np.searchsorted(rows, begin) : np.searchsorted(rows, end)] - begin
            begin = end
            if len(mine):
                found.append(self._column(group.of(mine), name))
        return _joined(found)

    def _column(self, group: _Group, name: str) -> Coded:
        size = len(group.event_rows)
        if name == TYPE:
            return Coded(np.zeros(size, np.int64), [group.kind])
        if name.startswith(f"{TIME}."):
            return some_rows(self._records.events[name], group.event_rows)
        if name not in (self._relevance.fields(group.kind) or ()):
            return Coded(np.full(size, -1, np.int64), [])
        if group.kind == "SYSCALL" and name in OF_THE_EVENT:
            return some_rows(self._records.events[OF_THE_EVENT[name]], group.event_rows)
        if group.ready:
            return coded_list(text if name == KEYWORDS else fields.get(name) for fields, text in group.ready)
        return self._written(group, name)

    def _written(self, group: _Group, name: str) -> Coded:
        own = _CLOSED.get(group.kind)
        if own is not None and name not in own and name != KEYWORDS and not name.isupper():
            return Coded(np.full(len(group.lines), -1, np.int64), [])
        if name == KEYWORDS:
            return self._texts(group)
        if len(group.lines) >= _BULK and name in _LAID_OUT.get(group.kind, ()):
            return _cut_out(self._lines(group), group.kind, name)
        if len(group.lines) >= _BULK and group.kind in _LAID_OUT and name.isupper():
            return _added(self._lines(group), name)
        fields = self._taken_apart.get(group.kind) if group.whole else None
        if fields is None:
            apart = self._records.memo.fields
            fields = [apart(line) for line in self._lines(group).to_pylist()]
            if group.whole:
                self._taken_apart[group.kind] = fields
        return coded_list(each.get(name) for each in fields)

    def _lines(self, group: _Group) -> pa.Array:
        return self._records.raw.take(pa.array(group.lines))

    def _texts(self, group: _Group) -> Coded:
        """What keywords are searched in; null for lines in which none can be found."""
        lines, words = self._lines(group), self._relevance.words
        if len(lines) < _BULK or words is None or group.kind == "EXECVE":
            return coded_list(map(record_text, lines.to_pylist()))
        worth = np.flatnonzero(pc.match_substring_regex(lines, f"{words}|{_ENCODED}").to_numpy(zero_copy_only=False))
        found = coded_list(map(self._records.memo.text, lines.take(pa.array(worth)).to_pylist()))
        codes = np.full(len(lines), -1, np.int64)
        codes[worth] = found.codes
        return Coded(codes, found.values)


def _cut_out(lines: pa.Array, kind: str, name: str) -> Coded:
    """A field of the kernel's own layout, out of all lines at once."""
    pattern = f' {name}=(?P<v>"[^"]*"|[^\\s,\'\x1d]*)'
    found = pc.struct_field(pc.extract_regex(lines, pattern), 0).dictionary_encode()
    return _mapped(found, [field_value(kind, name, token) for token in found.dictionary.to_pylist()])


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


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _places(ids: pa.Array, event_ids: Codes) -> Codes:
    """The row of each record's event; -1 for a line that belongs to none."""
    wanted = np.asarray(ids.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)
    if not len(event_ids):
        return np.full(len(wanted), -1, np.int64)
    order = np.argsort(event_ids, kind="stable")
    place = order[np.minimum(np.searchsorted(event_ids, wanted, sorter=order), len(event_ids) - 1)]
    return np.where(event_ids[place] == wanted, place, -1)
