"""A stop is prompt whatever is going on: systemd, a reboot and an operator all wait for it."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import psutil
import pytest
import zstandard

from tests.engine.running import WORKLOAD, Running, engine, ingest, seqwatch, until, write_site

SECONDS = 5.0
SLOW = "select sum(a.range * b.range) from range(10000000) a, range(10000000) b"


@contextlib.contextmanager
def a_long_query(running: Running) -> Iterator[psutil.Process]:
    """Ask a query that takes very long; yield the process that runs it, which is gone afterwards."""
    query = threading.Thread(target=_ignore_the_end, args=(running.api.post, "/v1/sql", {"query": SLOW, "timeout": 60}))
    query.start()
    worker = until(psutil.Process(running.process.pid).children, "the query's process")[0]
    try:
        yield worker
    finally:
        running.process.kill()
        with contextlib.suppress(psutil.NoSuchProcess):
            worker.kill()
        query.join()


def test_a_long_query_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with engine(write_site(tmp_path, ["site: stop"])) as running, a_long_query(running):
        assert running.stop(SECONDS) == 0


def test_a_killed_engine_takes_its_query_with_it(tmp_path: Path) -> None:
    with engine(write_site(tmp_path, ["site: stop"])) as running, a_long_query(running) as worker:
        running.process.kill()
        running.process.wait()
        until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, "the query's end", 3)


def test_a_long_back_fill_does_not_hold_up_the_end(tmp_path: Path) -> None:
    log = tmp_path / "audit.log.zst"
    with log.open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as out:
        for _ in range(3000):
            out.write(WORKLOAD.read_bytes())
    with engine(write_site(tmp_path, ["site: stop"])) as running:
        work = threading.Thread(target=_ignore_the_end, args=(ingest, running, log))
        work.start()
        until(lambda: running.api.status()["events"], "the first events")
        try:
            assert running.stop(SECONDS) == 0
        finally:
            running.process.kill()
            work.join()


def _ignore_the_end(call: Callable[..., object], *arguments: object) -> None:
    """Ask; an engine that ends before it answers is what is tested here."""
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError, KeyError, AssertionError):
        call(*arguments)


@pytest.mark.parametrize("command", ["engine", "events"])
def test_a_state_folder_too_deep_for_a_socket_is_told(tmp_path: Path, command: str) -> None:
    """unix(7): sun_path has 108 bytes."""
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    config = write_site(deep, ["site: deep"])
    done = seqwatch(config, command)
    assert done.returncode in (2, 3)
    assert "Traceback" not in done.stderr
    assert str(deep / "state") in done.stderr.splitlines()[0]


def test_a_configuration_that_became_wrong_changes_nothing(tmp_path: Path) -> None:
    config = write_site(tmp_path, ["site: reload", "datasets: [{id: a, path: /data/a}]"])
    with engine(config) as running:
        good = config.read_text()
        config.write_text(good + "datasts: []\n")
        answer = running.api.post("/v1/reload", {})
        assert answer.status == 409
        assert f"{config}:4: key 'datasts' is not known" in answer.value["error"]
        assert [r["dataset"] for r in running.api.get("/v1/datasets").rows] == ["a"]
        config.write_text(good.replace("id: a, path: /data/a", "id: b, path: /data/b"))
        assert running.api.post("/v1/reload", {}).status == 200
        assert [r["dataset"] for r in running.api.get("/v1/datasets").rows] == ["b"]
        config.write_text(good.replace("state_dir: ", "state_dir: /elsewhere"))
        refused = running.api.post("/v1/reload", {})
        assert (refused.status, "restart the engine" in refused.value["error"]) == (409, True)


def test_the_log_of_an_engine_tells_what_came_of_edits_and_of_the_end_and_nothing_else(tmp_path: Path) -> None:
    config = write_site(tmp_path, ["site: told"])
    with engine(config) as running:
        good = config.read_text()
        config.write_text(good + "datasts: []\n")
        until(lambda: "is not in force" in running.log.read_text(), "the rejected edit")
        config.write_text(good + "retention: {days: 30}\n")
        until(lambda: "are in force" in running.log.read_text(), "the edit")
        assert running.stop() == 0
        said = [line.split(" ", 3)[2:] for line in running.log.read_text().splitlines()]
    assert [level for level, _ in groupby(said, key=lambda line: line[0])] == ["INFO", "WARNING", "INFO"], said
    assert said[1][1].startswith(f"the edited configuration is not in force: {config}:")
    assert said[-1][1] == "stopped; everything that was read is stored"
