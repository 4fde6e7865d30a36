"""Rows and raw lines on their way out: Python lists, one Arrow conversion a column.

Keeps the equation: records counted = rows in `records` + duplicates. Knows nothing of where rows come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
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
        self._records: list[Sequence[Record]] = []
        self._strays: list[Record] = []
        self.duplicates = 0
        self.duplicate_bytes = 0
        self.parts = 0
        """Rows beyond one a line: parts of lines that are too long for one."""

    def add_event(self, row: tuple[object, ...], records: Sequence[Record]) -> None:
        """Add an event's row and its records, in order."""
        self._rows.append(row)
        self._records.append(records)

    def add_record(self, kind: str, line: bytes, position: int) -> None:
        """Add a line that belongs to no event: one that did not parse (UNPARSED), or an end mark that came late."""
        self._strays.append((kind, b"", line, position))

    def add_piece(self, line: bytes, position: int) -> None:
        """Add a piece of a line that is too long; the piece that ends the line stands for it."""
        self.add_record(UNPARSED, line, position)
        self.parts += line[-1:] != b"\n"

    def counts(self) -> Counts:
        """Counts of this batch."""
        lines = [record[2] for record in chain(*self._records, self._strays)]
        return Counts(
            records=len(lines) + self.duplicates,
            events=len(self._rows),
            unparsed=sum(record[0] == UNPARSED for record in self._strays),
            duplicates=self.duplicates,
            bytes=sum(map(len, lines)) + self.duplicate_bytes,
            parts=self.parts,
        )

    def events(self) -> pa.Table:
        """EVENT_SCHEMA; event_id is the row number."""
        n = len(self._rows)
        columns: dict[str, Any] = dict(zip(ROW_COLUMNS, zip(*self._rows, strict=True), strict=False))
        return event_table({**columns, "event_id": pa.array(np.arange(n)), "source": constant(self._source, n)}, n)

    def records(self) -> pa.Table:
        """RECORD_SCHEMA; event_id is the row number in events(), strays come last."""
        sizes = [len(records) for records in self._records]
        ids = np.repeat(np.arange(len(sizes)), sizes)
        seqs = np.arange(len(ids)) - np.repeat(np.cumsum(sizes) - sizes, sizes) if sizes else ids
        flat = list(chain(*self._records, self._strays))
        kinds, _, lines, positions = zip(*flat, strict=True) if flat else ((), (), (), ())
        strays = len(self._strays)
        columns = {
            "event_id": pa.concat_arrays([pa.array(ids, pa.int64()), pa.nulls(strays, pa.int64())]),
            "source": constant(self._source, len(flat)),
            "seq": pa.array(np.concatenate([seqs, np.zeros(strays)]), pa.int32(), safe=False),
            "type": kinds,
            "raw": lines,
            "position": positions,
        }
        return record_table(columns, len(flat))


def constant(text: str, rows: int) -> pa.DictionaryArray:
    """A dictionary column with one value in every row."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([text], pa.string()))
