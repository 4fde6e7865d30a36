"""The format of the store: made in an empty file, refused when newer, given what it lacks when older."""

from __future__ import annotations

from collections.abc import Sequence, Set

import duckdb

from seqwatch_tui.model.columns import EVENT_COLUMNS
from seqwatch_tui.store import buckets
from seqwatch_tui.store.interface import StoreError
from seqwatch_tui.store.schema import FORMAT, STATE_TABLES, STATE_VIEWS, TableDef, comments


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of an empty store, or add what an older one lacks, in one transaction.

    StoreError for a format this version cannot read.
    """
    con.execute("begin")
    try:
        found = _format(con)
        if found is None:
            _create(con)
        else:
            _refuse_newer(found)
            _upgrade(con)
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


def _refuse_newer(found: int) -> None:
    if found > FORMAT:
        raise StoreError(
            f"the store has format {found} and this version of seqwatch reads format {FORMAT}; "
            "install the version that wrote it, or move the store to another folder to have it built anew from the ledger"
        )


def _upgrade(con: duckdb.DuckDBPyConnection) -> None:
    """Add the tables and columns that are missing, empty; nothing that is there changes. Without effect when all is there."""
    have = _columns(con)
    wanted = {table.name: [(f.name, f.sql) for f in table.fields] for table in STATE_TABLES}
    wanted |= {name: [(c.name, c.sql) for c in EVENT_COLUMNS] for name in buckets.existing(con)}
    for table in STATE_TABLES:
        if table.name not in have:
            con.execute(table.ddl)
    added = {name for name in wanted if name in have and _add_columns(con, name, wanted[name], have[name])}
    for table in STATE_TABLES:
        if table.name not in have or table.name in added:
            _comment(con, table, "table")
    if added or wanted.keys() - have.keys() or _format(con) != FORMAT:
        buckets.create_views(con, buckets.existing(con))
        _create_state_views(con)
        con.execute("update store_meta set value = ? where name = 'format'", [FORMAT])


def _columns(con: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    sql = "select table_name, column_name from duckdb_columns() where database_name = 'store' and not internal"
    for table, column in con.execute(sql).fetchall():
        found.setdefault(table, set()).add(column)
    return found


def _add_columns(
    con: duckdb.DuckDBPyConnection, table: str, wanted: Sequence[tuple[str, str]], have: Set[str]
) -> list[str]:
    missing = [(name, kind) for name, kind in wanted if name not in have]
    for name, kind in missing:
        con.execute(f'alter table {table} add column "{name}" {kind}')
    return [name for name, _ in missing]


def _comment(con: duckdb.DuckDBPyConnection, table: TableDef, kind: str) -> None:
    for statement in comments(table, kind):
        con.execute(statement)


def _create_state_views(con: duckdb.DuckDBPyConnection) -> None:
    for view in STATE_VIEWS:
        con.execute(f"create or replace view {view.shape.name} as {view.select}")
        _comment(con, view.shape, "view")


def _create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create table store_meta (name VARCHAR, value BIGINT)")
    con.execute(f"insert into store_meta values ('format', {FORMAT}), ('dropped_event_id', 0)")  # noqa: S608
    con.execute("create table ledger_mark (segment BIGINT, batch BIGINT)")
    for table in STATE_TABLES:
        con.execute(table.ddl)
        _comment(con, table, "table")
    buckets.create_views(con, [])
    _create_state_views(con)
