"""Statements planned once: other rows each time, other types, other schemas of the database, and what was rolled back."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from seqwatch_tui.store.prepared import Prepared

INSERT = "insert into t by name select * from incoming_t"


@pytest.fixture
def con():
    with duckdb.connect() as con:
        con.execute("create table t (a bigint, b varchar)")
        yield con


def stored(con: duckdb.DuckDBPyConnection) -> list[tuple]:
    return con.execute("select a, b from t order by a").fetchall()


def table(**columns: list) -> pa.Table:
    return pa.table(columns)


def test_every_run_has_its_own_rows(con: duckdb.DuckDBPyConnection) -> None:
    prepared = Prepared(con)
    prepared.run("t", INSERT, table(a=[1], b=["x"]))
    prepared.run("t", INSERT, table(a=[2, 3], b=["y", None]))
    prepared.run("t", INSERT, pa.concat_tables([table(a=[4], b=["z"]), table(a=[5], b=["ü"])]))
    assert stored(con) == [(1, "x"), (2, "y"), (3, None), (4, "z"), (5, "ü")]


def test_other_types_are_planned_anew_and_never_misread(con: duckdb.DuckDBPyConnection) -> None:
    prepared = Prepared(con)
    prepared.run("t", INSERT, table(a=[1], b=["x"]))
    words = pa.array(["x", "y"]).dictionary_encode()
    prepared.run("t", INSERT, pa.table({"b": words, "a": pa.array([2, 3], pa.int16())}))
    assert stored(con) == [(1, "x"), (2, "x"), (3, "y")]


def test_after_a_change_of_the_schema_it_still_writes_the_right_columns(con: duckdb.DuckDBPyConnection) -> None:
    prepared = Prepared(con)
    prepared.run("t", INSERT, table(a=[1], b=["x"]))
    con.execute("create table other (a bigint)")
    prepared.run("t", INSERT, table(a=[2], b=["y"]))
    con.execute("drop table t")
    con.execute("create table t (b varchar, c bigint, a bigint)")
    prepared.run("t", INSERT, table(a=[3], b=["z"]))
    assert stored(con) == [(3, "z")]


@pytest.mark.parametrize("forget", [True, False])
def test_what_was_planned_in_a_transaction_that_was_rolled_back_runs_in_the_next(
    con: duckdb.DuckDBPyConnection, forget: bool
) -> None:
    prepared = Prepared(con)
    con.execute("begin")
    prepared.run("t", INSERT, table(a=[1], b=["x"]))
    con.execute("rollback")
    if forget:
        prepared.forget()
    prepared.run("t", INSERT, table(a=[2], b=["y"]))
    assert stored(con) == [(2, "y")]


def test_rows_that_fail_are_not_kept_for_the_next_run(con: duckdb.DuckDBPyConnection) -> None:
    prepared = Prepared(con)
    con.execute("create unique index one on t (a)")
    prepared.run("t", INSERT, table(a=[1], b=["x"]))
    with pytest.raises(duckdb.ConstraintException):
        prepared.run("t", INSERT, table(a=[1], b=["again"]))
    prepared.run("t", INSERT, table(a=[2], b=["y"]))
    assert stored(con) == [(1, "x"), (2, "y")]
