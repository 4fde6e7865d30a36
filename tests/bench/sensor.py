"""5,000 dataset opens a second: CPU of sensor and engine, beside auditd and LAUREL on the same load. Needs root.

The load is a few processes that open, read and close files of a file system of their own. What is counted is the CPU of
the watching processes (of the kernel's audit thread too) from the first open until everything is stored, and what the
watched processes themselves spend more than unwatched. auditd and LAUREL end with a JSON line; seqwatch has by then
judged, matched, sealed and stored. The kernel's audit is one for the whole machine: nothing else may use it meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench.latency import _wait
from tests.bench.site import Bench, Row, seqwatch
from tests.engine.running import Api

RATE, SECONDS, READERS, FILES = 5_000, 10, 4, 600
_LOAD = """
import os, sys, time
folder, number, rate, seconds, files = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
paths = [f"{folder}/lane{n:04}.fastq.gz" for n in range(files)]
start, done, total = time.monotonic(), 0, rate * seconds
while done < total:
    due = min(int((time.monotonic() - start) * rate), total)
    while done < due:
        fd = os.open(paths[(done * 7 + number * 131) % files], os.O_RDONLY)
        os.read(fd, 4096)
        os.close(fd)
        done += 1
    time.sleep(0.005)
used = os.times()
print(used.user + used.system)
"""

_SITE = """site: bench
state_dir: {state}
sources: [{{name: kernel, type: fanotify}}]
datasets: [{{id: bench, path: {data}, grants: {{pipeline: [read, write, bulk]}}}}]
roles: {{pipeline: {{users: [root]}}}}
"""
_OPENS = """select sum(cast(regexp_extract(raw, '"open":([0-9]+)', 1) as bigint)) as n from records
where type = 'FANOTIFY' and contains(raw, '"counts":{"open"')"""


@dataclass(frozen=True, slots=True)
class Side:
    """CPU seconds of the watchers and of the watched, opens reported, opens known to be lost."""

    cpu: float
    load: float
    reported: int
    lost: str
    parts: str


def measure(bench: Bench) -> Iterator[Row]:
    """Unwatched, then seqwatch, then auditd and LAUREL."""
    if os.geteuid() != 0:
        yield Row("sensor: needs root", "", "", "")
        return
    with _files() as data:
        alone = _load(data)
        ours = _seqwatch(bench, data)
        peer = _auditd(data)
    opens = RATE * SECONDS
    title = f"{RATE:,} dataset opens/s for {SECONDS} s"
    ratio = f"theirs / ours {peer.cpu / ours.cpu:.2f}" if peer else ""
    yield Row(
        f"{title}: CPU of the watchers",
        f"{ours.cpu:.2f} s",
        f"{peer.cpu:.2f} s" if peer else "no auditd, laurel",
        ratio,
    )
    yield Row("  of it", ours.parts, peer.parts if peer else "", "")
    yield Row(
        f"  the watched processes themselves (unwatched {alone:.2f} s)", f"{ours.load:.2f} s",
        f"{peer.load:.2f} s" if peer else "", "",
    )  # fmt: skip
    yield Row(f"  opens reported, of {opens:,}", f"{ours.reported:,}", f"{peer.reported:,}" if peer else "", "")
    yield Row("  losses declared", ours.lost, peer.lost if peer else "", "")


@contextlib.contextmanager
def _files() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="sqw-bench-"))
    subprocess.run(["mount", "-t", "tmpfs", "sqw-bench", str(folder)], check=True)
    try:
        data = folder / "data"
        data.mkdir()
        for n in range(FILES):
            (data / f"lane{n:04}.fastq.gz").write_bytes(bytes(4096))
        yield data
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def _load(data: Path) -> float:
    """Run the load to its end; return its CPU seconds."""
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", _LOAD, str(data), str(n), str(RATE // READERS), str(SECONDS), str(FILES)],
            stdout=subprocess.PIPE, text=True,
        )
        for n in range(READERS)
    ]  # fmt: skip
    return sum(float(reader.communicate()[0]) for reader in readers)


def _seqwatch(bench: Bench, data: Path) -> Side:
    config = bench.folder / f"sensor-{time.monotonic_ns()}" / "seqwatch.yaml"
    config.parent.mkdir(parents=True)
    config.write_text(_SITE.format(state=config.parent / "state", data=data))
    engine = subprocess.Popen(seqwatch(config, "engine"), stderr=subprocess.DEVNULL)
    try:
        place = config.parent / "state" / "engine.sock"
        _wait(place)
        api = Api(place)
        _until(lambda: api.status()["sources"][0]["state"] == "live", "the sensor to watch")
        time.sleep(2.0)
        processes = [psutil.Process(engine.pid), *psutil.Process(engine.pid).children()]
        before = [_cpu(p) for p in processes]
        load = _load(data)
        _settle(lambda: int(api.status()["events"]))
        spent = [_cpu(p) - b for p, b in zip(processes, before, strict=True)]
        reported = int(api.sql(_OPENS)[0]["n"] or 0)
        gaps = int(api.sql("select count(*) as n from gaps")[0]["n"])
    finally:
        engine.terminate()
        engine.wait(timeout=30)
        shutil.rmtree(config.parent)
    parts = f"engine {spent[0]:.2f}, sensor {sum(spent[1:]):.2f}"
    return Side(sum(spent), load, reported, f"{gaps} gaps", parts)


def _auditd(data: Path) -> Side | None:
    search = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    tools = [shutil.which(tool, path=search) for tool in ("auditd", "auditctl", "laurel")]
    if not all(tools):
        return None
    auditd, auditctl, laurel = (str(tool) for tool in tools)
    with tempfile.TemporaryDirectory(prefix="sqw-audit-") as temporary:
        folder = Path(temporary)
        _configure(folder, laurel)
        subprocess.run([auditctl, "-D"], check=True, capture_output=True)
        daemon = subprocess.Popen(
            [auditd, "-n", "-c", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            return _audited(daemon, data, folder, auditctl)
        finally:
            for undo in (["-D"], ["-e", "0"]):
                subprocess.run([auditctl, *undo], check=False, capture_output=True)
            daemon.terminate()
            daemon.wait(timeout=10)


def _configure(folder: Path, laurel: str) -> None:
    plugins, logs = folder / "plugins", folder / "laurel"
    plugins.mkdir()
    logs.mkdir()
    (folder / "laurel.toml").write_text(
        f'directory = "{logs}"\n[auditlog]\nfile = "audit.log"\nsize = 2000000000\ngenerations = 1\n'
    )
    (plugins / "laurel.conf").write_text(
        f"active = yes\ndirection = out\ntype = always\nformat = string\npath = {laurel}\nargs = --config {folder / 'laurel.toml'}\n"
    )
    (folder / "auditd.conf").write_text(
        f"local_events = yes\nwrite_logs = yes\nlog_file = {folder / 'audit.log'}\nlog_group = root\nlog_format = ENRICHED\n"
        "flush = INCREMENTAL_ASYNC\nfreq = 50\nmax_log_file = 2000\nnum_logs = 2\nmax_log_file_action = IGNORE\nspace_left = 75\n"
        "space_left_action = IGNORE\nadmin_space_left = 50\nadmin_space_left_action = IGNORE\ndisk_full_action = IGNORE\n"
        f"disk_error_action = IGNORE\nq_depth = 20000\nplugin_dir = {plugins}\n"
    )
    for path in (folder / "auditd.conf", plugins / "laurel.conf"):
        path.chmod(0o640)


def _audited(daemon: subprocess.Popen[bytes], data: Path, folder: Path, auditctl: str) -> Side:
    out = folder / "laurel" / "audit.log"
    _until(lambda: psutil.Process(daemon.pid).children(), "auditd to start LAUREL")
    rule = ["-a", "always,exit", "-F", "arch=b64", "-S", "open,openat,openat2", "-F", f"dir={data}", "-k", "bench"]
    for arguments in (["-e", "1"], ["-b", "16384"], rule):
        subprocess.run([auditctl, *arguments], check=True, capture_output=True)
    lost = _status(auditctl)
    kernel = [p for p in psutil.process_iter(["name"]) if p.info["name"] == "kauditd"]
    processes = [psutil.Process(daemon.pid), *psutil.Process(daemon.pid).children(), *kernel]
    before = [_cpu(p) for p in processes]
    load = _load(data)
    _settle(lambda: out.stat().st_size if out.exists() else 0)
    spent = [_cpu(p) - b for p, b in zip(processes, before, strict=True)]
    reported = sum(b'"key":"bench"' in line and b'"openat"' in line for line in out.read_bytes().splitlines())
    names = [p.name() for p in processes]
    parts = ", ".join(f"{name} {cpu:.2f}" for name, cpu in zip(names, spent, strict=True))
    return Side(sum(spent), load, reported, f"lost {_status(auditctl) - lost}", parts)


def _status(auditctl: str) -> int:
    said = subprocess.run([auditctl, "-s"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"^lost (\d+)", said, re.MULTILINE)
    return int(found[1]) if found else 0


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 30.0
    while not true():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited in vain for {what}")
        time.sleep(0.1)


def _settle(size: Callable[[], int]) -> None:
    """Wait until a number has not grown for two seconds, at most a minute."""
    last, since, deadline = size(), time.monotonic(), time.monotonic() + 60.0
    while time.monotonic() - since < 2.0 and time.monotonic() < deadline:
        time.sleep(0.2)
        if (now := size()) != last:
            last, since = now, time.monotonic()
