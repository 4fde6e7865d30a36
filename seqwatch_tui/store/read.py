"""Readers: cursors that cannot write, any number of threads, each answer bounded in rows and time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from seqwatch_tui.store.connect import first_line
from seqwatch_tui.store.interface import Rows, StoreError, StoreFatal

_END_SECONDS = 5.0
"""How long `close` waits for readers that were interrupted."""
Params = Mapping[str, Any] | Sequence[Any]
_T = TypeVar("_T")


class Readers:
    """A pool of cursors on one instance. Every read runs in a READ ONLY transaction, the one guard that always held."""

    def __init__(self, con: duckdb.DuckDBPyConnection, seconds: float) -> None:
        self._con = con
        self._milliseconds = round(seconds * 1000)
        self._idle: queue.LifoQueue[duckdb.DuckDBPyConnection] = queue.LifoQueue()
        self._busy: set[duckdb.DuckDBPyConnection] = set()
        self._change = threading.Condition()
        self._closed = False

    def rows(self, sql: str, params: Params, limit: int | None) -> Rows:
        """Return at most `limit` rows (None = all) of one SELECT."""

        def fetch(cursor: duckdb.DuckDBPyConnection) -> Rows:
            text = sql if limit is None else f"select * from (\n{sql}\n) limit {limit + 1}"  # noqa: S608
            cursor.execute(text, params or None)
            columns = tuple(d[0] for d in cursor.description or ())
            found = cursor.fetchall()
            cut = limit is not None and len(found) > limit
            return Rows(columns, found[:limit] if cut else found, cut)

        return self._run(fetch)

    def arrow(self, sql: str, params: Params) -> pa.Table:
        """Return all rows of one SELECT as Arrow."""
        return self._run(lambda cursor: cursor.sql(sql, params=params or None).to_arrow_table())

    def close(self) -> None:
        """Open no more cursors, interrupt those at work and wait for their end, close the idle ones.

        DuckDB refuses to close a connection while one of its cursors is at work.
        """
        with self._change:
            self._closed = True
            for cursor in self._busy:
                cursor.interrupt()
            self._change.wait_for(lambda: not self._busy, timeout=_END_SECONDS)
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return

    def _run(self, fetch: Callable[[duckdb.DuckDBPyConnection], _T]) -> _T:
        try:
            with self._cursor() as cursor:
                return fetch(cursor)
        except duckdb.FatalException as error:
            raise StoreFatal(f"the store has stopped: {first_line(error)}; restart the engine") from error
        except duckdb.InterruptException as error:
            raise StoreError(f"a query took longer than {self._milliseconds / 1000:g} s and was stopped") from error
        except duckdb.Error as error:
            raise StoreError(f"a query failed: {first_line(error)}") from error

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = self._take()
        try:
            cursor.execute("begin transaction read only")
            yield cursor
            cursor.execute("commit")
        except BaseException:
            self._give_back(cursor, whole=False)  # whatever state it is in, the next reader gets a fresh one
            raise
        self._give_back(cursor, whole=True)

    def _take(self) -> duckdb.DuckDBPyConnection:
        with self._change:
            if self._closed:
                raise StoreError("the store is closed: the engine is stopping")
            try:
                cursor = self._idle.get_nowait()
            except queue.Empty:
                cursor = self._open()
            self._busy.add(cursor)
        return cursor

    def _give_back(self, cursor: duckdb.DuckDBPyConnection, *, whole: bool) -> None:
        with self._change:
            if whole and not self._closed:
                self._idle.put(cursor)
            else:
                cursor.close()
            self._busy.discard(cursor)
            self._change.notify_all()

    def _open(self) -> duckdb.DuckDBPyConnection:
        cursor = self._con.cursor()
        cursor.execute("use store")
        cursor.execute(f"set max_execution_time = {self._milliseconds}")
        return cursor
