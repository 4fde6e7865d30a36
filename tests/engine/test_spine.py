"""When a thread of the spine fails, the engine ends: nobody waits for what will never be stored."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from seqwatch_tui.config.settings import load
from seqwatch_tui.engine import spine
from seqwatch_tui.engine.engine import Engine
from seqwatch_tui.engine.inbox import Inbox, SpineEnded
from seqwatch_tui.engine.ingest import Ingest
from seqwatch_tui.engine.work import Change
from seqwatch_tui.store.interface import Commit, StoreError
from tests.engine.running import write_site

LINES = "".join(
    f'type=USER_LOGIN msg=audit(1790000{n:03}.000:{n}): pid=1 uid=0 auid=1000 ses=1 msg=\'op=login acct="a" '
    'exe="/usr/sbin/sshd" hostname=h addr=10.0.0.1 terminal=ssh res=success\'\n'
    for n in range(1, 900)
)


@pytest.fixture
def engine(tmp_path: Path):
    config = write_site(tmp_path, ["site: spine"])
    opened = Engine.open(load(config), config)
    yield opened
    opened.close()


def _broken(*_: object, **__: object) -> None:
    raise StoreError("the disk is gone")


def _submit(engine: Engine) -> list[BaseException]:
    """What submit raises, asked in a thread so that a hang is a failure and not a wait."""
    raised: list[BaseException] = []

    def ask() -> None:
        try:
            engine.submit(Commit())
        except BaseException as error:  # noqa: BLE001 - kept for the test
            raised.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(20.0)
    assert not thread.is_alive(), "it still waits"
    return raised


def test_a_judge_that_fails_refuses_what_comes_after(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.judge, "_record_change", _broken)
    assert _submit(engine), "the one that made it fail"
    assert engine.failed.wait(10.0)
    assert [type(e) for e in _submit(engine)] == [SpineEnded]


def test_a_writer_that_fails_refuses_what_is_under_way_and_what_comes(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.store, "commit", _broken)
    assert [type(e) for e in _submit(engine)] == [SpineEnded]
    assert engine.failed.wait(10.0)
    assert "the disk is gone" in engine.failure
    assert [type(e) for e in _submit(engine)] == [SpineEnded]


def test_a_back_fill_waits_for_no_more_once_somebody_waits_for_its_end(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spine, "BULK_SECONDS", 300.0)
    monkeypatch.setattr(spine, "BULK_EVENTS", 1)
    path = tmp_path / "audit.log"
    path.write_text(LINES)
    found: list[dict[str, object]] = []
    thread = threading.Thread(target=lambda: found.append(Ingest(engine, [path], "auditd").run()), daemon=True)
    thread.start()
    thread.join(60.0)
    assert [summary["events"] for summary in found] == [899]


def test_an_ingest_is_done_though_memory_cannot_be_given_back(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "audit.log"
    log.write_text(LINES)
    monkeypatch.setattr(engine.store, "give_back", _broken)
    assert Ingest(engine, [log], "auditd").run()["events"] == 899
    assert list(engine.troubles) == ["giving back memory after a back-fill: the disk is gone"]


def test_an_ingest_ends_when_the_spine_does(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "audit.log"
    log.write_text(LINES)
    monkeypatch.setattr(engine.store, "commit", _broken)
    raised: list[type] = []

    def work() -> None:
        try:
            Ingest(engine, [log], "auditd").run()
        except SpineEnded as error:
            raised.append(type(error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(20.0)
    assert raised == [SpineEnded]


def test_what_lies_in_an_inbox_that_ends_is_refused() -> None:
    inbox, change = Inbox(2), Change(Commit())
    inbox.put(change)
    inbox.end()
    with pytest.raises(SpineEnded):
        change.done.result(0)
    with pytest.raises(SpineEnded):
        inbox.put(Change(Commit()))


def test_who_waits_for_room_is_told_of_the_end() -> None:
    inbox = Inbox(1)
    inbox.put(Change(Commit()))
    ended = threading.Timer(0.2, inbox.end)
    ended.start()
    with pytest.raises(SpineEnded):
        inbox.put(Change(Commit()))
