"""Who has files of a dataset open, mapped, or stands in it: what goes on working after the paths are shut.

Told by inode, not by name, so a file opened through a hard link, a bind mount or before a rename is found as well.
Source: proc(5), /proc/PID/fd, maps, cwd. Without root only our own processes can be looked into; how many could not be
is a part of the answer. No server of a file system is asked (statx(2), AT_STATX_DONT_SYNC): whoever holds a file on one
that is dead or does not answer holds up no act.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from seqwatch_tui.model.text import safe_text

DevIno = tuple[int, int]
_AT_FDCWD, _DONT_SYNC, _STATX_INO = -100, 0x4000, 0x100
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Holder:
    """A process with `files` descriptors or mappings of the dataset, or its working directory in it."""

    pid: int
    user: str
    command: str
    files: int
    inside: bool

    def __str__(self) -> str:
        what = [f"{self.files} open" if self.files else "", "stands in it" if self.inside else ""]
        return f"process {self.pid} of {self.user} ({self.command}): {', '.join(filter(None, what))}"


@dataclass(frozen=True, slots=True)
class Holders:
    """The processes that hold the dataset, and how many could not be looked into."""

    found: tuple[Holder, ...]
    hidden: int


def holders(inodes: Container[DevIno], proc: Path = Path("/proc")) -> Holders:
    """Look through all processes but our own; a process that ends meanwhile is passed by."""
    found, hidden = [], 0
    for pid in sorted(int(entry.name) for entry in proc.iterdir() if entry.name.isdecimal()):
        if pid == os.getpid():
            continue
        try:
            files, inside, whole = _held(proc / str(pid), inodes)
        except (FileNotFoundError, ProcessLookupError):
            continue
        except OSError:
            hidden += 1
            continue
        hidden += not whole
        if files or inside:
            found.append(_holder(pid, files, inside))
    return Holders(tuple(found), hidden)


def _held(process: Path, inodes: Container[DevIno]) -> tuple[int, bool, bool]:
    """Files of a process that are among the inodes, whether it stands in one, and whether all of it could be looked at."""
    files, whole = 0, True
    for link in (process / "fd").iterdir():
        try:
            files += _key(link) in inodes
        except FileNotFoundError:
            continue  # closed since it was listed
        except OSError:
            whole = False  # on a file system that is dead or lets nobody in: the others are told all the same
    files += len({key for key in _mappings(process) if key in inodes})
    try:
        return files, _key(process / "cwd") in inodes, whole
    except (FileNotFoundError, ProcessLookupError):
        raise
    except OSError:
        return files, False, False


def _mappings(process: Path) -> Iterator[DevIno]:
    yield from (key for line in (process / "maps").read_bytes().splitlines() if (key := _mapped(line)))


def _mapped(line: bytes) -> DevIno | None:
    """Device and inode of a line of maps; None for memory without a file."""
    _, _, _, dev, ino, *_ = line.split(None, 5)
    major, minor = dev.split(b":")
    return (os.makedev(int(major, 16), int(minor, 16)), int(ino)) if ino != b"0" else None


def _key(path: Path) -> DevIno:
    """Device and inode of what a link of /proc leads to, as the kernel has them at hand."""
    buffer = ctypes.create_string_buffer(256)
    if _libc.statx(_AT_FDCWD, os.fsencode(path), _DONT_SYNC, _STATX_INO, buffer) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(path))
    ino, (major, minor) = struct.unpack_from("=Q", buffer, 32)[0], struct.unpack_from("=II", buffer, 136)
    return os.makedev(major, minor), ino


def _holder(pid: int, files: int, inside: bool) -> Holder:
    try:
        process = psutil.Process(pid)
        user, command = process.username(), " ".join(process.cmdline()) or process.name()
    except psutil.Error:
        user, command = "unknown", "ended meanwhile"
    return Holder(pid, safe_text(user), safe_text(command, 80), files, inside)
