"""Events live in one table per month, so that a month can go at once; the views `events_stored` and `events` join them.

Times outside 2000 to 2099 (a forged or broken clock) go to one bucket of their own, which never goes (see `old`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.model.columns import EVENT_COLUMNS
from seqwatch_tui.store.schema import EVENTS_VIEW, comments, event_select

UNDATED = "events_undated"
_PREFIX = "events_"
_NAMES = ", ".join(c.name for c in EVENT_COLUMNS)
_DDL = ", ".join(f"{c.name} {c.sql}" for c in EVENT_COLUMNS)


def bucket_name(year: int, month: int) -> str:
    """Return the table of a month, `events_YYYYMM`."""
    return f"{_PREFIX}{year:04}{month:02}" if 2000 <= year <= 2099 else UNDATED


def month_of(name: str) -> int | None:
    """Return YYYYMM of a bucket, None for the undated one and for other tables."""
    digits = name.removeprefix(_PREFIX)
    return int(digits) if name.startswith(_PREFIX) and len(digits) == 6 and digits.isdigit() else None


def existing(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the buckets of the store, oldest first, the undated one last."""
    found = con.execute("select table_name from duckdb_tables() where database_name = 'store'").fetchall()
    return sorted(name for (name,) in found if name == UNDATED or month_of(name) is not None)


def split(events: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Yield (bucket, its rows in their order); one month, the usual case, is passed on as it is."""
    ts = events.column("ts")
    ends = pc.min_max(ts).as_py()
    low, high = ends["min"], ends["max"]
    if ts.null_count == 0 and low is not None and (low.year, low.month) == (high.year, high.month):
        yield bucket_name(low.year, low.month), events
        return
    yield from _split_months(events, ts)


def _split_months(events: pa.Table, ts: pa.ChunkedArray) -> Iterator[tuple[str, pa.Table]]:
    months = pc.add(pc.multiply(pc.year(ts), 100), pc.month(ts))
    names = {m: bucket_name(m // 100, m % 100) if m is not None else UNDATED for m in pc.unique(months).to_pylist()}
    for name in sorted(set(names.values())):
        wanted = pa.array([m for m in names if names[m] == name], months.type)
        yield name, events.filter(pc.is_in(months, value_set=wanted))


def create(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Create one bucket; the caller recreates the views in the same transaction."""
    con.execute(f"create table {name} ({_DDL})")


def create_views(con: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Make `events_stored` (EVENT_COLUMNS) and `events` (what SQL users see) over these buckets."""
    parts = [f"select {_NAMES} from {name}" for name in names]  # noqa: S608 - names made by bucket_name
    con.execute(f"create or replace view events_stored as {' union all '.join(parts) or _empty()}")
    con.execute(f"create or replace view events as {event_select('events_stored')}")
    for statement in comments(EVENTS_VIEW, "view"):
        con.execute(statement)


def _empty() -> str:
    columns = ", ".join(f"null::{c.sql} as {c.name}" for c in EVENT_COLUMNS)
    return f"select {columns} where false"


def highest_id(con: duckdb.DuckDBPyConnection, names: Iterable[str]) -> int:
    """Return the highest event id in these buckets, 0 when they are empty; from statistics, without a scan."""
    queries = [f"select max(event_id) from {name}" for name in names]  # noqa: S608
    return max((con.execute(q).fetchall()[0][0] or 0 for q in queries), default=0)
