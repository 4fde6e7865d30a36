"""A segment before it is on disk: the bytes of its two files and its entry in the chain."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.ledger.chain import Entry
from seqwatch_tui.ledger.filed import Filed
from seqwatch_tui.ledger.layout import Layout
from seqwatch_tui.ledger.parquet import write_events, write_records
from seqwatch_tui.ledger.values import Note


@dataclass(frozen=True, slots=True)
class File:
    """One file to be written."""

    path: Path
    data: memoryview

    @property
    def temporary(self) -> Path:
        """The name it has until it is whole and synced."""
        return self.path.with_name(self.path.name + ".tmp")


@dataclass(frozen=True, slots=True)
class Sealed:
    """The content of a segment."""

    entry: Entry
    events: memoryview
    records: memoryview

    def files(self, layout: Layout) -> tuple[File, File]:
        """Its files, events first."""
        segment = layout.segment(self.entry.segment)
        return File(segment.events_path, self.events), File(segment.records_path, self.records)


def make(number: int, events: pa.Table, records: pa.Table | Filed, notes: Sequence[Note], now: float) -> Sealed:
    """Turn tables into a segment; `now` is epoch seconds."""
    filed = records.data if isinstance(records, Filed) else write_records(records)
    first_file, second_file = memoryview(write_events(events, notes)), memoryview(filed)
    ends = pc.min_max(events.column("event_id")).as_py()
    entry = Entry(
        number, events.num_rows, records.num_rows, ends["min"], ends["max"], round(now, 6),
        hashlib.sha256(first_file).hexdigest(), hashlib.sha256(second_file).hexdigest(),
    )  # fmt: skip
    return Sealed(entry, first_file, second_file)
