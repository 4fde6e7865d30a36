"""Resident memory of the engine while it takes five million events, a million at a time."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.bench.latency import _wait
from tests.bench.site import Bench, Row, run, seqwatch

PARTS = 5


def measure(bench: Bench) -> Iterator[Row]:
    """Ingest PARTS corpora into one running engine; each is deleted after use to spare the disk."""
    config = bench.site("memory")
    engine = subprocess.Popen(seqwatch(config, "engine"), stderr=subprocess.DEVNULL)
    sizes: list[float] = []
    try:
        _wait(config.parent / "state" / "engine.sock")
        process = psutil.Process(engine.pid)
        for part in range(PARTS):
            stem = bench.corpus(bench.events, seed=100 + part, t0=1_790_000_000.0 + part * 86_400)
            log = Path(f"{stem}.audit.log")
            done = run(seqwatch(config, "ingest", str(log)))
            if done.status or json.loads(done.stdout)["events"] != bench.events:
                raise RuntimeError(f"ingest: {done.stdout!r} {done.stderr!r}")
            time.sleep(1.0)
            sizes.append(process.memory_info().rss / 2**20)
            log.unlink()
            Path(f"{stem}.flat.jsonl").unlink()
        peak = int(_status(engine.pid, "VmHWM")) / 1024
    finally:
        engine.terminate()
        engine.wait(timeout=30)
        shutil.rmtree(config.parent)
    text = " ".join(f"{size:.0f}" for size in sizes)
    yield Row(
        f"memory of the engine after {PARTS * bench.events:,} events",
        f"{sizes[-1]:.0f} MiB",
        f"per part: {text}",
        "goal <= 400 MB, flat",
    )
    yield Row("memory of the engine, highest ever", f"{peak:.0f} MiB", "", "")


def _status(pid: int, field: str) -> str:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return line.split()[1]
    raise KeyError(field)
