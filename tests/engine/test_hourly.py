"""What is usual: a planted hour stands out, a weekly habit does not, and too little history is unknown, never a pass."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from seqwatch_tui.engine.hourly import band, refresh, sentence, slot_of
from seqwatch_tui.store.interface import Commit
from seqwatch_tui.store.old import month_at
from seqwatch_tui.store.store import Store
from tests.detect.batches import START, batch
from tests.engine.running import Running, engine, until, write_site

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = 7 * 86_400
SUNDAY = dt.datetime(2026, 11, 22, 1, 30, tzinfo=dt.UTC).timestamp() - START
"""02:30 in Berlin."""


def _reads(at: float, user: str, files: int, dataset: str = "wgs-a") -> list[dict[str, Any]]:
    return [
        {"ts": at + n, "user_name": user, "dataset": dataset, "action": "read", "outcome": "success",
         "path": f"/d/{n}.bam", "exe": "/usr/bin/samtools", "source": "audit", "host": "seq01"}
        for n in range(files)
    ]  # fmt: skip


def _store(folder: Path, rows: list[dict[str, Any]]) -> Store:
    store = Store.open(folder)
    store.commit(Commit(events=batch(sorted(rows, key=lambda row: row["ts"]), 1)))
    refresh(store, BERLIN)
    return store


def _verdicts(store: Store, **more: Any) -> list[dict[str, Any]]:
    since = dt.datetime.fromtimestamp(START + SUNDAY - 7200, dt.UTC).replace(tzinfo=None)
    found = store.query("unusual", {"since": since, "until": since + dt.timedelta(days=1), **more})
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    return [row for row in rows if row["dataset"] is not None and row["measure"] == "files"]


def _weeks(user: str, counts: list[int]) -> list[dict[str, Any]]:
    """Reads on Sundays at that hour, `counts[0]` a week before, and so on."""
    return [row for week, files in enumerate(counts, 1) for row in _reads(SUNDAY - week * WEEK, user, files)]


def test_a_planted_hour_stands_out_and_says_from_what(tmp_path: Path) -> None:
    store = _store(tmp_path, [*_weeks("mkeller", [3, 1, 5, 3, 2, 6, 3, 4, 3]), *_reads(SUNDAY, "mkeller", 87)])
    (row,) = _verdicts(store)
    assert (row["verdict"], row["value"], row["median"], row["mad"], row["weeks"]) == ("unusual", 87, 3.0, 1.0, 9)
    assert sentence(row) == (
        "87 files in the hour from 2026-11-22 01:00 UTC; usual for mkeller on wgs-a on Sundays 02-04 h: "
        "median 3, MAD 1, over 9 weeks"
    )
    assert _verdicts(store, user="anna") == []
    store.close()


@pytest.mark.parametrize("habit", [[80] * 9, [90, 0, 85, 80, 0, 88, 91, 0, 84], [60, 100, 20, 140, 90, 30]])
def test_a_weekly_habit_is_usual(tmp_path: Path, habit: list[int]) -> None:
    store = _store(tmp_path, [*_weeks("svc", habit), *_reads(SUNDAY, "svc", 87)])
    assert [row["verdict"] for row in _verdicts(store)] == ["usual"]
    store.close()


def test_the_same_work_in_the_week_does_not_make_it_usual_on_sunday_night(tmp_path: Path) -> None:
    weekly = [row for week in range(1, 9) for row in _reads(SUNDAY - week * WEEK + 3.4 * 86_400, "anna", 90)]
    store = _store(tmp_path, [*weekly, *_reads(SUNDAY, "anna", 87)])
    (row,) = _verdicts(store)
    assert (row["verdict"], row["median"], row["weeks"]) == ("unusual", 0.0, 7)
    store.close()


@pytest.mark.parametrize(
    ("weeks", "verdict"), [(0, "unknown: 0 of 4 weeks"), (2, "unknown: 2 of 4 weeks"), (4, "unusual")]
)
def test_too_little_history_is_unknown(tmp_path: Path, weeks: int, verdict: str) -> None:
    store = _store(tmp_path, [*_weeks("mkeller", [3] * weeks), *_reads(SUNDAY, "mkeller", 87)])
    (row,) = _verdicts(store)
    assert row["verdict"] == verdict
    if weeks < 4:
        assert sentence(row).endswith(f"by mkeller on wgs-a: {verdict} of history")
    store.close()


def test_what_comes_late_is_counted_where_it_belongs(tmp_path: Path) -> None:
    store = _store(tmp_path, _reads(SUNDAY, "mkeller", 87))
    assert refresh(store, BERLIN) is None
    late = batch(sorted(_weeks("mkeller", [80] * 6), key=lambda row: row["ts"]), store.next_event_id())
    store.commit(Commit(events=late))
    refresh(store, BERLIN)
    assert [(row["verdict"], row["weeks"]) for row in _verdicts(store)] == [("usual", 6)]
    total = store.query_sql("select count(*), sum(files) from activity where dataset is not null").rows
    assert total == [(7, 87 + 6 * 80)]
    store.close()


def test_bands_are_of_the_sites_week_through_summer_time() -> None:
    assert band(slot_of(dt.datetime(2026, 11, 22, 1, tzinfo=dt.UTC), BERLIN)) == "Sundays 02-04 h"
    assert band(slot_of(dt.datetime(2026, 7, 19, 0, tzinfo=dt.UTC), BERLIN)) == "Sundays 02-04 h"
    assert band(slot_of(dt.datetime(2026, 11, 22, 23, tzinfo=dt.UTC), BERLIN)) == "Mondays 00-02 h"


def test_the_engine_tells_and_the_command_shows(tmp_path: Path) -> None:
    """A past of weeks is back-filled, the last hour is now: one alert with its comparison, the command says the same."""
    now = dt.datetime.now(dt.UTC).timestamp()
    log = tmp_path / "past.jsonl"
    lines = [_line(now - week * WEEK - 60 - n, n) for week in range(1, 7) for n in range(3)]
    lines += [_line(now - 60 - n / 10, n) for n in range(87)]
    log.write_text("".join(sorted(lines)))
    site = ["site: s", "datasets:", "  - {id: wgs-a, path: /d}", "sources:",
            f"  - {{name: j, type: jsonl, path: {log}, mapping: generic}}"]  # fmt: skip
    config = write_site(tmp_path, site)
    with engine(config) as running:
        until(
            lambda: running.api.sql("select count(*) as n from events where dataset = 'wgs-a'")[0]["n"] == 105,
            "events",
            60,
        )
        done = running.cli("unusual", "--format", "json", "--user", "mkeller")
        assert done.returncode == 1, done.stderr
        files = [row for row in json.loads(done.stdout) if row["measure"] == "files" and row["dataset"] == "wgs-a"]
        assert {row["verdict"] for row in files} == {"unusual"}
        assert "usual for mkeller on wgs-a on" in files[0]["text"]
        assert running.cli("unusual", "--user", "anna").returncode == 0
    for _ in range(2):
        with engine(config) as running:
            alert = until(lambda: _raised(running), "an alert of unusual-volume", 60)
            assert (alert["actor"], alert["dataset"], alert["level"]) == ("mkeller", "wgs-a", "medium")
            assert alert["summary"] in {row["text"] for row in files}
            told = running.api.sql("select count(*) as n from events where rule_key = 'unusual_volume'")
            assert told == [{"n": len(files)}]


def _raised(running: Running) -> dict[str, Any] | None:
    rows = running.api.get("/v1/alerts", state="all").rows
    return next((row for row in rows if row["rule_id"] == "unusual-volume"), None)


def _line(ts: float, number: int) -> str:
    at = dt.datetime.fromtimestamp(ts, dt.UTC).isoformat()
    return (
        json.dumps(
            {"ts": at, "action": "read", "outcome": "success", "user_name": "mkeller", "path": f"/d/{number}.bam"}
        )
        + "\n"
    )


def test_what_was_counted_before_its_events_left_stays(tmp_path: Path) -> None:
    old, new = -90 * 86_400, 0
    store = _store(tmp_path, [*_reads(old, "anna", 3), *_reads(new, "anna", 2)])
    counted = store.query_sql("select * from activity order by all").rows
    for each in store.old_months(month_at(START)):
        store.leave(each.month)
    store.commit(Commit(events=batch(_reads(old + 100, "ben", 1), 6)))
    assert refresh(store, BERLIN) is not None
    assert store.query_sql("select * from activity order by all").rows == counted
    store.close()
