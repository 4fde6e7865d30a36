"""Can this host tell what seqwatch needs to know: kernel, audit rules, rights, disk, clock, sources. Reads only."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from seqwatch_tui.config.settings import ConfigError, Settings, SourceSettings
from seqwatch_tui.encryption.keys import read_register
from seqwatch_tui.engine.audit_check import check
from seqwatch_tui.engine.audit_host import CannotAsk, ask_kernel, auditctl_version, wanted_here
from seqwatch_tui.engine.audit_rules import IO_URING
from seqwatch_tui.engine.clock import SystemClock
from seqwatch_tui.engine.lookout import Lookout, NoAnswer
from seqwatch_tui.engine.lost import NAME as KERNEL_COUNTER
from seqwatch_tui.engine.parsers import mapping_problems
from seqwatch_tui.engine.sensor_check import sensor_finding
from seqwatch_tui.model.safefile import UnsafeFile, safe_open
from seqwatch_tui.model.verdict import State

_MIN_FREE = 2 << 30


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: its state, what was seen, and what to do when it is not a pass."""

    name: str
    state: State
    seen: str
    do: str = ""


def examine(settings: Settings) -> Iterator[Check]:
    """Yield every check for this host and configuration."""
    yield from _audit(settings)
    for source in settings.sources:
        yield _sensor(settings, source) if source.type == "fanotify" else _source(source.name, source.path)
    yield from (Check("mapping", "fail", problem, "correct the mapping file") for problem in mapping_problems(settings))
    for dataset in settings.datasets:
        yield _dataset(dataset.id, Path(dataset.path))
    if settings.keys.register is not None:
        yield _register(settings.keys.register)
    yield _disk(Path(settings.state_dir))
    yield _sandbox()
    yield _clock()


def _audit(settings: Settings) -> Iterator[Check]:
    """The kernel's audit subsystem and its rules, in short; `seqwatch audit-rules --check` has every rule."""
    version = auditctl_version()
    if version is None:
        yield Check("auditctl", "unknown", "auditctl is not installed",
                    "apt install auditd (or your distribution's audit package)")  # fmt: skip
        return
    text = ".".join(map(str, version))
    yield Check("auditctl", "pass" if version >= IO_URING else "warn", f"version {text}",
                "" if version >= IO_URING else "reads through io_uring cannot be audited before 3.1")  # fmt: skip
    told = ask_kernel()
    if isinstance(told, CannotAsk):
        yield Check("kernel audit", "unknown", told.why, told.do)
        return
    try:
        report = check(wanted_here(settings), told.listing, told.status)
    except ValueError as error:
        yield Check("audit rules", "fail", str(error), "rename the folder, or watch its parent")
        return
    yield from (Check(c.name, c.state, c.seen, c.do) for c in report.kernel)
    wrong = [c for c in report.rules if c.state == "fail"]
    datasets = sum(c.about.startswith("dataset ") for c in wrong)
    yield Check("audit rules", "fail" if wrong else "pass",
                f"{len(wrong)} of {len(report.rules)} are missing or do not work, {datasets} of them for datasets" if wrong
                else f"{len(report.rules)} are loaded; reads of {len(settings.datasets)} datasets are reported",
                "seqwatch audit-rules --check says which and why" if wrong else "")  # fmt: skip


def _sensor(settings: Settings, source: SourceSettings) -> Check:
    return Check(f"source {source.name}", *sensor_finding(settings, source, SystemClock()))


def _source(name: str, path: Path | None) -> Check:
    title = f"source {name}"
    if path is None:
        return Check(title, "fail", "no path is configured", "write its path")
    try:
        os.close(safe_open(path))
    except FileNotFoundError:
        return Check(title, "fail", f"{path} does not exist", "start its writer, or correct the path")
    except UnsafeFile as error:
        return Check(title, "fail", f"{path} {error.strerror}", "name the regular file itself")
    except OSError as error:
        return Check(
            title, "fail", f"{path}: {error.strerror}", "let this user read it: log_group in auditd.conf, or its group"
        )
    return Check(title, "pass", f"{path} is readable")


