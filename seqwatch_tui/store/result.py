"""A result on its way out: table, JSON, CSV, Parquet or Arrow, batch by batch, for whoever asked on a command line.

What came from logs is hostile: tables and CSV show control characters as visible text and no cell of a CSV starts a
formula (OWASP, "CSV Injection"); JSON is ASCII. Parquet and Arrow hold the values as they are.
"""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import io
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import singledispatch
from typing import IO, Any, Literal

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from seqwatch_tui.model.text import from_bytes, safe_text

Format = Literal["table", "json", "csv", "parquet", "arrow"]
FORMATS: tuple[Format, ...] = ("table", "json", "csv", "parquet", "arrow")
_FORMULA = ("=", "+", "-", "@")
_WIDEST = 120
"""Characters of the widest cell of a table; a longer one is cut with an ellipsis."""


def write_result(how: Format, schema: pa.Schema, batches: Iterable[pa.RecordBatch], out: IO[bytes]) -> int:
    """Write a result to a binary file and return its rows. All but `table` stream: memory does not grow with the rows."""
    if how == "arrow":
        return _counted(batches, pa.ipc.new_stream(out, schema))
    if how == "parquet":
        return _counted(batches, pq.ParquetWriter(out, _unique(schema), compression="zstd"))
    text = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
    try:
        names = _unique(schema).names
        return _WRITERS[how](names, _rows(batches), text)
    finally:
        text.detach()


def _counted(batches: Iterable[pa.RecordBatch], writer: Any) -> int:
    rows = 0
    with writer:
        for batch in batches:
            named = (
                pa.RecordBatch.from_arrays(batch.columns, schema=writer.schema) if hasattr(writer, "schema") else batch
            )
            writer.write_batch(named)
            rows += batch.num_rows
    return rows


def _unique(schema: pa.Schema) -> pa.Schema:
    """Return the schema with repeated names told apart: a, a_2, a_3, with none that another column has."""
    taken = set(schema.names)
    seen: dict[str, int] = {}
    fields = []
    for field in schema:
        number, name = seen.get(field.name, 0) + 1, field.name
        while number > 1 and (name := f"{field.name}_{number}") in taken:
            number += 1
        seen[field.name] = number
        taken.add(name)
        fields.append(field.with_name(name))
    return pa.schema(fields)


def _rows(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[Any, ...]]:
    for batch in batches:
        yield from zip(*(values_of(column) for column in batch.columns), strict=True)


def values_of(column: pa.Array) -> list[Any]:
    """Return a column as Python values; times that Python has no value for (infinity, the year 20000) as text."""
    try:
        values: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):
        values = column.cast(pa.int64() if pa.types.is_timestamp(column.type) else pa.int32()).to_pylist()
        return [None if v is None else f"{v} ({column.type} out of range)" for v in values]
    return values


@singledispatch
def plain(value: Any) -> Any:
    """Return a value as JSON has it: times as ISO 8601 (UTC as `Z`), bytes as visible text, not-a-number as null."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


@plain.register(bool)
@plain.register(int)
@plain.register(str)
@plain.register(type(None))
def _same(value: Any) -> Any:
    return value


@plain.register
def _(value: float) -> float | None:
    return value if math.isfinite(value) else None


@plain.register
def _(value: decimal.Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


@plain.register
def _(value: dt.datetime) -> str:
    return _utc(value)


@plain.register
def _(value: bytes) -> str:
    return from_bytes(value)


@plain.register
def _(value: dict) -> dict[str, Any]:  # type: ignore[type-arg]
    return {str(k): plain(v) for k, v in value.items()}


@plain.register(list)
@plain.register(tuple)
def _items(value: Sequence[Any]) -> list[Any]:
    return [plain(v) for v in value]


def _utc(value: dt.datetime) -> str:
    naive = value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    return naive.isoformat(timespec="milliseconds" if naive.microsecond % 1000 == 0 else "microseconds") + "Z"


def _json(names: Sequence[str], rows: Iterator[tuple[Any, ...]], out: IO[str]) -> int:
    count = 0
    for row in rows:
        out.write("[\n" if not count else ",\n")
        out.write(json.dumps(dict(zip(names, map(plain, row), strict=True))))
        count += 1
    out.write("\n]\n" if count else "[]\n")
    return count


def _csv(names: Sequence[str], rows: Iterator[tuple[Any, ...]], out: IO[str]) -> int:
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_cell(n) for n in names])
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - the last number is the answer
        writer.writerow([_cell(v) for v in row])
    return count


def _cell(value: Any) -> Any:
    shown = plain(value)
    if not isinstance(shown, str):
        return json.dumps(shown) if isinstance(shown, dict | list) else shown
    text = safe_text(shown)
    return "'" + text if text.startswith(_FORMULA) else text


def _table(names: Sequence[str], rows: Iterator[tuple[Any, ...]], out: IO[str]) -> int:
    texts = [[_shown(v) for v in row] for row in rows]
    head = [safe_text(n, _WIDEST) for n in names]
    widths = [max(map(len, column)) for column in zip(head, *texts, strict=True)]
    for line in (head, ["-" * w for w in widths], *texts):
        out.write("  ".join(text.ljust(w) for text, w in zip(line, widths, strict=True)).rstrip() + "\n")
    return len(texts)


def _shown(value: Any) -> str:
    shown = plain(value)
    if shown is None:
        return "null"
    text = json.dumps(shown, ensure_ascii=False) if isinstance(shown, dict | list | bool) else str(shown)
    return safe_text(text, _WIDEST)


_WRITERS = {"json": _json, "csv": _csv, "table": _table}
