"""The sensor joined to an engine: rows with policy, and every time nobody watched in `gaps` and in the header."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.engine.running import Running, engine, seqwatch, until, write_site
from tests.sensor.host import NEEDS_ROOT, QUEUE, own_filesystem, run

pytestmark = [pytest.mark.root, NEEDS_ROOT]


@pytest.fixture
def data() -> Iterator[Path]:
    with own_filesystem() as folder:
        yield folder


def site(folder: Path, *datasets: Path, sensor: str = "") -> Path:
    lines = [f"  - {{id: {path.name}, path: {path}, grants: {{lab: [read]}}}}" for path in datasets]
    kernel = f"sources: [{{name: kernel, type: fanotify{sensor}}}]"
    return write_site(folder, ["site: seq-1", kernel, "datasets:", *lines, "roles: {lab: {users: [root]}}"])


def sensor_of(running: Running) -> psutil.Process | None:
    children = psutil.Process(running.process.pid).children()
    return next((c for c in children if "seqwatch_tui.sensor" in c.cmdline()), None)


def source(running: Running) -> dict[str, Any]:
    found: dict[str, Any] = running.api.status()["sources"][0]
    return found


@contextmanager
def watched(config: Path) -> Iterator[Running]:
    with engine(config) as running:
        until(lambda: source(running)["state"] != "waiting", "the sensor watches")
        yield running


def gaps(running: Running, kind: str) -> list[dict[str, Any]]:
    return running.api.sql(f"select * from gaps where kind = '{kind}' order by gap_id")


def test_a_use_is_a_row_with_dataset_role_and_verdict(tmp_path: Path, data: Path) -> None:
    (data / "reads.bam").write_bytes(bytes(9000))
    with watched(site(tmp_path, data)) as running:
        assert source(running)["state"] == "live"
        run("cat reads.bam; rm reads.bam", data)
        exe = "case when warnings like '%gone%' then '' else exe end"  # a program may be too short to be named, and says so
        query = f"select action, dataset, allowed, {exe} as exe, outcome, source from events "
        query += f"where path = '{data}/reads.bam' and pid <> 0 order by 1"
        rows = until(lambda: len(r := running.api.sql(query)) >= 2 and r, "a read and a delete")
        assert [(r["action"], r["dataset"], r["allowed"], r["outcome"], r["source"]) for r in rows] == [
            ("delete", "data", False, "success", "kernel"),
            ("read", "data", False, "success", "kernel"),
        ]
        assert [
            r["exe"] in ("", program) for r, program in zip(rows, ("/usr/bin/rm", "/usr/bin/cat"), strict=True)
        ] == [True, True]
        assert running.api.sql("select count(*) as n from records where type = 'FANOTIFY'")[0]["n"] >= 2
        equation = source(running)
        assert equation["records"] == equation["events"]
        assert until(lambda: running.api.sql("select 1 from alerts"), "an alert: unattributed, without a grant")


def test_a_killed_sensor_is_a_gap_within_five_seconds_and_is_back(tmp_path: Path, data: Path) -> None:
    with watched(site(tmp_path, data)) as running:
        first = sensor_of(running)
        assert first is not None
        first.kill()
        until(lambda: running.api.status()["gaps"] >= 1, "a gap, stored and in the header", 5.0)
        assert "SIGKILL" in gaps(running, "sensor")[0]["detail"]
        until(lambda: source(running)["state"] == "live", "it is back")
        back = until(lambda: len(g := gaps(running, "sensor")) == 2 and g, "the whole span")
        assert back[0]["last_ts"] == back[1]["first_ts"]
        second = sensor_of(running)
        assert second is not None
        assert second.pid != first.pid
        (data / "after").write_bytes(b"x")
        until(lambda: running.api.sql(f"select 1 from events where path = '{data}/after'"), "it watches")


def test_a_sensor_that_hangs_is_replaced(tmp_path: Path, data: Path) -> None:
    with watched(site(tmp_path, data)) as running:
        sensor = sensor_of(running)
        assert sensor is not None
        sensor.suspend()
        found = until(lambda: gaps(running, "sensor"), "a gap", 12.0)
        assert "said nothing" in found[0]["detail"]
        assert not psutil.pid_exists(sensor.pid)


def test_an_overflow_is_in_the_header_and_in_gaps_within_five_seconds(tmp_path: Path, data: Path) -> None:
    before = QUEUE.read_text()
    QUEUE.write_text("64")
    try:
        with watched(site(tmp_path, data)) as running:
            sensor = sensor_of(running)
            assert sensor is not None
            sensor.suspend()
            for n in range(300):
                (data / f"f{n}").write_bytes(b"x")
            sensor.resume()
            until(lambda: running.api.status()["gaps"] >= 1, "a gap, stored and in the header", 5.0)
            assert len(gaps(running, "overflow")) == 1
            evidence = next(v for v in running.api.status()["verdicts"] if v["name"] == "evidence")
            assert evidence["state"] in ("warn", "fail")
            traces = (
                "select count(*) as n from events where warnings = 'rescan' and user_name is null and action = 'write'"
            )
            until(lambda: running.api.sql(traces)[0]["n"] >= 300, "traces of what was lost")
    finally:
        QUEUE.write_text(before)


def test_the_engines_absence_is_a_gap_and_what_was_done_in_it_leaves_traces(tmp_path: Path, data: Path) -> None:
    config = site(tmp_path, data)
    with watched(config):
        pass
    (data / "meanwhile").write_bytes(b"x")
    with watched(config) as running:
        (gap,) = until(lambda: gaps(running, "downtime"), "a gap")
        assert gap["first_ts"] < gap["last_ts"]
        query = f"select outcome, user_name from events where path = '{data}/meanwhile' and action = 'write' and warnings = 'rescan'"
        assert until(lambda: running.api.sql(query), "a trace") == [{"outcome": "unknown", "user_name": None}]


def test_an_engine_that_was_killed_leaves_no_sensor_and_a_gap(tmp_path: Path, data: Path) -> None:
    config = site(tmp_path, data)
    with watched(config) as running:
        sensor = sensor_of(running)
        assert sensor is not None
        until(
            lambda: running.api.sql("select 1 from sources where resume_identity is not null"), "its position is stored"
        )
        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
        until(lambda: not sensor.is_running() or sensor.status() == psutil.STATUS_ZOMBIE, "the sensor ends too")
    with watched(config) as running:
        until(lambda: gaps(running, "downtime"), "a gap")


def test_a_sensor_that_hangs_does_not_outlive_its_engine(tmp_path: Path, data: Path) -> None:
    with watched(site(tmp_path, data)) as running:
        sensor = sensor_of(running)
        assert sensor is not None
        sensor.suspend()
        running.process.kill()
        running.process.wait()
        until(lambda: not sensor.is_running() or sensor.status() == psutil.STATUS_ZOMBIE, "the sensor ends too")


def test_a_dataset_added_to_the_configuration_is_watched_at_once(tmp_path: Path, data: Path) -> None:
    other = data.parent / "other"
    other.mkdir()
    config = site(tmp_path, data)
    with watched(config) as running:
        site(tmp_path, data, other)
        until(lambda: len(running.api.sql("select 1 from datasets")) == 2, "the edit is in force")

        def seen() -> bool:
            (other / "x").write_bytes(b"x")
            return bool(running.api.sql(f"select 1 from events where path = '{other}/x' and dataset = 'other'"))

        until(seen, "it is watched")
        assert not gaps(running, "sensor")


def test_a_sensor_behind_a_socket_is_the_same(tmp_path: Path, data: Path) -> None:
    """As systemd does it (Accept=yes): one sensor a connection, its input and output the socket."""
    place = data.parent / "s.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        config = site(tmp_path, data, sensor=f", path: {place}")
        with engine(config) as running:
            listener.settimeout(20)
            connection, _ = listener.accept()
            with connection:
                sensor = subprocess.Popen(
                    [sys.executable, "-m", "seqwatch_tui.sensor"], stdin=connection, stdout=connection
                )
            until(lambda: source(running)["state"] == "live", "it watches")
            (data / "x").write_bytes(b"x")
            until(lambda: running.api.sql(f"select 1 from events where path = '{data}/x'"), "a row")
            assert running.stop() == 0
        assert sensor.wait(timeout=20) == 0


def test_doctor_tries_the_sensor(tmp_path: Path, data: Path) -> None:
    said = seqwatch(site(tmp_path, data), "doctor").stdout
    assert "1 datasets are watched" in said
    said = seqwatch(site(tmp_path, data, data / "none"), "doctor").stdout
    assert "1 of 2 datasets cannot be watched" in said
    assert not list(data.iterdir())
