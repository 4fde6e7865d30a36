"""Old months leave the store and never the ledger; it is told once, and nothing takes what left for what did not happen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqwatch_tui.config.forms import STORE_DAYS
from seqwatch_tui.config.settings import load
from seqwatch_tui.detect.memory import DAY, FORGET
from seqwatch_tui.engine.coverage import coverage
from seqwatch_tui.engine.engine import Engine
from seqwatch_tui.engine.ingest import Ingest
from seqwatch_tui.engine.retention import let_go, sentence
from seqwatch_tui.engine.views import EventsRequest, events, status
from seqwatch_tui.model.alert import Evidence
from seqwatch_tui.store.interface import Commit, StoreError
from seqwatch_tui.store.old import OldMonth
from tests.engine.running import until, write_site
from tests.store.values import ALERT


def _at(text: str) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()


NOW, BEGINS = _at("2026-11-22"), _at("2025-09-01")
AUGUST = OldMonth(202508, 3, 0)
TIMES = ["2025-08-01", "2025-08-30", "2025-08-31T23:59:59", "2025-09-01", "2025-10-20", "2026-11-21"]
SITE = ["site: old", "retention: {store_days: 420}", "datasets: [{id: a, path: /data/a}]"]


class _Clock:
    """Stands still."""

    def now(self) -> float:
        return NOW

    def monotonic(self) -> float:
        return 5.0


def _read(serial: int, ts: float) -> str:
    head = f"msg=audit({ts:.3f}:{serial}):"
    return (
        f"type=SYSCALL {head} arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=0 a3=0 items=1 ppid=1 pid=9 "
        'auid=1000 uid=1000 euid=1000 tty=pts0 ses=1 comm="cat" exe="/usr/bin/cat" key="a"\n'
        f'type=CWD {head} cwd="/"\n'
        f'type=PATH {head} item=0 name="/data/a/x.bam" inode=7 dev=08:01 mode=0100640 nametype=NORMAL\n'
    )


def _open(config: Path) -> Engine:
    return Engine.open(load(config), config, _Clock())


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    config, log = write_site(tmp_path, SITE), tmp_path / "audit.log"
    log.write_text("".join(_read(n, _at(time)) for n, time in enumerate(TIMES, 1)))
    opened = _open(config)
    assert Ingest(opened, [log], "auditd").run()["events"] == len(TIMES)
    yield opened
    opened.close()


def _ids(engine: Engine) -> list[int]:
    return [row[0] for row in engine.store.query_sql("select event_id from events order by event_id").rows]


def _told(engine: Engine) -> list[tuple[Any, ...]]:
    return engine.store.query_sql("select kind, count, detail from gaps where kind = 'retention'").rows


def test_what_is_old_leaves_the_store_and_that_is_told_everywhere(engine: Engine) -> None:
    before = status(engine)
    assert before["begins"] is None
    assert let_go(engine, 420) == [AUGUST]
    assert _ids(engine) == [4, 5, 6]
    assert _told(engine) == [("retention", 0, sentence(AUGUST, 420))]
    assert engine.store.query_sql("select operator, verb, subject, outcome from actions").rows == [
        ("seqwatch", "retention", "2025-08", "done")
    ]
    after, shown = status(engine), events(engine, EventsRequest(10, None, None, ""))
    assert (after["begins"], after["events"], after["gaps"]) == (BEGINS, before["events"] - 3, before["gaps"])
    assert (shown["begins"], len(shown["rows"])) == (BEGINS, 3)
    assert [bool(engine.ledger.records_of(n)) for n in range(1, 7)] == [True] * 6
    assert let_go(engine, 420) == []
    assert len(_told(engine)) == 1


def test_evidence_of_an_open_alert_stays_until_it_is_closed(engine: Engine) -> None:
    engine.submit(Commit(alerts=[ALERT], evidence=[Evidence(ALERT.alert_id, 2)]))
    assert let_go(engine, 420) == [OldMonth(202508, 2, 1)]
    assert _ids(engine) == [2, 4, 5, 6]
    found = coverage(engine, "a", _at("2025-08-30"), NOW)
    assert found["unseen"][0] == [_at("2025-08-30"), BEGINS]  # one event left over says nothing about the others
    assert "retention" in {gap["kind"] for gap in found["gaps"]}
    assert not found["complete"]


def test_a_stop_between_the_word_and_the_deed_tells_it_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int) -> None:
        raise StoreError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(engine.store, "leave", broken)
        with pytest.raises(StoreError):
            let_go(engine, 420)
    assert len(_ids(engine)) == 6
    assert let_go(engine, 420) == [AUGUST]
    assert len(_told(engine)) == 1


def test_a_store_built_anew_has_all_of_them_until_they_leave_again(engine: Engine) -> None:
    let_go(engine, 420)
    engine.close()
    for path in engine.state_dir.glob("store.duckdb*"):
        path.unlink()
    anew = _open(engine.config)
    try:
        assert _ids(anew) == [1, 2, 3, 4, 5, 6]
        assert anew.store.begins is None
        assert let_go(anew, 420) == [AUGUST]
        assert len(_told(anew)) == 1
    finally:
        anew.close()


def test_the_housekeeper_looks_by_itself(engine: Engine) -> None:
    engine.retention.look()
    until(lambda: engine.store.begins == BEGINS, "August has left", 20)
    assert not engine.troubles


def test_no_rule_looks_further_back_than_the_store_must_reach() -> None:
    assert STORE_DAYS * DAY >= FORGET
