"""Tables to Parquet and back. The same tables and notes give the same bytes.

zstd level 1: at three million raw lines a minute time matters more than the tenth that a higher level saves. `raw` and
the path-like columns are too diverse for a dictionary; positions and ids grow, so they are stored as differences.
Format: Apache Parquet 2.6, with page checksums, readable by any reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from seqwatch_tui.ledger import notes as packed
from seqwatch_tui.ledger.values import Note, RawRecord
from seqwatch_tui.parse.schema import RECORD_SCHEMA, event_table, record_table

_NOTES = "seqwatch.notes"
_ROW_GROUP = 32_768
_NO_DICTIONARY = {"path", "old_path", "command_line"}
_COMMON: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 1,
    "write_page_checksum": True,
    "version": "2.6",
}


def write_events(events: pa.Table, notes: Sequence[Note]) -> pa.Buffer:
    """Return the events file of a segment, with the notes of its batches in its metadata."""
    dictionary = [
        field.name for field in events.schema
        if pa.types.is_dictionary(field.type) and field.name not in _NO_DICTIONARY
    ]  # fmt: skip
    deltas = ("event_id", "ts", "serial")
    return _write(
        events, {_NOTES: packed.to_text(notes)}, use_dictionary=dictionary, column_encoding=_delta(deltas),
        write_statistics=["event_id", "ts"],
    )  # fmt: skip


def write_records(records: pa.Table) -> pa.Buffer:
    """Return the records file of a segment; statistics on event_id find the row group of an event."""
    return _write(
        records, {}, use_dictionary=["source", "type"], column_encoding=_delta(("event_id", "position", "seq")),
        write_statistics=["event_id"],
    )  # fmt: skip


def read_events(data: pa.Buffer) -> tuple[pa.Table, list[Note]]:
    """Return the events (EVENT_SCHEMA, columns added since are null) and the notes. Check the hash before."""
    with pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True) as file:
        table = file.read(use_threads=False)
        text = (file.metadata.metadata or {}).get(_NOTES.encode(), b"[]")
    return event_table(_columns(table), table.num_rows), packed.from_text(text)


def read_records(data: pa.Buffer) -> pa.Table:
    """Return the records (RECORD_SCHEMA). Check the hash before."""
    with pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True) as file:
        table = file.read(use_threads=False)
    return record_table(_columns(table), table.num_rows)


def find_records(path: Path, event_id: int) -> list[RawRecord]:
    """Return the records of one event, reading only row groups that may hold it (page checksums are verified)."""
    found: list[RawRecord] = []
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        position = file.schema_arrow.get_field_index("event_id")
        for number in range(file.metadata.num_row_groups):
            statistics = file.metadata.row_group(number).column(position).statistics
            if statistics is None or not statistics.has_min_max or statistics.min <= event_id <= statistics.max:
                found += rows_of(file.read_row_group(number, use_threads=False), event_id)
    return found


def records_from(path: Path, event_id: int) -> tuple[pa.Table, bool]:
    """Return the records of `event_id` and later events, and whether an earlier file may hold more of them."""
    tables, more = [], True
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        position = file.schema_arrow.get_field_index("event_id")
        for number in range(file.metadata.num_row_groups):
            statistics = file.metadata.row_group(number).column(position).statistics
            known = statistics is not None and statistics.has_min_max
            more = more and not (known and statistics.min < event_id)
            if not known or statistics.max >= event_id:
                table = file.read_row_group(number, use_threads=False)
                tables.append(table.filter(pa.compute.greater_equal(table.column("event_id"), event_id)))
    found = [record_table(_columns(table), table.num_rows) for table in tables]
    return pa.concat_tables([RECORD_SCHEMA.empty_table(), *found]), more


def rows_of(records: pa.Table, event_id: int) -> list[RawRecord]:
    """Return the records of one event from a table of RECORD_SCHEMA, in its order."""
    mask = pa.compute.equal(records.column("event_id"), event_id)
    names = ["source", "seq", "type", "raw", "position"]
    return [RawRecord(**row) for row in records.filter(mask).select(names).to_pylist()]


def _write(table: pa.Table, metadata: dict[str, str], **options: Any) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    table = table.unify_dictionaries().combine_chunks()
    with pq.ParquetWriter(sink, table.schema, **_COMMON, **options) as writer:
        writer.write_table(table, row_group_size=_ROW_GROUP)
        if metadata:
            writer.add_key_value_metadata(metadata)
    return sink.getvalue()


def _delta(names: Sequence[str]) -> dict[str, str]:
    return dict.fromkeys(names, "DELTA_BINARY_PACKED")


def _columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    return {name: table.column(name) for name in table.schema.names}
