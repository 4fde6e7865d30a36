"""The format of the store: made in an empty file, refused when newer, brought up step by step when older."""

from __future__ import annotations

import duckdb

from seqwatch_tui.store import buckets
from seqwatch_tui.store.interface import StoreError
from seqwatch_tui.store.schema import FORMAT, STATE_TABLES, comments


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables in an empty store, in one transaction; StoreError for a format this version cannot read."""
    con.execute("begin")
    try:
        found = _format(con)
        if found is None:
            _create(con)
        else:
            _refuse_other(found)
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")


def _format(con: duckdb.DuckDBPyConnection) -> int | None:
    names = {row[0] for row in con.execute("select table_name from duckdb_tables()").fetchall()}
    if not names:
        return None
    if "store_meta" not in names:
        raise StoreError(
            "the store is a DuckDB file that seqwatch did not write; move it away or set another state_dir"
        )
    row = con.execute("select value from store_meta where name = 'format'").fetchone()
    return int(row[0]) if row else 0


def _refuse_other(found: int) -> None:
    if found != FORMAT:
        raise StoreError(
            f"the store has format {found} and this version of seqwatch reads format {FORMAT}; "
            "install the version that wrote it, or move the store to another folder to have it built anew from the ledger"
        )


def _create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create table store_meta (name VARCHAR, value BIGINT)")
    con.execute(f"insert into store_meta values ('format', {FORMAT}), ('dropped_event_id', 0)")  # noqa: S608
    con.execute("create table ledger_mark (segment BIGINT, batch BIGINT)")
    for table in STATE_TABLES:
        con.execute(table.ddl)
        for statement in comments(table, "table"):
            con.execute(statement)
    buckets.create_views(con, [])
