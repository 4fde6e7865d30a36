"""One transaction on the connection that writes: all of it or nothing, and a sentence for what stood in the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from seqwatch_tui.store.connect import first_line
from seqwatch_tui.store.interface import StoreError, StoreFatal


class Transactions:
    """The connection that writes, one transaction at a time whatever thread asks."""

    def __init__(self, path: Path, con: duckdb.DuckDBPyConnection) -> None:
        self._path, self._con = path, con
        self._closed = False
        self.turn = threading.RLock()
        """Held over a transaction, and by whoever keeps something in step with several."""

    @contextmanager
    def one(self, failed: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield the connection inside a transaction that the end of the block commits, an error rolls back.

        DuckDB's errors become StoreError (`failed`, the file, its words), or StoreFatal when the instance is invalid:
        then exit and restart. Everything else is rolled back and passes.
        """
        with self.turn:
            if self._closed:
                raise StoreError(f"the store {self._path} is closed: the engine is stopping")
            try:
                self._con.execute("begin")
                yield self._con
                self._con.execute("commit")
            except duckdb.FatalException as error:
                raise self._stopped(error) from error
            except duckdb.Error as error:
                self._rollback()
                raise StoreError(f"{failed} in {self._path}: {first_line(error)}") from error
            except BaseException:
                self._rollback()
                raise

    def close(self) -> None:
        """Checkpoint and close; waits for the transaction that runs."""
        with self.turn:
            self._closed = True
            self._con.close()

    def _rollback(self) -> None:
        try:
            self._con.execute("rollback")
        except duckdb.FatalException as error:
            raise self._stopped(error) from error
        except duckdb.TransactionException:
            return  # a failed commit has ended the transaction itself

    def _stopped(self, error: duckdb.Error) -> StoreFatal:
        return StoreFatal(f"the store {self._path} has stopped: {first_line(error)}; restart the engine")
