"""The Arrow form of `events` and `records`: what parsers hand over, what policy, rules, store and ledger take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from seqwatch_tui.model.columns import EVENT_COLUMNS, RECORD_COLUMNS, Column

_TYPES: dict[str, pa.DataType] = {
    "int64": pa.int64(),
    "int32": pa.int32(),
    "bool": pa.bool_(),
    "string": pa.string(),
    "binary": pa.binary(),
    "dict": pa.dictionary(pa.int32(), pa.string()),
    "timestamp[us]": pa.timestamp("us"),
}


def _schema(columns: Sequence[Column]) -> pa.Schema:
    return pa.schema([pa.field(c.name, _TYPES[c.arrow]) for c in columns])


EVENT_SCHEMA: pa.Schema = _schema(EVENT_COLUMNS)
RECORD_SCHEMA: pa.Schema = _schema(RECORD_COLUMNS)


def event_table(columns: Mapping[str, Sequence[Any] | pa.Array | pa.ChunkedArray], rows: int) -> pa.Table:
    """Build a table of EVENT_SCHEMA from the columns at hand; the others are null. Python values are converted."""
    return _table(EVENT_SCHEMA, columns, rows)


def record_table(columns: Mapping[str, Sequence[Any] | pa.Array | pa.ChunkedArray], rows: int) -> pa.Table:
    """Build a table of RECORD_SCHEMA from the columns at hand; the others are null."""
    return _table(RECORD_SCHEMA, columns, rows)


def _table(schema: pa.Schema, columns: Mapping[str, Any], rows: int) -> pa.Table:
    unknown = columns.keys() - set(schema.names)
    if unknown:
        raise KeyError(f"no such columns: {', '.join(sorted(unknown))}")
    return pa.Table.from_arrays([_array(columns.get(f.name), f.type, rows) for f in schema], schema=schema)


def _array(values: Any, kind: pa.DataType, rows: int) -> pa.Array | pa.ChunkedArray:
    if values is None:
        return _nulls(kind, rows)
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values if values.type == kind else values.cast(kind)
    return pa.array(values, kind)


def _nulls(kind: pa.DataType, rows: int) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(pa.nulls(rows, pa.int32()), pa.array([], pa.string()))
    return pa.nulls(rows, kind)
