"""The console from the terminal's side (ttybench.py) on a live engine at 0, 500 and 5,000 events a second."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.latency import _LINE, _wait
from tests.bench.site import Bench, Row, run, seqwatch

TTYBENCH = Path(__file__).with_name("ttybench.py")
RATES = (0, 500, 5_000)
TIMES = 40
PROBES = ("--probe", f"2=last +what=1*{TIMES}", "--probe", f"F=paused=F*{TIMES}")
"""A key, what the screen must show then, and the key that takes it back; so often that p95 is more than the worst of a few."""
GOALS = {0: "idle: 0 B/s", 500: "<= 12 KB/s, flat", 5_000: "<= 12 KB/s, flat"}


def measure(bench: Bench) -> Iterator[Row]:
    """Start-up and keys once, then a window at each rate."""
    folder = bench.folder / f"console-{time.monotonic_ns()}"
    folder.mkdir(parents=True)
    log = folder / "audit.log"
    log.write_bytes(b"".join(_LINE.format(t=time.time(), n=n, f=n, pid=n).encode() for n in range(1, 200)))
    config = bench.site("console", f"sources: [{{name: audit, type: auditd, path: {log}}}]")
    engine = subprocess.Popen(seqwatch(config, "engine"), stderr=subprocess.DEVNULL)
    try:
        _wait(config.parent / "state" / "engine.sock")
        for rate in RATES:
            yield from _window(config, log, rate)
    finally:
        engine.terminate()
        engine.wait(timeout=20)
        shutil.rmtree(folder)
        shutil.rmtree(config.parent)


def _window(config: Path, log: Path, rate: int) -> Iterator[Row]:
    writer = [sys.executable, "-m", "tests.bench.console", str(log), str(rate)]
    feed = subprocess.Popen(writer) if rate else None
    try:
        if feed:
            time.sleep(2)
        done = run([sys.executable, str(TTYBENCH), "--size", "80x24", "--runs", "3", "--before", "1", "--ready", "mallory", "--idle", "8",
                    *PROBES, "--", *seqwatch(config)])  # fmt: skip
    finally:
        if feed:
            feed.terminate()
            feed.wait()
    if done.status:
        raise RuntimeError(done.stderr.decode())
    yield from _rows(json.loads(done.stdout), rate)


def _rows(said: dict[str, Any], rate: int) -> Iterator[Row]:
    probes, idle = said["probes"], said["idle"]
    if rate == 0:
        yield Row(
            "console: first paint / ready",
            f"{said['first_paint']:.0f} / {said['ready']:.0f} ms",
            "",
            "goal <= 40 / 400 ms",
        )
        yield Row("console: resident memory", f"{said['memory']['rss']:.0f} MiB", "", "goal <= 35 MiB")
    for name, probe in zip(("another screen", "pause"), probes.values(), strict=True):
        yield Row(
            f"console at {rate:,} events/s: key to paint, {name}, p50 / p95",
            f"{probe['p50']:.0f} / {probe['p95']:.0f} ms",
            f"{probe['missed']} of {TIMES} missed" if probe["missed"] else "",
            "goal p95 <= 30 ms",
        )
    yield Row(
        f"console at {rate:,} events/s: CPU, bytes to the terminal",
        f"{idle['cpu_pct']:.1f} %, {idle['bytes_per_s'] / 1e3:.1f} KB/s",
        "",
        GOALS[rate],
    )


def feed(log: Path, rate: int) -> None:
    """Append `rate` events a second until killed."""
    start, sent = time.monotonic(), 0
    with log.open("ab", buffering=0) as file:
        while True:
            due = int((time.monotonic() - start) * rate)
            if due > sent:
                now = time.time()
                file.write(
                    b"".join(_LINE.format(t=now, n=10**6 + n, f=n, pid=n % 900).encode() for n in range(sent, due))
                )
                sent = due
            time.sleep(0.02)


if __name__ == "__main__":
    feed(Path(sys.argv[1]), int(sys.argv[2]))
