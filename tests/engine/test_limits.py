"""What one client may take of the engine: queries, memory, disk and connections have bounds, and others stay served."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from seqwatch_tui.engine.api.door import OF_ONE as OF_ONE_DOOR
from seqwatch_tui.engine.api.door import OF_STRANGERS
from seqwatch_tui.engine.api.server import ApiError
from seqwatch_tui.engine.api.turns import OF_ALL, OF_ONE, Turns
from seqwatch_tui.engine.peers import Peer
from seqwatch_tui.engine.sql import _room_left
from seqwatch_tui.store.worker import SqlError
from tests.engine.conftest import STRANGER, VIEWER
from tests.engine.running import Running, until
from tests.engine.test_stop import SLOW

Usage = namedtuple("Usage", "free")


@contextlib.contextmanager
def slow_queries(running: Running, count: int) -> Iterator[None]:
    """Ask so many queries that take very long; hang up at the end."""
    body = json.dumps({"query": SLOW, "timeout": 60}).encode()
    head = f"POST /v1/sql HTTP/1.1\r\nHost: engine\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    workers = psutil.Process(running.process.pid).children
    with contextlib.ExitStack() as open_ones:
        for _ in range(count):
            client = open_ones.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            client.connect(str(running.api.path))
            client.sendall(head + body)
        until(lambda: len(workers()) == min(count, OF_ONE), "the queries run")
        yield
    until(lambda: not workers(), "the queries end when their clients hang up")


def test_queries_of_one_person_are_few_and_keep_nobody_else_waiting(site: Running) -> None:
    with slow_queries(site, 12):
        answer = site.api.post("/v1/sql", {"query": "select 1"})
        assert (answer.status, "run already" in answer.value["error"]) == (429, True)
        assert site.api.status()["site"] == "small"
    assert site.api.sql("select 1 as one") == [{"one": 1}]


def test_places_are_given_back() -> None:
    turns, names = Turns(), [Peer(uid, str(uid), "auditor") for uid in range(OF_ALL + 1)]
    with contextlib.ExitStack() as taken:
        for peer in names[:OF_ALL]:
            taken.enter_context(turns.taken(peer))
        with pytest.raises(ApiError, match=f"{OF_ALL} queries run"), turns.taken(names[-1]):
            pass
    with turns.taken(names[-1]):
        pass


def test_an_answer_too_large_for_json_is_refused_and_arrow_is_named(site: Running) -> None:
    query = "select repeat('x', 10000) as x from range(4000)"
    answer = site.api.post("/v1/sql", {"query": query, "limit": 0})
    assert (answer.status, "Arrow" in answer.value["hint"]) == (413, True)
    done = site.cli("sql", query, "--limit", "0", "--format", "csv")
    assert (done.returncode, done.stdout.count("\n")) == (0, 4001)


def test_no_answer_takes_the_last_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(900 << 20))
    with pytest.raises(SqlError, match="900 MB are left"):
        _room_left(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2 << 30))
    assert _room_left(tmp_path) == 0


_FLOOD = """
import os, socket, sys
uid, count = int(sys.argv[2]), int(sys.argv[3])
os.setgroups([]), os.setgid(uid), os.setuid(uid)
held = []
for _ in range(count):
    held.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    held[-1].connect(sys.argv[1])
held[-1].settimeout(20)
print(held[-1].recv(4096).decode().replace("\\r\\n", " "), flush=True)
sys.stdin.read()
"""


def _flood(path: Path, uid: int, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _FLOOD, str(path), str(uid), str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )  # fmt: skip


@pytest.mark.root
@pytest.mark.parametrize(("uid", "most"), [(STRANGER, OF_STRANGERS), (VIEWER, OF_ONE_DOOR)])
def test_connections_of_one_person_are_bounded_and_others_come_in(site: Running, uid: int, most: int) -> None:
    process = psutil.Process(site.process.pid)
    before = process.num_fds()
    with _flood(site.api.path, uid, 300) as flood:
        assert flood.stdout is not None
        said = flood.stdout.readline()
        assert "503" in said
        assert f"{most} connections" in said
        until(lambda: process.num_fds() <= before + most + 5, "those that were refused are closed")
        assert site.api.status()["site"] == "small"
        flood.communicate()
    until(lambda: process.num_fds() <= before + 2, "the connections are given back")
    with _flood(site.api.path, uid, most + 1) as flood:
        assert flood.stdout is not None
        assert "503" in flood.stdout.readline(), "as many as before may come in again, and no more"
        flood.communicate()
