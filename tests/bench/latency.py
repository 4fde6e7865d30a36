"""Append to alert stored, at 1,000 events a second: a writer appends to audit.log, the engine follows it.

The engine runs as its own process; the writer stamps every line it appends, and `alert_evidence` of the store tells
which events became evidence; `probe` notes when each commit was durable.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.site import Bench, Row

RATE, SECONDS = 1_000, 9
_LINE = (
    "type=SYSCALL msg=audit({t:.3f}:{n}): arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7ffd0 a2=0 a3=0 items=1 "
    'ppid=1 pid={pid} auid=2090 uid=2090 gid=2090 euid=2090 suid=2090 fsuid=2090 egid=2090 sgid=2090 fsgid=2090 tty=pts0 ses=9 comm="cat" '
    'exe="/usr/bin/cat" subj=unconfined key="seqdata"\x1dARCH=x86_64 SYSCALL=openat AUID="mallory" UID="mallory" GID="m" EUID="mallory" '
    'SUID="mallory" FSUID="mallory" EGID="m" SGID="m" FSGID="m"\n'
    'type=CWD msg=audit({t:.3f}:{n}): cwd="/home/mallory"\n'
    'type=PATH msg=audit({t:.3f}:{n}): item=0 name="/data/seq/EGAD00000001000/f{f}.bam" inode=5 dev=08:01 mode=0100640 ouid=0 ogid=0 '
    'rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\x1dOUID="root" OGID="root"\n'
    "type=PROCTITLE msg=audit({t:.3f}:{n}): proctitle=636174\n"
)


def measure(bench: Bench) -> Iterator[Row]:
    """Every appended event is an access without a grant, so every one of them is part of an alert."""
    folder = bench.folder / f"latency-{time.monotonic_ns()}"
    folder.mkdir(parents=True)
    log = folder / "audit.log"
    log.touch(mode=0o640)
    config = bench.site("latency", f"sources: [{{name: audit, type: auditd, path: {log}}}]")
    commits = folder / "commits.jsonl"
    engine = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.probe", str(config), str(commits)], stderr=subprocess.DEVNULL
    )
    try:
        _wait(config.parent / "state" / "engine.sock")
        time.sleep(1.0)
        stamps = _write(log)
        time.sleep(2.0)
    finally:
        engine.terminate()
        engine.wait(timeout=20)
    delays = sorted(_delays(commits, stamps))
    shutil.rmtree(folder)
    shutil.rmtree(config.parent)
    missing = len(stamps) - len(delays)
    p50, p99 = delays[len(delays) // 2], delays[int(len(delays) * 0.99)]
    yield Row(
        f"append -> alert stored, {RATE:,} events/s, p50",
        f"{1e3 * p50:.1f} ms",
        f"{missing} of {len(stamps):,} missing",
        "goal <= 20 ms",
    )
    yield Row(f"append -> alert stored, {RATE:,} events/s, p99", f"{1e3 * p99:.1f} ms", "", "goal <= 250 ms")


def _wait(sock: Path) -> None:
    deadline = time.monotonic() + 30
    while not sock.exists():
        if time.monotonic() > deadline:
            raise RuntimeError("the engine did not start")
        time.sleep(0.05)


def _write(log: Path) -> dict[int, float]:
    """Append one event a millisecond; return monotonic time by serial."""
    stamps: dict[int, float] = {}
    start = time.monotonic()
    with log.open("ab", buffering=0) as file:
        for n in range(RATE * SECONDS):
            pause = start + n / RATE - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            line = _LINE.format(t=time.time(), n=n + 1, f=n % 20, pid=4000 + n % 50).encode()
            stamps[n + 1] = time.monotonic()
            file.write(line)
    return stamps


def _delays(commits: Path, stamps: dict[int, float]) -> Iterator[float]:
    """The commit log has one line per commit: monotonic seconds, and the serials whose events are evidence in it."""
    for line in commits.read_text().splitlines():
        said = json.loads(line)
        for serial in said["evidence_serials"]:
            yield said["at"] - stamps[serial]
