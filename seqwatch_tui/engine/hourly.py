"""What everybody did per hour, kept in the table `activity`, and what of it is unusual: looked at every few minutes.

Off the hot path: aggregates are read by a reader of their own, and only those hours that got new events, whenever they
happened; the writer gets a few rows. The table is derived from the events: it is in no ledger, and is made anew when lost.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from seqwatch_tui.engine.own_events import tell
from seqwatch_tui.engine.views import plain

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine
    from seqwatch_tui.store.store import Store

EVERY_SECONDS = 300.0
UNUSUAL = "unusual_volume"
"""`rule_key` of the events about what is unusual; the rule `unusual-volume` raises them."""
_STRETCH = dt.timedelta(days=31)
_HOUR = dt.timedelta(hours=1)
_TOLD_SPAN = dt.timedelta(days=2)
"""How far back hours raise alerts. What a back-fill finds further back is shown by `seqwatch unusual`."""
_TOLD = ("files", "bytes")
"""Measures that raise an alert; the others are shown by `seqwatch unusual`."""
_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_ACTIVITY = """
    select user_name, dataset, date_trunc('hour', ts) as hour, count(distinct path) as files,
      cast(coalesce(sum(bytes), 0) as bigint) as bytes, count(distinct dataset) as datasets, count(distinct exe) as exes
    from events_stored
    where ts >= ? and ts < ? and dataset is not null and user_name is not null and outcome = 'success'
      and action in ('read', 'write', 'create', 'delete', 'rename', 'link', 'truncate', 'execute')
    group by grouping sets ((user_name, dataset, hour), (user_name, hour))"""


def slot_of(hour: dt.datetime, zone: ZoneInfo) -> int:
    """Return the two-hour band of the site's week an hour (UTC, naive) is in: 0 is Monday 00-02 h, 83 Sunday 22-24 h."""
    local = hour.replace(tzinfo=dt.UTC).astimezone(zone)
    return local.weekday() * 12 + local.hour // 2


def band(slot: int) -> str:
    """Write a slot as people do: `Sundays 02-04 h`."""
    day, part = divmod(slot, 12)
    return f"{_DAYS[day]} {2 * part:02}-{2 * part + 2:02} h"


def sentence(row: dict[str, Any]) -> str:
    """Say what is compared with what, from a row of the query `unusual`."""
    where = f" on {row['dataset']}" if row["dataset"] else " on all datasets"
    what = f"{row['value']} {row['measure']} in the hour from {row['hour']:%Y-%m-%d %H:%M} UTC"
    if row["verdict"].startswith("unknown"):
        return f"{what} by {row['user_name']}{where}: {row['verdict']} of history"
    usual = f"usual for {row['user_name']}{where} on {band(row['slot'])}"
    return f"{what}; {usual}: median {row['median']:g}, MAD {row['mad']:g}, over {row['weeks']} weeks"


def unusual_rows(engine: Engine, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the panel `unusual`, brought up to date first, with the sentence of each row as `text`."""
    engine.hourly.bring_up_to_date()
    found = engine.store.query("unusual", params, now=engine.clock.now())
    rows = [dict(zip(found.columns, values, strict=True)) for values in found.rows]
    told = [[*(plain(value) for value in row.values()), sentence(row)] for row in rows]
    return {"columns": [*found.columns, "text"], "rows": told, "cut": found.cut}


def refresh(store: Store, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime] | None:
    """Bring the table up to date; return the span of hours that changed, null when none did. Raises StoreError."""
    done, newest = store.activity.counted(), store.high_water()
    first, last = store.query_sql("select min(ts), max(ts) from events_stored where event_id > ?", [done]).rows[0]
    if first is None:
        return None
    if (kept := store.begins) is not None:  # what was counted before its events left stays
        first = max(first, dt.datetime.fromtimestamp(kept, dt.UTC).replace(tzinfo=None))
    begin, end = _floor(first), _floor(max(first, last)) + _HOUR
    for since in _stretches(begin, end):
        until = min(since + _STRETCH, end)
        found = store.arrow(_ACTIVITY, [since, until])
        slots = pa.array([slot_of(hour, zone) for hour in found.column("hour").to_pylist()], pa.int64())
        store.activity.put(found.append_column("slot", slots), since, until)
    store.activity.set_counted(newest)
    return begin, end


def _floor(ts: dt.datetime) -> dt.datetime:
    return ts.replace(minute=0, second=0, microsecond=0)


def _stretches(begin: dt.datetime, end: dt.datetime) -> Iterator[dt.datetime]:
    while begin < end:
        yield begin
        begin += _STRETCH


class Hourly:
    """Keeps the table and tells of what is unusual. `look` is called now and then, never waits."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._next = 0.0
        self._thread: threading.Thread | None = None
        self._turn = threading.Lock()

    def bring_up_to_date(self) -> tuple[dt.datetime, dt.datetime] | None:
        """Count what has come since the last time; return the hours that changed. From any thread; StoreError."""
        with self._turn:
            return refresh(self._engine.store, self._engine.settings.timezone)

    def look(self) -> None:
        """Start the work when it is due and the last one has ended."""
        now = self._engine.clock.monotonic()
        if now < self._next or (self._thread is not None and self._thread.is_alive()):
            return
        self._next = now + EVERY_SECONDS
        self._thread = threading.Thread(target=self._work, name="hourly", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            self.bring_up_to_date()
            now = dt.datetime.fromtimestamp(self._engine.clock.now(), dt.UTC).replace(tzinfo=None)
            tell_unusual(self._engine, now - _TOLD_SPAN, now + _HOUR)
        except Exception as error:  # noqa: BLE001 - root of a thread: operators see it, the next round tries again
            self._engine.trouble("the profile of what is usual", error)


def tell_unusual(engine: Engine, since: dt.datetime, until: dt.datetime) -> int:
    """Hand over an event for each unusual hour of the span that was not told yet; return how many."""
    rows = engine.store.query("unusual", {"since": since, "until": until})
    known = engine.store.query_sql("select source_ref from events_stored where rule_key = ?", [UNUSUAL]).rows
    told = {row[0] for row in known}
    paths = {dataset.id: str(dataset.path) for dataset in engine.settings.datasets}
    count = 0
    for values in rows.rows:
        row = dict(zip(rows.columns, values, strict=True))
        reference = f"{UNUSUAL}:{row['user_name']}:{row['dataset']}:{row['measure']}:{row['hour']:%Y%m%dT%H}"
        if row["verdict"] != "unusual" or row["measure"] not in _TOLD or not row["dataset"] or reference in told:
            continue
        at = min(engine.clock.now(), (row["hour"].replace(tzinfo=dt.UTC) + _HOUR).timestamp())
        about = {"user_name": row["user_name"], "path": paths.get(row["dataset"]), "source_ref": reference}
        tell(engine, UNUSUAL, sentence(row), {**row, "hour": str(row["hour"])}, at=at, about=about)
        count += 1
    return count
