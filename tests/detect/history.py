"""History for SQL in tests: a connection with a batch as its views `events` and `records`."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from seqwatch_tui.detect.rule import Rule
from seqwatch_tui.detect.sql import history_sql

_ODD = "replace(replace(replace(regexp_replace(raw::varchar, '[\\\\]x0A$', ''), '\\x22', '\"'), '\\x27', ''''), '\\x5C', '\\')"
_RECORDS = f"SELECT * REPLACE (coalesce(try(rtrim(decode(raw), chr(10))), {_ODD}) AS raw) FROM lines"


def history(events: pa.Table, records: pa.Table) -> duckdb.DuckDBPyConnection:
    """Return a connection that has the views of docs/tables.md."""
    connection = duckdb.connect()
    connection.register("events", events)
    connection.register("lines", records)
    connection.execute(f"CREATE VIEW records AS {_RECORDS}")
    return connection


def found(connection: duckdb.DuckDBPyConnection, rule: Rule) -> list[int]:
    """Ids of the events that a plain rule finds."""
    query = history_sql(rule)
    return [event_id for (event_id,) in connection.execute(query.sql, query.params).fetchall()]
