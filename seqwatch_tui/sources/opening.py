"""Opening a log, or the sentence that tells an operator why not and what to do.

Every watched path goes through `safe_open`; the outcome is a descriptor or a `Problem`, never an exception.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from seqwatch_tui.model.safefile import UnsafeFile, safe_open


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file is not read just now: `waiting` for it to appear, or `failed` until someone acts."""

    state: Literal["waiting", "failed"]
    reason: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A regular file open for reading; the holder closes `fd`."""

    fd: int


def open_log(path: Path) -> Opened | Problem:
    """Open `path` (made absolute, no symbolic link anywhere in it) for reading."""
    try:
        return Opened(safe_open(path.absolute()))
    except FileNotFoundError:
        return Problem("waiting", f"{path} does not exist; reading starts when it appears")
    except UnsafeFile as error:
        return Problem("failed", f"{path} {error.strerror}; put the regular file itself there and name its real path")
    except PermissionError as error:
        return Problem("failed", f"{path}: {error.strerror}; {_permission_advice(path)}")
    except OSError as error:
        return Problem("failed", f"{path}: {error.strerror}; {_other_advice(error)}")


def read_problem(path: Path, error: OSError) -> Problem:
    """The sentence for a read that failed after the file was open."""
    return Problem("failed", f"{path}: reading failed: {error.strerror}; check the disk and the kernel log")


def _permission_advice(path: Path) -> str:
    if path.name.startswith("audit.log"):
        return "add the engine's user to group adm and set log_group = adm in auditd.conf"
    return f"let the engine's user (uid {os.geteuid()}) read the file and enter its folders"


def _other_advice(error: OSError) -> str:
    if error.errno == errno.ENXIO:
        return "it is a socket or a device; name a regular file"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "raise the limit of open files (LimitNOFILE=)"
    return "check the path, the mount and the kernel log"