def _dataset(dataset: str, path: Path) -> Check:
    title = f"dataset {dataset}"
    try:
        found = Lookout(SystemClock()).look(title, partial(_folder, title, path))
    except OSError as error:  # a folder above it lets nobody in, or its file system is gone
        seen = f"{path} cannot be looked at: {error.strerror}"
        return Check(title, "unknown", seen, "run doctor as the engine's user, or see to its mount")
    if isinstance(found, NoAnswer):
        return Check(title, "unknown", f"the file system of {path} does not answer", "see to its mount")
    return found


def _folder(title: str, path: Path) -> Check:
    if path.is_symlink():
        return Check(
            title, "fail", f"{path} is a symbolic link", "configure the real folder: the kernel reports real paths"
        )
    if not path.is_dir():
        seen = "is not a folder" if path.exists() else "does not exist"
        return Check(title, "fail", f"{path} {seen}", "correct the path, or mount it")
    readable = os.access(path, os.R_OK | os.X_OK)
    return Check(title, "pass" if readable else "unknown", f"{path} is {'readable' if readable else 'not readable for this user'}",
                 "" if readable else "integrity and encryption cannot be checked without reading it")  # fmt: skip


def _register(path: Path) -> Check:
    try:
        return Check("key register", "pass", f"{len(read_register(path))} keys in {path}")
    except ConfigError as error:
        return Check("key register", "fail", str(error), "the ages of keys are unknown until it can be read")


def _disk(state_dir: Path) -> Check:
    place = next(p for p in (state_dir, *state_dir.parents) if os.access(p, os.F_OK))
    free = shutil.disk_usage(place).free
    writable = os.access(place, os.W_OK)
    if not writable:
        return Check(
            "state folder",
            "fail",
            f"{state_dir} cannot be written by this user",
            "correct state_dir or run as the engine's user",
        )
    return Check("state folder", "pass" if free > _MIN_FREE else "warn", f"{free / 1e9:.1f} GB free at {place}",
                 "" if free > _MIN_FREE else "make room: about 1 GB holds 10 million events with their raw lines")  # fmt: skip


def _sandbox() -> Check:
    """Landlock ABI (landlock(7)): without it ad-hoc SQL has one wall less."""
    abi = int(ctypes.CDLL(None, use_errno=True).syscall(444, None, ctypes.c_size_t(0), 1))
    return Check("Landlock", "pass" if abi > 0 else "warn", f"ABI {abi}" if abi > 0 else "not offered by this kernel",
                 "" if abi > 0 else "ad-hoc SQL still runs in its own process with resource limits")  # fmt: skip


def _clock() -> Check:
    """adjtimex(2): whether the kernel's clock is disciplined."""
    buffer = ctypes.create_string_buffer(256)
    state = int(ctypes.CDLL(None, use_errno=True).adjtimex(buffer))
    if state < 0:
        return Check("clock", "unknown", "the kernel does not tell")
    return Check("clock", "warn" if state == 5 else "pass", "not synchronised" if state == 5 else "synchronised",
                 "start chrony or systemd-timesyncd" if state == 5 else "")  # fmt: skip


def accounts(sources: Sequence[Mapping[str, Any]]) -> Iterator[Check]:
    """Whether every line of every source is accounted for, from the status of a running engine (docs/gaps.md)."""
    for source in sources:
        unparsed = source["unparsed"] - source["parts"]
        seen = (
            f"{source['read']} lines read = {source['stored']} stored + {source['duplicates']} duplicates +"
            f" {source['declared']} declared lost + {unparsed} unparsed + {source['held']} held"
        )
        title = f"account {source['name']}"
        if source["name"] == KERNEL_COUNTER:
            told = source["state"] == "live"
            counted = "the kernel's counter is followed" if told else source["reason"]
            yield Check("loss counter", "pass" if told else "unknown", counted)
        elif source["balance"]:
            yield Check(
                title, "fail", f"{seen}: off by {source['balance']}", "report it: a fault of seqwatch, not of the log"
            )
        else:
            yield Check(title, "pass", seen)
