"""What this host says about auditing: auditctl, the rules and facts of its kernel, and the rules this site needs here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from seqwatch_tui.config.errors import ConfigError
from seqwatch_tui.config.settings import Settings
from seqwatch_tui.encryption.keys import read_register
from seqwatch_tui.engine.audit_rules import Host, Wanted, wanted_rules
from seqwatch_tui.engine.clock import SystemClock
from seqwatch_tui.engine.lookout import Lookout

_SBIN = ":/usr/sbin:/sbin"
_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Kernel:
    """What `auditctl -l` and `auditctl -s` printed."""

    listing: str
    status: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CannotAsk:
    """Why the kernel does not tell, and what to do."""

    why: str
    do: str


def auditctl_version() -> tuple[int, ...] | None:
    """Return auditctl's version, null when it is not installed or does not say."""
    try:
        done = _run("-v")
    except subprocess.TimeoutExpired:
        return None
    found = re.search(r"(\d+(?:\.\d+)+)", done.stdout) if done else None
    return tuple(int(n) for n in found[1].split(".")) if found else None


def ask_kernel() -> Kernel | CannotAsk:
    """Ask for the loaded rules and the state of auditing; needs CAP_AUDIT_CONTROL."""
    try:
        status, listing = _run("-s"), _run("-l")
    except subprocess.TimeoutExpired:
        return CannotAsk(f"auditctl gave no answer within {_SECONDS} s", "look into the kernel's log, then try again")
    if status is None or listing is None:
        return CannotAsk("auditctl is not installed", "apt install auditd (or your distribution's audit package)")
    if status.returncode or listing.returncode:
        said = " ".join((status.stderr or listing.stderr).split()) or f"auditctl ended with status {status.returncode}"
        return CannotAsk(f"the kernel does not tell its audit rules: {said}", "run it as root")
    facts = dict(line.split(maxsplit=1) for line in status.stdout.splitlines() if " " in line)
    return Kernel(listing.stdout, facts)


def wanted_here(settings: Settings, config: Path | None = None) -> list[Wanted]:
    """Return the rules this site needs on this host. ValueError: a path that no rule can carry."""
    return wanted_rules(
        settings, Host(auditctl_version(), partial(_exists, Lookout(SystemClock()))), _key_files(settings), config
    )


def _key_files(settings: Settings) -> list[Path]:
    """The key files that the register names; a register that cannot be read names none (the survey reports it)."""
    if settings.keys.register is None:
        return []
    try:
        return [entry.path for entry in read_register(settings.keys.register) if entry.path is not None]
    except (ConfigError, OSError):
        return []


def _exists(lookout: Lookout, path: Path) -> bool:
    """A path that may not be looked at, or gives no answer, is there, as far as a rule is concerned."""
    try:
        return lookout.look(str(path), path.exists) is not False
    except PermissionError:
        return True


def _run(*arguments: str) -> subprocess.CompletedProcess[str] | None:
    """Run auditctl; null when it is missing. Raises TimeoutExpired."""
    path = shutil.which("auditctl", path=os.environ.get("PATH", "/usr/bin") + _SBIN)
    if path is None:
        return None
    return subprocess.run([path, *arguments], capture_output=True, text=True, timeout=_SECONDS, check=False)
