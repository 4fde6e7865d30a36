"""Segments of the ledger that an earlier version sealed: the columns they lack are null, whatever is asked."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seqwatch_tui.ledger.spool import _stream, decode, encode
from seqwatch_tui.ledger.values import Batch
from seqwatch_tui.model.columns import EVENT_COLUMNS
from seqwatch_tui.parse.schema import EVENT_SCHEMA, event_table, record_table
from seqwatch_tui.store.child import _scan


@pytest.mark.parametrize("order", [("old", "new"), ("old",), ("new",)])
def test_columns_that_came_later_are_null(tmp_path: Path, order: tuple[str, ...]) -> None:
    table = event_table({"event_id": [1], "ts": [0], "context": ["first-touch"]}, 1)
    pq.write_table(table, tmp_path / "new")
    pq.write_table(table.drop(["context"]), tmp_path / "old")
    con = duckdb.connect()
    sql = _scan(con, [str(tmp_path / name) for name in order], EVENT_COLUMNS)
    found = con.sql(f"select * from ({sql})")
    assert found.columns == EVENT_SCHEMA.names
    said = {"old": None, "new": "first-touch"}
    assert [row[0] for row in found.select("context").fetchall()] == [said[name] for name in order]


def test_batches_of_an_earlier_version_in_the_open_segment_are_read_with_nulls() -> None:
    events = event_table({"event_id": [1], "ts": [0], "context": ["first-touch"]}, 1).drop(["context"])
    records = record_table({"event_id": [1]}, 1)
    frame = encode(1, 1, Batch(events, records, b""))
    (found,) = [decode(memoryview(frame)[len(frame) - size :]) for size in [_payload(events, records)]]
    assert found.events.schema == EVENT_SCHEMA
    assert found.events.column("context").to_pylist() == [None]


def _payload(events: pa.Table, records: pa.Table) -> int:
    """Bytes of the payload of a frame without a note: two lengths and two streams."""
    return 4 + 8 + sum(_stream(table).size for table in (events, records))
