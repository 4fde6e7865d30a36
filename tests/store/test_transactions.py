"""Tests of transactions: all of a block or nothing, and one sentence for what stood in the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from seqwatch_tui.store.interface import StoreError, StoreFatal
from seqwatch_tui.store.store import Store
from seqwatch_tui.store.transactions import Transactions


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the numbers 1 to 3."""
    with duckdb.connect() as opened:
        opened.execute("create table kept as select unnest([1, 2, 3]) as number")
        yield opened


def numbers(con: duckdb.DuckDBPyConnection) -> list[int]:
    """What is stored now."""
    return [n for (n,) in con.cursor().execute("select number from kept order by number").fetchall()]


def forget(con: duckdb.DuckDBPyConnection, missing: str) -> None:
    """Delete everything, then fail outside of the database."""
    con.execute("delete from kept")
    raise KeyError(missing)


def test_an_error_of_the_database_undoes_the_block_and_says_which_file(con: duckdb.DuckDBPyConnection) -> None:
    transactions = Transactions(Path("/srv/store.duckdb"), con)
    with (
        pytest.raises(StoreError, match=r"^nothing was kept in /srv/store\.duckdb: .*nowhere"),
        transactions.one("nothing was kept") as inside,
    ):
        inside.execute("delete from kept; insert into nowhere values (1)")
    assert numbers(con) == [1, 2, 3]


def test_an_error_of_the_caller_undoes_the_block_and_passes(con: duckdb.DuckDBPyConnection) -> None:
    transactions = Transactions(Path("store"), con)
    with pytest.raises(KeyError), transactions.one("nothing was kept") as inside:
        forget(inside, "a table")
    assert numbers(con) == [1, 2, 3]
    with transactions.one("nothing was kept") as inside:
        inside.execute("delete from kept where number = 2")
    assert numbers(con) == [1, 3]


def test_an_instance_that_became_invalid_says_restart(con: duckdb.DuckDBPyConnection) -> None:
    transactions = Transactions(Path("store"), con)
    with pytest.raises(StoreFatal, match="has stopped: disk full; restart the engine"), transactions.one("nothing"):
        raise duckdb.FatalException("disk full")


def test_closing_waits_for_the_block_and_refuses_what_comes_after(con: duckdb.DuckDBPyConnection) -> None:
    transactions = Transactions(Path("store"), con)
    with transactions.one("nothing was kept") as inside:
        closing = threading.Thread(target=transactions.close)
        closing.start()
        inside.execute("delete from kept")  # would fail on a closed connection
    closing.join(10)
    with pytest.raises(StoreError, match="is closed: the engine is stopping"), transactions.one("nothing was kept"):
        pytest.fail("the block of a closed store ran")


def test_how_far_the_activity_counts_has_one_value_at_any_moment(tmp_path: Path) -> None:
    """A reader between two writes sees the old or the new value, never none."""
    store = Store.open(tmp_path)
    store.activity.set_counted(1)
    done, seen = threading.Event(), set()

    def watch() -> None:
        while not done.is_set():
            seen.add(store.activity.counted())

    watching = threading.Thread(target=watch)
    watching.start()
    for number in range(1, 60):
        store.activity.set_counted(number)
    done.set()
    watching.join(10)
    final = store.activity.counted()
    store.close()
    assert final == 59
    assert 0 not in seen
