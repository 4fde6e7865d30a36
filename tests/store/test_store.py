from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seqwatch_tui.model.alert import Evidence
from seqwatch_tui.parse.schema import EVENT_SCHEMA
from seqwatch_tui.store.filter import compile_filter
from seqwatch_tui.store.interface import Commit, LedgerMark, StoreError
from seqwatch_tui.store.old import OldMonth
from seqwatch_tui.store.schema import STATE_TABLES, STATE_VIEWS
from seqwatch_tui.store.store import Store
from tests.store.samples import START, Site
from tests.store.values import ALERT, SESSION, SOURCE, filled


def test_everything_of_a_commit_survives_a_restart(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.commit(filled(Site()))
    store.close()
    store = Store.open(tmp_path)
    assert store.query_sql("select count(*), min(event_id), max(event_id) from events").rows == [(10, 1, 10)]
    assert store.sources() == [SOURCE]
    assert store.sessions() == [SESSION]
    assert (store.mark(), store.next_event_id(), store.next_alert_id()) == (
        LedgerMark(1, 4),
        11,
        2,
    )
    assert store.query_sql("select tags, epoch(last_ts), measure from alerts").rows == [(["a", "b"], START + 1.5, 120)]
    assert store.query_sql("select kind, count, gap_id from gaps").rows == [("serial", 4, 1)]
    assert store.query_sql("select segment, chain from checkpoints").rows == [(1, "bb")]
    store.close()


def test_a_failed_commit_leaves_nothing_and_the_store_goes_on(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    with pytest.raises(StoreError, match="no column colour"):
        store.commit(Commit(events=Site().events(5), tables={"keys": [{"key_id": "k", "colour": "red"}]}))
    assert store.query_sql("select count(*) from events").rows == [(0,)]
    assert store.next_event_id() == 1
    store.commit(filled(Site()))
    assert store.query_sql("select count(*) from events").rows == [(10,)]
    store.close()


def month(events: pa.Table, times: list[float | None]) -> pa.Table:
    ts = pa.array([None if t is None else int(t * 1e6) for t in times], pa.timestamp("us"))
    return events.set_column(events.schema.get_field_index("ts"), "ts", ts)


OLD, JULY, FORGED = 1_500_000_000.0, 1_783_000_000.0, 9_000_000_000.0


def test_months_have_their_own_tables_and_leave_one_by_one(tmp_path: Path) -> None:
    store, site = Store.open(tmp_path), Site()
    events = month(site.events(6), [START, OLD, JULY, None, FORGED, START])
    store.commit(Commit(events=events, evidence=[Evidence(1, 2), Evidence(1, 6)]))
    assert store.query_sql("select event_id from events order by event_id").rows == [(n,) for n in range(1, 7)]
    assert store.query_sql("select count(*) from events where ts is null").rows == [(1,)]
    assert store.begins is None
    assert store.old_months(202607) == [OldMonth(201707, 1, 0)]
    months = store.old_months(202612)
    assert [(m.text, m.leaving) for m in months] == [("2017-07", 1), ("2026-07", 1), ("2026-11", 2)]
    for each in months:
        store.leave(each.month)
    assert store.query_sql("select event_id from events order by event_id").rows == [(4,), (5,)]
    assert store.query_sql("select count(*) from alert_evidence").rows == [(2,)]  # the ledger has their events
    assert store.old_months(202612) == []
    assert store.begins == months[-1].span[1] == 1_796_083_200.0
    store.close()
    store = Store.open(tmp_path)
    assert (store.high_water(), store.next_event_id(), store.begins) == (6, 7, 1_796_083_200.0)
    store.close()


def test_memory_is_given_back_within_the_same_limit(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    before = store.query_sql("select current_setting('memory_limit'), current_setting('threads')").rows
    store.give_back()
    assert store.query_sql("select current_setting('memory_limit'), current_setting('threads')").rows == before
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.give_back()


def test_what_shows_an_open_alert_stays_until_it_is_closed(tmp_path: Path) -> None:
    store, site = Store.open(tmp_path), Site()
    evidence = [Evidence(1, 2), Evidence(1, 5), Evidence(2, 3)]
    alerts = [ALERT, replace(ALERT, alert_id=2, state="closed")]
    store.commit(Commit(events=month(site.events(6), [OLD] * 6), alerts=alerts, evidence=evidence))
    assert store.old_months(202607) == [OldMonth(201707, 4, 2)]
    store.leave(201707)
    assert store.query_sql("select event_id from events order by event_id").rows == [(2,), (5,)]
    assert store.old_months(202607) == []
    late = month(site.events(3), [OLD, START, OLD])
    store.commit(Commit(events=late, alerts=[replace(ALERT, state="closed")]))
    assert store.old_months(202607) == [OldMonth(201707, 4, 0)]
    store.leave(201707)
    assert store.query_sql("select event_id from events").rows == [(8,)]
    assert store.begins == 1_501_545_600.0
    store.close()


def test_the_last_value_of_a_key_wins_and_replace_empties_first(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    seen = replace(ALERT, count=9, state="acknowledged")
    store.commit(Commit(alerts=[ALERT, seen], tables={"keys": [{"key_id": "a"}, {"key_id": "b"}]}))
    assert store.open_alerts() == [seen]
    newer = [replace(seen, alert_id=number) for number in (2, 3)]
    store.commit(Commit(alerts=newer))
    assert store.open_alerts(2) == newer
    store.commit(Commit(alerts=[replace(a, state="closed") for a in newer]))
    store.commit(Commit(alerts=[replace(seen, state="closed")], replace=["keys"], tables={"keys": [{"key_id": "c"}]}))
    assert store.open_alerts() == []
    assert store.query_sql("select key_id from keys").rows == [("c",)]
    assert store.next_alert_id() == 4
    store.close()


def test_a_table_of_the_stores_own_is_not_written_by_name(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    for commit in (
        Commit(tables={"alerts": [{"alert_id": 1}]}),
        Commit(replace=["events"]),
        Commit(tables={"nope": []}),
    ):
        with pytest.raises(StoreError, match="cannot write the table"):
            store.commit(commit)
    with pytest.raises(StoreError, match="EVENT_SCHEMA"):
        store.commit(Commit(events=pa.table({"event_id": [1]})))
    store.close()


def test_hostile_text_is_stored_and_stops_nothing(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    text = "\x00\x1b[2J\u202e'; drop table alerts; --"
    store.commit(
        Commit(alerts=[replace(ALERT, summary=text, actor="\udcff")], sources=[replace(SOURCE, reason="\udcff")])
    )
    store.commit(Commit(sources=[replace(SOURCE, reason="\udcfe")]))
    assert store.query_sql("select summary, actor from alerts").rows == [(text, "\\udcff")]
    assert store.sources()[0].reason == "\\udcfe"
    store.close()


def test_recent_events_reach_back_from_the_newest(tmp_path: Path) -> None:
    store, site = Store.open(tmp_path), Site()
    assert store.recent_events(60.0).num_rows == 0
    store.commit(Commit(events=month(site.events(4), [START, START + 50, START + 90, START + 100])))
    found = store.recent_events(50.0)
    assert found.schema.equals(EVENT_SCHEMA)
    assert found["event_id"].to_pylist() == [2, 3, 4]
    store.close()


def test_pages_walk_the_whole_store_once(tmp_path: Path) -> None:
    store, site = Store.open(tmp_path), Site()
    store.commit(Commit(events=site.events(25)))
    before, walked = None, []
    while True:
        page = store.events(10, before=before)
        assert page.looked_at == len(page.rows) == page.matched
        if not page.rows:
            break
        walked = [row[0] for row in page.rows] + walked
        before = page.rows[0][0]
        assert page.cut == (before > 1)
    assert walked == list(range(1, 26))
    newer = store.events(10, after=20)
    assert ([row[0] for row in newer.rows], newer.newest, newer.cut) == ([21, 22, 23, 24, 25], 25, False)
    assert [row[0] for row in store.events(3, after=20).rows] == [23, 24, 25]
    assert store.events(3, after=20).cut
    store.close()


def test_a_filter_looks_back_until_it_has_enough(tmp_path: Path) -> None:
    store, site = Store.open(tmp_path), Site()
    store.commit(Commit(events=site.events(30_000)))
    rare = store.query_sql("select event_id from events where action = 'login' order by event_id desc limit 60").rows
    page = store.events(60, wanted=compile_filter("action=login", START))
    assert [row[0] for row in page.rows] == sorted(n for (n,) in rare)
    assert page.matched >= 60
    assert 8192 <= page.looked_at <= 30_000
    nothing = store.events(60, wanted=compile_filter("nosuchword", START))
    assert (nothing.rows, nothing.matched, nothing.looked_at, nothing.cut) == ([], 0, 30_000, False)
    store.close()


def test_severity_is_the_highest_level_of_an_events_alerts(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    low = replace(ALERT, alert_id=2, level="low")
    store.commit(
        Commit(events=Site().events(3), alerts=[ALERT, low], evidence=[Evidence(1, 2), Evidence(2, 2), Evidence(2, 3)])
    )
    for page in (store.events(3).rows, store.query("events_newest", {"limit": 3}).rows):
        assert [row[-1] for row in page] == [None, "high", "low"]
    store.close()


def test_an_export_holds_every_table(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.commit(filled(Site(), 10))
    files = store.export_state(tmp_path / "export")
    assert files.keys() == {t.name for t in STATE_TABLES} | {v.shape.name for v in STATE_VIEWS}
    assert pq.read_table(files["alerts"]).to_pylist()[0]["tags"] == ["a", "b"]
    store.close()


@pytest.mark.parametrize("column", ["path", "source_ref"])
def test_bytes_that_are_not_text_do_not_fail_the_batch(tmp_path: Path, column: str) -> None:
    store, events = Store.open(tmp_path), Site().events(2)
    offsets = pa.array([0, 3, 5], pa.int32()).buffers()[1]
    texts = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"a\xff\x01ok"))
    if column == "path":
        texts = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int32()), texts)
    store.commit(Commit(events=events.set_column(events.schema.get_field_index(column), column, texts)))
    found = store.query_sql(f"select {column} from events_stored order by event_id").rows
    store.close()
    assert found == [("a\\xff\x01",), ("ok",)]


def test_closing_while_others_read_and_write_ends_them_with_a_sentence(tmp_path: Path) -> None:
    """What other threads ask for after the end is refused; the close itself never fails."""
    for _ in range(10):
        store = Store.open(tmp_path / "state")
        begun, ended = threading.Barrier(3), []

        def ask(work: Callable[[Store], object], store: Store = store, begun: threading.Barrier = begun) -> None:
            begun.wait()
            try:
                while True:
                    work(store)
            except StoreError as error:
                ended.append(str(error))  # noqa: B023 - joined below

        readers = [
            threading.Thread(target=ask, args=(lambda s: s.query_sql("select count(*) from range(100000)"),)),
            threading.Thread(target=ask, args=(lambda s: s.activity.set_counted(1),)),
        ]
        for thread in readers:
            thread.start()
        begun.wait()
        time.sleep(0.02)
        store.close()
        for thread in readers:
            thread.join(10)
        assert len(ended) == 2
        assert all("closed" in text or "stopped" in text or "nterrupt" in text for text in ended)


def test_what_a_query_cannot_hold_goes_beside_the_database_and_not_into_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("elsewhere", "state"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with contextlib.closing(Store.open(tmp_path / "state")) as store:
        large = (
            "select count(*) from (select range as n, repeat('x', 100) || range as t from range(3000000) order by t)"
        )
        assert store.query_sql(large).rows == [(3_000_000,)]
        assert store.query_sql("select current_setting('temp_directory')").rows == [
            (str(tmp_path / "state/store.spill"),)
        ]
    assert not list((tmp_path / "elsewhere").iterdir())
    assert not list((tmp_path / "state").glob("store.spill/*"))
