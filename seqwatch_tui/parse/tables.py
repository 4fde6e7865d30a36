"""Rows and raw lines on their way out: Python lists, one Arrow conversion a column.

Keeps the equation: records counted = rows in `records` + duplicates. Knows nothing of where rows come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from seqwatch_tui.model.evidence import Counts
from seqwatch_tui.parse.event import ROW_COLUMNS
from seqwatch_tui.parse.group import Record
from seqwatch_tui.parse.normalise import UNPARSED
from seqwatch_tui.parse.schema import event_table, record_table


class Batch:
    """What is handed over at the next take()."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._rows: list[tuple[object, ...]] = []
        self._event_ids: list[int | None] = []
        self._seqs: list[int] = []
        self._types: list[str] = []
        self._lines: list[bytes] = []
        self._positions: list[int] = []
        self.unparsed = 0
        self.duplicates = 0
        self.duplicate_bytes = 0

    def add_event(self, row: tuple[object, ...], records: Sequence[Record]) -> None:
        """Add an event's row and its records, in order."""
        kinds, _, lines, positions = zip(*records, strict=True)
        self._event_ids.extend([len(self._rows)] * len(kinds))
        self._rows.append(row)
        self._seqs.extend(range(len(kinds)))
        self._types.extend(kinds)
        self._lines.extend(lines)
        self._positions.extend(positions)

    def add_record(self, kind: str, line: bytes, position: int) -> None:
        """Add a line that belongs to no event: one that did not parse (UNPARSED), or an end mark that came late."""
        self._event_ids.append(None)
        self._seqs.append(0)
        self._types.append(kind)
        self._lines.append(line)
        self._positions.append(position)
        if kind == UNPARSED:
            self.unparsed += 1

    def counts(self) -> Counts:
        """Counts of this batch."""
        return Counts(
            records=len(self._lines) + self.duplicates,
            events=len(self._rows),
            unparsed=self.unparsed,
            duplicates=self.duplicates,
            bytes=sum(map(len, self._lines)) + self.duplicate_bytes,
        )

    def events(self) -> pa.Table:
        """EVENT_SCHEMA; event_id is the row number."""
        n = len(self._rows)
        columns: dict[str, Any] = dict(zip(ROW_COLUMNS, zip(*self._rows, strict=True), strict=False))
        return event_table({**columns, "event_id": range(n), "source": constant(self._source, n)}, n)

    def records(self) -> pa.Table:
        """RECORD_SCHEMA; event_id is the row number in events()."""
        n = len(self._lines)
        columns = {
            "event_id": self._event_ids,
            "source": constant(self._source, n),
            "seq": self._seqs,
            "type": self._types,
            "raw": self._lines,
            "position": self._positions,
        }
        return record_table(columns, n)


def constant(text: str, rows: int) -> pa.DictionaryArray:
    """A dictionary column with one value in every row."""
    indices = pa.nulls(rows, pa.int32()).fill_null(0)
    return pa.DictionaryArray.from_arrays(indices, pa.array([text], pa.string()))
