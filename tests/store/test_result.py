from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from seqwatch_tui.store.result import FORMATS, Format, write_result

TIME = dt.datetime(2026, 11, 22, 3, 7, 0, 250_000)  # noqa: DTZ001 - as the store has it
TABLE = pa.table(
    {
        "z": [1, -2],
        "path": ["=cmd|' /C calc'!A0", "a\x1b]52;c;x\x07\u202eb"],
        "ts": pa.array([TIME, None], pa.timestamp("us")),
        "tags": [["a", "b"], None],
        "x": [float("nan"), 0.5],
        "raw": [b"\xff\x00", None],
        "ok": [True, None],
    }
)


def written(how: Format, table: pa.Table = TABLE) -> bytes:
    out = io.BytesIO()
    assert write_result(how, table.schema, table.to_batches(), out) == table.num_rows
    return out.getvalue()


def test_json_rows_are_objects_in_column_order() -> None:
    rows = json.loads(written("json"))
    assert list(rows[0]) == TABLE.schema.names
    assert rows[0]["ts"] == "2026-11-22T03:07:00.250Z"
    assert (rows[0]["x"], rows[0]["raw"], rows[1]["tags"]) == (None, "\\xff\x00", None)


def test_no_cell_of_a_csv_starts_a_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv").decode(), newline="")))
    assert rows[0]["path"] == "'=cmd|' /C calc'!A0"
    assert rows[1]["z"] == "-2"
    for start in "=+-@\t\r\n":
        text = written("csv", pa.table({start: [start + "1"]})).decode()
        assert all(r[0][0] in "'\\" for r in csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("how", ["table", "csv", "json"])
def test_no_control_character_reaches_a_terminal(how: Format) -> None:
    text = written(how).decode()
    assert not {c for c in text if ord(c) < 32 or 127 <= ord(c) < 160 or c == "\u202e"} - {"\n", "\r"}


def test_a_table_shows_control_characters() -> None:
    text = written("table").decode()
    assert "a\\x1b]52;c;x\\x07\\u202eb" in text
    assert not set(text) & {chr(c) for c in range(32) if c != 10}
    assert "null" in text


def test_columns_of_one_name_are_told_apart() -> None:
    batch = pa.RecordBatch.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    table = pa.Table.from_batches([batch])
    assert json.loads(written("json", table)) == [{"a": 1, "a_2": 2}]
    assert pq.read_table(io.BytesIO(written("parquet", table))).schema.names == ["a", "a_2"]
    three = pa.RecordBatch.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "a", "a_2"])
    assert json.loads(written("json", pa.Table.from_batches([three]))) == [{"a": 1, "a_3": 2, "a_2": 3}]


def test_parquet_and_arrow_give_the_rows_back() -> None:
    assert pq.read_table(io.BytesIO(written("parquet"))).drop(["x"]).equals(TABLE.drop(["x"]))
    assert pa.ipc.open_stream(written("arrow")).read_all().drop(["x"]).equals(TABLE.drop(["x"]))


@pytest.mark.parametrize("how", FORMATS)
def test_no_rows_are_a_result_too(how: Format) -> None:
    assert written(how, TABLE.slice(0, 0))
