"""The raw records of a batch: their lines, by type, and the events they belong to; what was taken apart is remembered.

A LAUREL object is as many records as it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
import pyarrow as pa

from seqwatch_tui.detect.coded import Coded, Codes, Columns, coded, coded_list
from seqwatch_tui.detect.relevance import KindRules, Relevance
from seqwatch_tui.detect.tokens import RawLines
from seqwatch_tui.parse.record_fields import laurel_records, record_fields, record_text

_MEMO = 1 << 15
JSON = "JSON"
"""Type of a line that is an object; LAUREL's hold records."""

Fields = Mapping[str, str]
T = TypeVar("T")


class _Known(Generic[T]):
    """What was made of lines before, by type and body; forgets all when it holds too much."""

    def __init__(self, make: Callable[[bytes], T]) -> None:
        self._make = make
        self._made: dict[bytes, T] = {}

    def __call__(self, line: bytes) -> T:
        head, found, body = line.partition(b"): ")
        key = head.partition(b" msg=audit(")[0] + found + body
        known = self._made.get(key)
        if known is None:
            if len(self._made) >= _MEMO:
                self._made.clear()
            known = self._made[key] = self._make(line)
        return known


class Memo:
    """Records taken apart before: `fields` of a line, and the `text` that keywords are searched in."""

    def __init__(self) -> None:
        self.fields: _Known[Fields] = _Known(record_fields)
        self.text: _Known[str] = _Known(record_text)


@dataclass(frozen=True, slots=True)
class Group:
    """Records of one type: where they stand among the lines (or, of LAUREL, what they are), and their events' rows."""

    kind: str
    lines: Codes
    event_rows: Codes
    ready: Sequence[tuple[Fields, str]] = ()
    whole: bool = True
    """All records of the type: what is taken apart is worth keeping."""

    def of(self, rows: Codes) -> Group:
        """Return some of them."""
        if len(rows) == len(self.event_rows):
            return self
        lines = self.lines[rows] if len(self.lines) else self.lines
        ready = [self.ready[row] for row in rows.tolist()] if self.ready else ()
        return Group(self.kind, lines, self.event_rows[rows], ready, False)


class FieldsOfEvents(Protocol):
    """What events know of their records: OF_THE_EVENT by column, and the parts of `ts`."""

    def __getitem__(self, name: str) -> Coded:
        """A column of the events by codes."""


class Records:
    """Raw records: their lines and types, and the row of the event that each belongs to (-1: none)."""

    def __init__(self, lines: RawLines, types: Coded, rows: Codes, events: FieldsOfEvents, memo: Memo) -> None:
        self.lines, self.events, self.memo = lines, events, memo
        self._types, self._rows = types, rows

    @classmethod
    def of_batch(cls, records: pa.Table | None, event_ids: Codes, events: Columns, memo: Memo) -> Records:
        """`records` has RECORD_SCHEMA; `event_ids` are those of the batch, `events` its columns."""
        if records is None or not records.num_rows:
            none = np.zeros(0, np.int64)
            return cls(RawLines(pa.array([], pa.binary())), Coded(none, []), none, events, memo)
        rows = _places(_one(records.column("event_id")), event_ids)
        return cls(RawLines(_one(records.column("raw"))), coded(records.column("type")), rows, events, memo)

    def groups(self, relevance: Relevance) -> list[tuple[Group, KindRules]]:
        """Return the records that rules can look at, by type, with what is left of the rules."""
        found: list[tuple[Group, KindRules]] = []
        for code, kind in enumerate(self._types.values):
            rules = None if kind == JSON else relevance.rules(kind)
            if kind == JSON or rules is not None:
                lines = np.flatnonzero((self._types.codes == code) & (self._rows >= 0))
                if rules is None:
                    found += self._objects(lines, relevance)
                elif len(lines):
                    found.append((Group(kind, lines, self._rows[lines]), rules))
        return found

    def _objects(self, lines: Codes, relevance: Relevance) -> list[tuple[Group, KindRules]]:
        by_kind: dict[str, list[tuple[int, Fields, str]]] = {}
        for row, line in zip(self._rows[lines].tolist(), self.lines.some(lines).to_pylist(), strict=True):
            for kind, fields, text in laurel_records(line):
                by_kind.setdefault(kind, []).append((row, fields, text))
        none = np.zeros(0, np.int64)
        return [
            (
                Group(kind, none, np.array([row for row, _, _ in held], np.int64), [(f, text) for _, f, text in held]),
                rules,
            )
            for kind, held in by_kind.items()
            if (rules := relevance.rules(kind, raw=False)) is not None
        ]

    def of_events(self, kind: str, name: str, rows: Codes) -> Coded:
        """Return a field of the first record of a type that each of some events has."""
        wanted = set(rows.tolist())
        found: dict[int, str | None] = {}
        if kind in self._types.values:
            lines = np.flatnonzero(self._types.codes == list(self._types.values).index(kind))
            near = lines[np.isin(self._rows[lines], rows)]
            for row, line in zip(self._rows[near].tolist(), self.lines.some(near).to_pylist(), strict=True):
                found.setdefault(row, self.memo.fields(line).get(name))
        if JSON in self._types.values and len(found) < len(wanted):
            self._of_objects(kind, name, rows, found)
        return coded_list(found.get(row) for row in rows.tolist())

    def _of_objects(self, kind: str, name: str, rows: Codes, found: dict[int, str | None]) -> None:
        near = np.flatnonzero(np.isin(self._rows, rows))
        for row, line in zip(self._rows[near].tolist(), self.lines.some(near).to_pylist(), strict=True):
            for each, fields, _ in laurel_records(line):
                if each == kind:
                    found.setdefault(row, fields.get(name))


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
