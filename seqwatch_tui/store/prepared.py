"""Statements that are planned once and run with other rows each time: planning is most of what a small commit costs.

A statement reads its rows from an object that hands out the table of the moment (Arrow PyCapsule interface,
`__arrow_c_stream__`). DuckDB plans a statement again at every run once the schema of the database has changed, so
whoever changes it calls `forget`; so does whoever rolls back.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

MOST_ROWS = 2_048
"""Above this a plan costs nothing beside the rows."""


class _Incoming:
    """What DuckDB knows by a name: the table that is set now."""

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self.table: pa.Table | None = None

    def __arrow_c_schema__(self) -> object:
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        table = self.table if self.table is not None else self.schema.empty_table()
        return table.__arrow_c_stream__(requested_schema)


class Prepared:
    """The planned statements of one connection."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._known: dict[str, _Incoming] = {}

    def run(self, name: str, sql: str, table: pa.Table) -> None:
        """Run `sql`, which reads `incoming_NAME`, with `table` as that; `name` is an identifier and always has this `sql`."""
        incoming = self._known.get(name)
        if incoming is None or not incoming.schema.equals(
            table.schema
        ):  # planned for other types it would misread them
            incoming = _Incoming(table.schema)
            self._con.register(f"incoming_{name}", incoming)
            self._con.execute(f"prepare run_{name} as {sql}")
            self._known[name] = incoming
        incoming.table = table
        try:
            self._con.execute(f"execute run_{name}")
        finally:
            incoming.table = None

    def forget(self) -> None:
        """Plan every statement anew at its next run."""
        self._known.clear()
