"""The client: who may serve it, what it makes of answers, how it fails."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from seqwatch_tui.console.answers import EMPTY, Hello, Panel, Snapshot, Status, outcome, plan
from seqwatch_tui.console.client import Client, EngineGone, Impostor, Misunderstood, Refused, clean
from tests.console.fake_engine import HOSTILE, FakeEngine, Site


@pytest.fixture
def client(engine: FakeEngine):
    with Client(engine.socket) as client:
        yield client


@pytest.fixture
def engine(tmp_path: Path):
    with FakeEngine(tmp_path / "engine.sock", Site(hostile=True)) as engine:
        yield engine


def test_every_answer_becomes_values_without_a_hidden_character(client: Client) -> None:
    snapshot = client.get("/v1/snapshot", Snapshot.of, events=50)
    assert len(snapshot.events.rows) == 50
    texts = [cell for row in snapshot.events.rows for cell in row if isinstance(cell, str)]
    assert all(text.isprintable() for text in texts)
    assert any("\\x1b]0;pwn\\x07" in text for text in texts)
    assert client.get("/v1/hello", Hello.of).role == "approver"
    assert client.get("/v1/status", Status.of).verdicts[1].text == "4 alerts"


def test_a_raw_record_keeps_its_text_and_loses_only_its_line_end(client: Client) -> None:
    records = client.get("/v1/events/1", dict)["records"]
    assert records[0]["raw"].startswith("type=SYSCALL msg=audit(")
    assert not records[0]["raw"].endswith("\\x0a")


def test_clean_reaches_every_text_and_key() -> None:
    value = clean({"a\x1b": [HOSTILE[0], {"b": HOSTILE[4]}, 3, None], "raw": "one\ntwo\x07\n"})
    assert json.dumps(value, ensure_ascii=False).isprintable()
    assert value["raw"] == "one\ntwo\\x07"


def test_a_refusal_carries_status_reason_and_hint(client: Client) -> None:
    with pytest.raises(Refused) as caught:
        client.post("/v1/plans", {"verb": "release", "dataset": "x", "reason": "r"}, plan)
    assert (caught.value.status, str(caught.value)) == (409, "x is not in quarantine")
    assert caught.value.hint == "quarantine it first"


def test_plan_and_outcome_are_the_values_of_model(client: Client) -> None:
    made = client.post("/v1/plans", {"verb": "quarantine", "dataset": "wgs-cohort-a", "reason": "r"}, plan)
    assert [step.number for step in made.steps] == [1, 2]
    done = client.post(f"/v1/plans/{made.plan_id}", {"typed": "wgs-cohort-a"}, outcome)
    assert (done.state, done.proved) == ("done", "yes")


def test_an_answer_it_does_not_understand_is_said_with_its_path(client: Client) -> None:
    with pytest.raises(Misunderstood, match="/v1/hello"):
        client.get("/v1/hello", Status.of)


def test_no_socket_nobody_listening_and_a_hang_up_are_all_an_engine_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(EngineGone, match="does not exist"):
        Client(tmp_path / "none.sock").get("/v1/hello", Hello.of)
    (tmp_path / "engine.sock").touch()
    with pytest.raises(EngineGone):
        Client(tmp_path / "engine.sock").get("/v1/hello", Hello.of)


def test_it_reconnects_after_the_engine_was_restarted(tmp_path: Path) -> None:
    client = Client(tmp_path / "engine.sock")
    for _ in range(2):
        with FakeEngine(tmp_path / "engine.sock", Site()):
            assert client.get("/v1/hello", Hello.of).host == "seq01"
        client.close()


def test_closing_from_another_thread_ends_a_call(tmp_path: Path) -> None:
    site = Site()
    with FakeEngine(tmp_path / "engine.sock", site) as engine:
        client = Client(engine.socket, timeout=30)
        client.get("/v1/hello", Hello.of)
        site.held.clear()

        def close_when_asked() -> None:
            while not any("verify" in path for _, path in site.requests):
                time.sleep(0.005)
            client.close()

        threading.Thread(target=close_when_asked, daemon=True).start()
        with pytest.raises(EngineGone):
            client.post("/v1/verify", {"dataset": "x", "quick": True}, dict)
        site.held.set()


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to serve as another user")
def test_a_server_that_is_neither_root_nor_the_owner_is_refused(tmp_path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "engine.sock"))
    ready, done = os.pipe()
    child = os.fork()
    if child == 0:  # the credentials a peer sees are those at the time of listen(2)
        try:
            os.setuid(65534)
            listener.listen(1)
            os.write(done, b"x")
            signal.pause()
        finally:
            os._exit(0)
    try:
        os.read(ready, 1)
        with pytest.raises(Impostor, match="uid 65534"):
            Client(tmp_path / "engine.sock").get("/v1/hello", Hello.of)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        listener.close()
        os.close(ready)
        os.close(done)


def test_a_panel_says_where_a_column_is() -> None:
    assert Panel(("a", "b"), (), 0, False).index("b") == 1
    with pytest.raises(ValueError):
        EMPTY.index("a")
