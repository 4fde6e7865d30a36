"""Can this host tell what seqwatch needs to know: kernel, audit rules, rights, disk, clock, sources. Reads only."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seqwatch_tui.config.settings import Settings
from seqwatch_tui.engine.audit_rules import IO_URING, missing_rules
from seqwatch_tui.model.safefile import UnsafeFile, safe_open
from seqwatch_tui.model.verdict import State

_MIN_FREE = 2 << 30
_BACKLOG = 8192


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
        yield _source(source.name, source.type, source.path)
    for dataset in settings.datasets:
        yield _dataset(dataset.id, Path(dataset.path))
    yield _disk(Path(settings.state_dir))
    yield _sandbox()
    yield _clock()


def auditctl_version() -> tuple[int, ...] | None:
    """Return auditctl's version, null when it is not installed."""
    said = _run("auditctl", "-v")
    found = re.search(r"(\d+(?:\.\d+)+)", said or "")
    return tuple(int(n) for n in found[1].split(".")) if found else None


def _run(*command: str) -> str | None:
    """Return a command's output, null when it is missing or refuses."""
    path = shutil.which(command[0], path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        return None
    done = subprocess.run([path, *command[1:]], capture_output=True, text=True, timeout=10, check=False)
    return done.stdout if done.returncode == 0 else None


def _audit(settings: Settings) -> Iterator[Check]:
    version = auditctl_version()
    if version is None:
        yield Check(
            "auditctl",
            "unknown",
            "auditctl is not installed",
            "apt install auditd (or your distribution's audit package)",
        )
        return
    text = ".".join(map(str, version))
    yield Check("auditctl", "pass" if version >= IO_URING else "warn", f"version {text}",
                "" if version >= IO_URING else "reads through io_uring cannot be audited before 3.1")  # fmt: skip
    status = _run("auditctl", "-s")
    if status is None:
        yield Check(
            "kernel audit", "unknown", "the kernel's audit status needs root to read", "run `sudo seqwatch doctor`"
        )
        return
    facts = dict(line.split(maxsplit=1) for line in status.splitlines() if " " in line)
    yield from _kernel(facts)
    missing = missing_rules(settings, _run("auditctl", "-l") or "")
    yield Check("audit rules", "fail" if missing else "pass",
                f"no read rule for {', '.join(missing)}" if missing else f"reads of {len(settings.datasets)} datasets are reported",
                "seqwatch audit-rules > /etc/audit/rules.d/70-seqwatch.rules && augenrules --load" if missing else "")  # fmt: skip


def _kernel(facts: dict[str, str]) -> Iterator[Check]:
    enabled, lost = facts.get("enabled", "?"), facts.get("lost", "?")
    yield Check("kernel audit", "pass" if enabled in ("1", "2") else "fail", f"enabled {enabled}, auditd pid {facts.get('pid', '?')}",
                "" if enabled in ("1", "2") else "auditctl -e 1, and start auditd")  # fmt: skip
    yield Check("lost records", "pass" if lost == "0" else "fail", f"lost {lost} since boot",
                "" if lost == "0" else "raise the backlog (-b 16384): what was lost cannot be had again")  # fmt: skip
    limit = int(facts.get("backlog_limit", "0"))
    yield Check(
        "backlog",
        "pass" if limit >= _BACKLOG else "warn",
        f"backlog_limit {limit}",
        "" if limit >= _BACKLOG else "-b 16384",
    )


def _source(name: str, kind: str, path: Path | None) -> Check:
    title = f"source {name}"
    if kind == "fanotify" or path is None:
        return Check(title, "n/a", "the built-in sensor is not in this version", "use auditd")
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
    if path.is_symlink():
        return Check(
            title, "fail", f"{path} is a symbolic link", "configure the real folder: the kernel reports real paths"
        )
    if not path.is_dir():
        return Check(title, "fail", f"{path} is not a folder", "correct the path")
    readable = os.access(path, os.R_OK | os.X_OK)
    return Check(title, "pass" if readable else "unknown", f"{path} is {'readable' if readable else 'not readable for this user'}",
                 "" if readable else "integrity and encryption cannot be checked without reading it")  # fmt: skip


def _disk(state_dir: Path) -> Check:
    place = next(p for p in (state_dir, *state_dir.parents) if p.exists())
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
