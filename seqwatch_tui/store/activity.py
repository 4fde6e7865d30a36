"""The derived table `activity` as its one writer sees it: made of events, in no ledger, made anew when lost."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa

from seqwatch_tui.store import write
from seqwatch_tui.store.read import Readers
from seqwatch_tui.store.transactions import Transactions

_FAILED = "the activity was not stored"


class Activity:
    """Replaces rows of `activity`, and notes up to which event they count."""

    def __init__(self, transactions: Transactions, readers: Readers) -> None:
        self._transactions, self._readers = transactions, readers

    def counted(self) -> int:
        """Return the highest event id that the table counts, 0 for none."""
        found = self._readers.rows("select value from store_meta where name = 'profiled_event_id'", (), None).rows
        return int(found[0][0]) if found else 0

    def put(self, found: pa.Table, since: dt.datetime, until: dt.datetime) -> None:
        """Replace the rows from `since` to before `until` (UTC, naive); StoreError when nothing was stored."""
        with self._transactions.one(_FAILED) as con:
            con.execute("delete from activity where hour >= ? and hour < ?", [since, until])
            write.insert(con, "activity", found)

    def set_counted(self, event_id: int) -> None:
        """Note up to which event the table counts; StoreError when nothing was stored."""
        with self._transactions.one(_FAILED) as con:
            con.execute("delete from store_meta where name = 'profiled_event_id'")
            con.execute("insert into store_meta values ('profiled_event_id', ?)", [event_id])
