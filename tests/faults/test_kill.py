"""kill -9 of the engine at random moments of a load: afterwards every event is stored exactly once."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.bench.site import GENERATOR
from tests.engine.running import seqwatch, start_engine, wait_for_socket

EVENTS, KILLS = 200_000, 30


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stem = tmp_path_factory.mktemp("corpus") / "load"
    subprocess.run(
        [sys.executable, str(GENERATOR), "--events", str(EVENTS), "--out", str(stem), "--formats", "raw"],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return Path(f"{stem}.audit.log")


@pytest.mark.slow
def test_thirty_kills_lose_nothing_and_double_nothing(tmp_path: Path, corpus: Path) -> None:
    dice, log = random.Random(11), tmp_path / "audit.log"
    log.touch()
    config = tmp_path / "seqwatch.yaml"
    config.write_text(
        f"site: kill\nstate_dir: {tmp_path / 'state'}\nsources: [{{name: audit, type: auditd, path: {log}}}]\n"
    )
    feeder = subprocess.Popen([sys.executable, "-c", _FEED, str(corpus), str(log)])
    try:
        for _ in range(KILLS):
            engine = start_engine(config)
            time.sleep(dice.uniform(0.6, 2.0))
            engine.send_signal(signal.SIGKILL)
            engine.wait()
        assert feeder.wait(timeout=120) == 0
    finally:
        feeder.kill()
    engine = start_engine(config)
    try:
        wait_for_socket(config)
        _wait_until_stored(config, EVENTS)
        found = json.loads(
            seqwatch(config, "sql", _COUNT, "--format", "json", "--limit", "0", "--timeout", "120").stdout
        )
        assert found == [{"events": EVENTS, "ids": EVENTS, "source_ids": EVENTS}]
        records = json.loads(seqwatch(config, "sql", _RECORDS, "--format", "json", "--timeout", "120").stdout)
        assert records == [{"lines": _lines(corpus), "positions": _lines(corpus)}]
    finally:
        engine.terminate()
        assert engine.wait(timeout=30) == 0
    report = seqwatch(config, "ledger", "--format", "json")
    assert json.loads(report.stdout)["ok"], report.stdout


_COUNT = (
    "select count(*) as events, count(distinct event_id) as ids, count(distinct source_id) as source_ids from events"
)
_RECORDS = "select count(*) as lines, count(distinct position) as positions from records"
_FEED = """
import sys, time
with open(sys.argv[1], "rb") as source, open(sys.argv[2], "ab", buffering=0) as log:
    while piece := source.read(1 << 20):
        log.write(piece)
        time.sleep(0.15)
"""
"""Appends about 7 MB a second, in pieces that end inside lines."""


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def _wait_until_stored(config: Path, events: int, seconds: float = 120.0) -> None:
    deadline, stored = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        stored = json.loads(seqwatch(config, "sql", "select count(*) as n from events", "--format", "json").stdout)[0][
            "n"
        ]
        if stored >= events:
            return
        time.sleep(0.5)
    raise AssertionError(f"only {stored} of {events} events were stored in {seconds:.0f} s")
