"""Raw lines that reach the ledger as the file they are in a segment, made by the process that parsed them.

A back-fill's raw lines are most of its bytes: so made, they cross no pipe, and the engine never holds them unpacked.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.ledger.parquet import read_records, write_records
from seqwatch_tui.parse.schema import RECORD_SCHEMA


@dataclass(frozen=True, slots=True)
class Filed:
    """The records of one batch as Parquet; their events are numbered from `first` on."""

    data: pa.Buffer
    num_rows: int
    first: int

    @classmethod
    def of(cls, records: pa.Table, first: int) -> Filed:
        """File `records` (RECORD_SCHEMA, events numbered from 0)."""
        return cls(write_records(_numbered(records, first)), records.num_rows, first)

    def at(self, first: int) -> Filed:
        """Return the same with events numbered from `first`; made anew where another number was expected."""
        if first == self.first:
            return self
        return Filed(write_records(_numbered(self.table(), first - self.first)), self.num_rows, first)

    def table(self) -> pa.Table:
        """Return the records."""
        return read_records(self.data)


def _numbered(records: pa.Table, by: int) -> pa.Table:
    """Add `by` to the events' numbers; lines of no event keep having none."""
    return records.set_column(0, RECORD_SCHEMA.field(0), pc.add(records.column("event_id"), pa.scalar(by, pa.int64())))
