"""The store as the engine sees it: open, commit, ask, close. One writer; readers on any thread."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from seqwatch_tui.model.alert import Alert
from seqwatch_tui.model.assets import asset_dir
from seqwatch_tui.model.evidence import Directory, Gap, Session, SourceState
from seqwatch_tui.model.snooze import Snooze
from seqwatch_tui.parse.schema import EVENT_SCHEMA
from seqwatch_tui.store import buckets, old, rows, write
from seqwatch_tui.store.activity import Activity
from seqwatch_tui.store.connect import connect, does_not_open, first_line, give_back, identity, store_path, wal_path
from seqwatch_tui.store.filter import Filter
from seqwatch_tui.store.interface import Commit, EventsPage, LedgerMark, Rows, StoreError, StoreFatal
from seqwatch_tui.store.lock import EngineLock
from seqwatch_tui.store.migrations import prepare
from seqwatch_tui.store.old import OldMonth
from seqwatch_tui.store.pages import Pager, PageRequest
from seqwatch_tui.store.prepared import Prepared
from seqwatch_tui.store.read import Params, Readers
from seqwatch_tui.store.saved import SavedQuery, load_queries
from seqwatch_tui.store.schema import STATE_TABLES, STATE_VIEWS
from seqwatch_tui.store.transactions import Transactions

READ_SECONDS = 10.0
"""How long one read may take in the engine; ad-hoc SQL has its own process and its own limit."""


class Store:
    """The open store of one state directory. `commit` from one thread at a time, reads from any."""

    def __init__(self, path: Path, con: duckdb.DuckDBPyConnection, lock: EngineLock | None) -> None:
        self.path = path
        self._own_lock = lock
        self._transactions = Transactions(path, con)
        self._prepared = Prepared(con)
        self._readers = Readers(con, READ_SECONDS)
        self.activity = Activity(self._transactions, self._readers)
        self._identity = identity(path)
        self._position = write.load_position(con)
        self._queries = {
            **load_queries(asset_dir("queries") / "investigate"),
            **load_queries(asset_dir("queries") / "panels"),
        }

    @classmethod
    def open(cls, state_dir: Path, lock: EngineLock | None = None) -> Store:
        """Open or create the store of `state_dir`, which must hold the engine's lock: `lock`, or one taken here.

        Raises StoreLocked, or StoreError for a store that does not open; such a store is left as it is.
        """
        own = EngineLock.take(state_dir) if lock is None else None
        path = store_path(state_dir)
        try:
            con = connect(path)
            try:
                prepare(con)
                return cls(path, con, own)
            except duckdb.Error as error:
                con.close()
                raise does_not_open(path, first_line(error)) from error
            except BaseException:
                con.close()
                raise
        except BaseException:
            if own is not None:
                own.release()
            raise

    @staticmethod
    def move_aside(state_dir: Path, now: float) -> Path:
        """Rename database and write-ahead log to `store.duckdb.YYYYMMDDTHHMMSSZ[.wal]`; return the new name.

        For a closed store only, with the engine's lock held. Raises StoreError when there is nothing to move.
        """
        path = store_path(state_dir)
        stamp = dt.datetime.fromtimestamp(now, dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        aside = path.with_name(f"{path.name}.{stamp}")
        if aside.exists() or wal_path(aside).exists():
            raise StoreError(f"{aside} exists already; nothing was moved, try again in a second")
        found = [(each, new) for each, new in ((path, aside), (wal_path(path), wal_path(aside))) if each.exists()]
        if not found:
            raise StoreError(f"there is no store in {state_dir} to move aside")
        for path, new in found:
            path.rename(new)
        return aside

    def commit(self, commit: Commit) -> None:
        """Store all of `commit`, durably, or nothing. Event ids are the caller's and must grow.

        Raises StoreError when it was rolled back, StoreFatal when the instance is invalid: then exit and restart.
        """
        with self._transactions.turn:
            try:
                self._attempt(commit)
            except StoreError as error:
                if commit.events is None or not _invalid_text(error):
                    raise
                self._attempt(replace(commit, events=rows.valid_events(commit.events)))

    def _attempt(self, commit: Commit) -> None:
        planned = False
        try:
            with self._transactions.one("nothing was stored") as con:
                position = write.write(con, commit, self._position, self._prepared)
            planned = position.buckets == self._position.buckets
        finally:
            if not planned:
                self._prepared.forget()
        self._position = position

    def query(self, name: str, params: Mapping[str, Any], limit: int | None = None, now: float | None = None) -> Rows:
        """Run a saved query (queries/panels, queries/investigate); raises StoreError for a bad name or value.

        `$newest`, where a query has it, is the highest event id unless given. `now` is what -24h counts from.
        """
        saved = self.saved(name)
        known = {"newest": self._position.event_id} if "newest" in saved.by_name else {}
        return self._readers.rows(saved.sql, saved.bind({**known, **params}, now), limit)

    def saved(self, name: str) -> SavedQuery:
        """Return a saved query; raises StoreError naming those that exist."""
        if name not in self._queries:
            raise StoreError(f"there is no saved query {name!r}; there are {', '.join(sorted(self._queries))}")
        return self._queries[name]

    def query_sql(self, sql: str, params: Params = (), limit: int | None = None) -> Rows:
        """Run one SELECT of the engine's own, values by `?` or `$name` only; at most `limit` rows."""
        return self._readers.rows(sql, params, limit)

    def events(
        self, limit: int, *, before: int | None = None, after: int | None = None, wanted: Filter | None = None
    ) -> EventsPage:
        """Return the newest `limit` events with after < event_id < before that match the filter, oldest first."""
        pager = Pager(
            self.saved("events_window"), self.saved("events_matched"), partial(self._readers.rows, limit=None)
        )
        return pager.page(PageRequest(limit, before, after, wanted or Filter()), self._position.event_id)

    def arrow(self, sql: str, params: Params = ()) -> pa.Table:
        """Run one SELECT of the engine's own and return Arrow. `events_stored` has EVENT_COLUMNS as committed."""
        return self._readers.arrow(sql, params)

    def export_state(self, folder: Path) -> dict[str, Path]:
        """Write every small table to `folder`/NAME.parquet for the SQL worker; return the files by table name."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        tables = (*STATE_TABLES, *(view.shape for view in STATE_VIEWS))
        files = {table.name: folder / f"{table.name}.parquet" for table in tables}
        for table in tables:
            names = ", ".join(f'"{field.name}"' for field in table.fields)
            found = self.arrow(f"select {names} from {table.name}").cast(rows.arrow_schema(table))  # noqa: S608
            pq.write_table(found, files[table.name], compression="zstd")
        return files

    def mark(self) -> LedgerMark | None:
        """Return how far the ledger had what is stored; None for a new store."""
        return self._position.mark

    def high_water(self) -> int:
        """Return the highest event id ever stored, 0 for none; it stays when events leave."""
        return self._position.event_id

    def next_event_id(self) -> int:
        """Return the id that the next event gets."""
        return self._position.event_id + 1

    def next_alert_id(self) -> int:
        """Return the id that the next alert gets."""
        return self._position.alert_id + 1

    def sources(self) -> list[SourceState]:
        """Return the sources as last committed."""
        return [rows.source_state(r) for r in self.arrow("select * from sources order by name").to_pylist()]

    def sessions(self, since: float = 0.0) -> list[Session]:
        """Return the logins opened at or after `since` (epoch seconds), oldest first."""
        found = self.arrow("select * from sessions where opened >= ? order by opened", [rows.timestamp(since)])
        return [rows.session(r) for r in found.to_pylist()]

    def directories(self, source: str) -> list[Directory]:
        """Return what a source has called directories, oldest first."""
        found = self.arrow("select * from directories where source = ? order by seen", [source])
        return [rows.directory(r) for r in found.to_pylist()]

    def gaps(self, newest: int) -> list[Gap]:
        """Return the newest gaps that were stored, oldest first."""
        found = self.arrow("select * from gaps order by gap_id desc limit ?", [newest])
        return [rows.gap(r) for r in reversed(found.to_pylist())]

    def alert(self, alert_id: int) -> Alert | None:
        """Return an alert as stored, whatever its state."""
        found = self.arrow("select * from alerts where alert_id = ?", [alert_id]).to_pylist()
        return rows.alert(found[0]) if found else None

    def snoozes(self) -> list[Snooze]:
        """Return every snooze, ended ones too, oldest first."""
        return [rows.snooze(r) for r in self.arrow("select * from snoozes order by snooze_id").to_pylist()]

    def open_alerts(self, newest: int | None = None) -> list[Alert]:
        """Return the alerts that are not closed (the `newest` of them), oldest first, as the detector folds into them."""
        sql = "select * from alerts where state <> 'closed' order by alert_id desc limit ?"
        return [rows.alert(r) for r in reversed(self.arrow(sql, [newest]).to_pylist())]

    def recent_events(self, seconds: float) -> pa.Table:
        """Return the events of the last `seconds` before the newest one, EVENT_SCHEMA, in order of arrival."""
        newest = self.query_sql("select ts from events_stored where event_id = ?", [self._position.event_id]).rows
        if not newest or seconds <= 0:
            return EVENT_SCHEMA.empty_table()
        since = newest[0][0] - dt.timedelta(seconds=seconds)
        return self.arrow("select * from events_stored where ts >= ? order by event_id", [since]).cast(EVENT_SCHEMA)

    def recent_processes(self, limit: int) -> pa.Table:
        """Return the newest `limit` events of programs started, EVENT_SCHEMA, in order of arrival."""
        newest = "select * from events_stored where action = 'execute' order by event_id desc limit ?"
        return self.arrow(f"select * from ({newest}) order by event_id", [limit]).cast(EVENT_SCHEMA)  # noqa: S608

    def old_months(self, before: int) -> list[OldMonth]:
        """Return the months before `before` (YYYYMM) that have events to give up, oldest first."""
        return old.find(lambda sql: self.query_sql(sql).rows, self._position.buckets, before)

    def leave(self, month: int) -> None:
        """Take the events of a month (YYYYMM) out, but for those that show open alerts; their evidence rows stay."""
        name = buckets.bucket_name(*divmod(month, 100))
        with self._transactions.turn:
            try:
                with self._transactions.one(f"the events of {month} did not leave the store") as con:
                    con.execute(
                        "update store_meta set value = ? where name = 'dropped_event_id'", [self._position.event_id]
                    )
                    old.leave(con, name, self._position.buckets)
            finally:
                self._prepared.forget()
            self._position = write.load_position(con)

    @property
    def begins(self) -> float | None:
        """Epoch seconds from which on all events are here, older ones being in the ledger only; None while all are here."""
        begins = self._position.begins
        return None if begins is None else old.start_of(begins)

    def give_back(self) -> None:
        """Return to the system the memory that is free just now; for quiet moments. StoreError when DuckDB cannot."""
        with self._transactions.one("memory was not given back") as con:
            give_back(con)

    def check_alive(self) -> None:
        """Raise StoreFatal when the database file was deleted or replaced underneath; by stat, never by opening it."""
        if identity(self.path) != self._identity:
            raise StoreFatal(
                f"the store {self.path} was deleted or replaced while in use, what was stored since is not on disk; "
                "restart the engine, it builds the store anew from the ledger"
            )

    def close(self) -> None:
        """Checkpoint, close, and give back the lock if `open` took it; waits for what is being written."""
        self._readers.close()
        self._transactions.close()
        if self._own_lock is not None:
            self._own_lock.release()


def _invalid_text(error: StoreError) -> bool:
    """Whether a text of the events is not UTF-8, which no batch may fail for: it is stored with odd bytes visible."""
    return not isinstance(error, StoreFatal) and "unicode" in str(error.__cause__)
