"""Months of events that leave the store once they are old; the ledger has them. What shows an open alert stays.

Evidence keeps naming its events, wherever they are: ad-hoc SQL reads them from the ledger.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from seqwatch_tui.store import buckets

_SHOWS_OPEN = """
    event_id in (select v.event_id from alert_evidence v
                 where v.alert_id in (select alert_id from alerts where state <> 'closed'))"""
_BEGINS = "events_begin"
"""Row of store_meta: the first month (YYYYMM) of which all events are there; absent while nothing has left."""
Ask = Callable[[str], Sequence[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class OldMonth:
    """A month (YYYYMM) with events that can leave the store, and how many of it stay as evidence of open alerts."""

    month: int
    leaving: int
    staying: int

    @property
    def text(self) -> str:
        """As people write it: 2025-09."""
        return f"{self.month // 100:04}-{self.month % 100:02}"

    @property
    def span(self) -> tuple[float, float]:
        """Its first instant and that of the next month, epoch seconds UTC."""
        return start_of(self.month), start_of(after(self.month))


def find(ask: Ask, names: Sequence[str], before: int) -> list[OldMonth]:
    """Return the months before `before` (YYYYMM) that have events to give up, oldest first."""
    found = []
    for name in names:
        month = buckets.month_of(name)
        if month is None or month >= before:
            continue
        ((events, staying),) = ask(f"select count(*), count(*) filter ({_SHOWS_OPEN}) from {name}")  # noqa: S608
        if events > staying or not events:
            found.append(OldMonth(month, events - staying, staying))
    return found


def leave(con: duckdb.DuckDBPyConnection, name: str, names: Sequence[str]) -> None:
    """Take the events of one month out, in the open transaction; `names` are all buckets."""
    con.execute(f"create or replace table {name} as select * from {name} where {_SHOWS_OPEN}")  # noqa: S608
    ((kept,),) = con.execute(f"select count(*) from {name}").fetchall()  # noqa: S608
    if not kept:
        buckets.create_views(con, [each for each in names if each != name])
        con.execute(f"drop table {name}")
    begins = max(after(buckets.month_of(name) or 0), begin_of(con) or 0)
    con.execute(f"delete from store_meta where name = '{_BEGINS}'")  # noqa: S608
    con.execute("insert into store_meta values (?, ?)", [_BEGINS, begins])


def begin_of(con: duckdb.DuckDBPyConnection) -> int | None:
    """Return the first month (YYYYMM) of which all events are there; None while nothing has left."""
    found = con.execute(f"select value from store_meta where name = '{_BEGINS}'").fetchall()  # noqa: S608
    return int(found[0][0]) if found else None


def month_at(when: float) -> int:
    """Return the month (YYYYMM, UTC) of an instant in epoch seconds."""
    at = dt.datetime.fromtimestamp(when, dt.UTC)
    return at.year * 100 + at.month


def after(month: int) -> int:
    """Return the month after one."""
    return month + 1 if month % 100 < 12 else month + 89


def start_of(month: int) -> float:
    """Return the first instant of a month, epoch seconds UTC."""
    return dt.datetime(month // 100, month % 100, 1, tzinfo=dt.UTC).timestamp()
