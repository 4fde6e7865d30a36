"""Who calls while the host's user database hangs: whoever is known goes on, root always does, nobody waits for others."""

from __future__ import annotations

import asyncio
import os
import pwd
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seqwatch_tui.config.settings import loads
from seqwatch_tui.engine.api import callers, door
from seqwatch_tui.engine.api.callers import Callers, Unanswered
from seqwatch_tui.engine.peers import Account
from seqwatch_tui.model import accounts
from seqwatch_tui.model.accounts import groups_of_user

SETTINGS = loads("site: s\nstate_dir: /nonexistent/s\noperators:\n  responder: {groups: [oncall]}\n", "roles.yaml")
ONCALL = Account("ann", frozenset({"oncall"}))


class Database:
    """The host's user database: answers at once, or hangs until `hangs` is cleared."""

    def __init__(self) -> None:
        self.answer, self.asked = ONCALL, 0
        self.goes_on = threading.Event()
        self.goes_on.set()

    def look(self, uid: int, gid: int) -> Account:
        self.asked += 1
        assert self.goes_on.wait(30)
        return self.answer


@pytest.fixture
def database() -> Iterator[Database]:
    made = Database()
    yield made
    made.goes_on.set()


@pytest.fixture
def uid(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The uid that the kernel says of every socket."""
    said = [7001]
    monkeypatch.setattr(callers, "credentials", lambda _sock: (said[0], 100))
    return said


def ask(who: Callers) -> tuple[str, str | None]:
    with socket.socket(socket.AF_UNIX) as sock:
        peer = asyncio.run(who.of(sock))
    return peer.name, peer.role


def test_an_answer_is_used_again_for_a_while_and_then_asked_for_anew(
    database: Database, uid: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    who = Callers(lambda: SETTINGS, database.look)
    assert [ask(who), ask(who), database.asked] == [("ann", "responder"), ("ann", "responder"), 1]
    monkeypatch.setattr(callers, "FRESH", 0.0)
    database.answer = Account("ann", frozenset())
    assert (ask(who), database.asked) == (("ann", None), 2)


def test_while_the_database_hangs_who_was_known_goes_on_and_waits_once(
    database: Database, uid: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    who = Callers(lambda: SETTINGS, database.look, patience=0.2)
    assert ask(who) == ("ann", "responder")
    monkeypatch.setattr(callers, "FRESH", 0.0)
    database.goes_on.clear()
    assert ask(who) == ("ann", "responder")
    began = time.monotonic()
    assert [ask(who) for _ in range(20)] == [("ann", "responder")] * 20
    assert time.monotonic() - began < 20 * 0.2
    assert database.asked == 2, "one question is open, however many callers wait for it"


def test_who_is_not_known_is_told_why_and_root_needs_no_database(database: Database, uid: list[int]) -> None:
    who = Callers(lambda: SETTINGS, database.look, patience=0.05)
    database.goes_on.clear()
    with pytest.raises(Unanswered, match=r"user database has not said within 0\.05 s who uid 7001 is"):
        ask(who)
    uid[0] = 0
    assert ask(who) == ("root", "approver")


def test_what_was_said_long_ago_holds_no_more(
    database: Database, uid: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    who = Callers(lambda: SETTINGS, database.look, patience=0.05)
    assert ask(who) == ("ann", "responder")
    monkeypatch.setattr(callers, "FRESH", 0.0)
    monkeypatch.setattr(callers, "GOOD", 0.0)
    database.goes_on.clear()
    with pytest.raises(Unanswered):
        ask(who)


def test_questions_without_an_answer_are_bounded(
    database: Database, uid: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "MOST", 2)
    who = Callers(lambda: SETTINGS, database.look, patience=0.01)
    database.goes_on.clear()
    for uid[0] in (7001, 7002, 7003, 7004):
        with pytest.raises(Unanswered):
            ask(who)
    assert database.asked == 2


class _Greets(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(b"heard " + data)


def test_a_connection_that_waits_keeps_no_other_waiting_and_loses_nothing(
    database: Database, uid: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "UNKNOWN", 2)

    async def run() -> list[bytes]:
        path = tmp_path / "s"
        entrance = door.Door(_Greets, Callers(lambda: SETTINGS, database.look))  # type: ignore[arg-type]
        server = await asyncio.get_running_loop().create_unix_server(lambda: door.Entering(entrance), path)

        async def connect(text: bytes) -> asyncio.StreamReader:
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(text)
            kept.append(writer)
            return reader

        kept: list[asyncio.StreamWriter] = []
        database.goes_on.clear()
        waiting = [await connect(b"one"), await connect(b"two")]
        refused = await connect(b"three")
        said = [await refused.read(1000)]
        uid[0] = 0
        said.append(await (await connect(b"root")).read(100))
        database.goes_on.set()
        said += [await reader.read(100) for reader in waiting]
        for writer in kept:
            writer.close()
        server.close()
        return said

    refused, root, *others = asyncio.run(asyncio.wait_for(run(), 20))
    assert b"503" in refused
    assert b"wait for the host's user database already" in refused
    assert [root, *others] == [b"heard root", b"heard one", b"heard two"]


def test_groups_are_what_the_host_says_however_many() -> None:
    for account in pwd.getpwall()[:20]:
        assert set(groups_of_user(account.pw_name, account.pw_gid)) == set(
            os.getgrouplist(account.pw_name, account.pw_gid)
        )
    assert groups_of_user("no-such-user-here", 4711) == [4711]


def test_more_groups_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_ROOM", 0)
    assert groups_of_user("root", 0) == os.getgrouplist("root", 0)
