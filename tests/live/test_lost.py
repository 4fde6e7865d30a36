"""Records the kernel really drops: auditd stopped, a queue of 64, a burst; the true number in `gaps` and the header in 5 s."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.running import Running, engine, until, write_site
from tests.live.host import auditd, auditd_is_busy, missing_tools

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
]
SOON = 5.0


def _auditctl(*arguments: str) -> str:
    done = subprocess.run(["/usr/sbin/auditctl", *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def _kernel() -> dict[str, int]:
    return {name: int(value) for name, value in re.findall(r"^(\w+) (\d+)$", _auditctl("-s"), re.MULTILINE)}


@contextlib.contextmanager
def _small_queue() -> Iterator[None]:
    """A backlog of 64 without waiting, so that a burst loses records; as it was afterwards, the counter at 0."""
    before = _kernel()
    _auditctl("-b", "64", "--backlog_wait_time", "0")
    try:
        yield
    finally:
        _auditctl("--reset-lost")
        _auditctl("-b", str(before["backlog_limit"]), "--backlog_wait_time", str(before["backlog_wait_time"]))


@contextlib.contextmanager
def _stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _burst(folder: Path) -> None:
    """Open a watched file until the kernel has dropped records; it takes what its socket and queue hold to get there."""
    target = folder / "a.bam"
    for _ in range(400):
        for _ in range(250):
            os.close(os.open(target, os.O_RDONLY))
        if _kernel()["lost"] > 500:
            return
    raise AssertionError("the kernel dropped nothing")


def _declared(running: Running) -> int:
    rows = running.api.get("/v1/gaps", limit=1000).rows
    return sum(row["count"] or 0 for row in rows if row["kind"] == "kernel_lost" and row["certainty"] == "exact")


def test_a_burst_beyond_the_queue_is_told_with_the_kernel_s_own_number(tmp_path: Path) -> None:
    if auditd_is_busy():
        pytest.skip("an audit daemon is running here")
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.bam").write_bytes(b"x")
    rules = f"-D\n-a always,exit -F arch=b64 -S openat -F dir={data} -F key=seqwatch\n"
    with auditd(tmp_path, rules) as log:
        config = write_site(
            tmp_path, ["site: lossy", f"sources: [{{name: audit, type: auditd, path: {log}}}]",
                       f"datasets: [{{id: cohort, path: {data}}}]"],
        )  # fmt: skip
        pid = _kernel()["pid"]
        with engine(config) as running, _small_queue():
            until(lambda: _counter(running)["state"] == "live", "the kernel's counter is followed")
            with _stopped(pid):
                before = _kernel()["lost"]
                _burst(data)
                lost, began = _kernel()["lost"] - before, time.monotonic()
                until(lambda: _declared(running) >= lost, "the kernel's number in gaps")
                seen = time.monotonic() - began
                header = {v["name"]: v for v in running.api.status()["verdicts"]}["evidence"]
            assert seen < SOON, seen
            assert _declared(running) == _kernel()["lost"] - before
            assert (header["state"], header["text"].split()[1]) == ("fail", "lost")
            assert running.api.status()["lost"] >= lost
            _auditctl("--reset-lost")
            until(lambda: _alert(running, "lost-counter-reset"), "the alert of the reset")
            assert _alert(running, "evidence-lost")
            assert all(source["balance"] == 0 for source in running.api.status()["sources"])


def _counter(running: Running) -> dict[str, object]:
    found = [s for s in running.api.status()["sources"] if s["name"] == "kernel:audit"]
    return found[0] if found else {"state": "not there yet"}


def _alert(running: Running, rule: str) -> list[dict[str, object]]:
    """Alerts of one rule of those that came with seqwatch."""
    return running.api.sql(f"select alert_id from alerts where rule_id = '{rule}'")
