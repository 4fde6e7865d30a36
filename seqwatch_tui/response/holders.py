"""Who has files of a dataset open, mapped, or stands in it: what goes on working after the paths are shut.

Told by inode, not by name, so a file opened through a hard link, a bind mount or before a rename is found as well.
Source: proc(5), /proc/PID/fd, maps, cwd. Without root only our own processes can be looked into; how many could not be
is a part of the answer.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from seqwatch_tui.model.text import safe_text

DevIno = tuple[int, int]


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
            files = sum(key in inodes for key in _open_files(proc / str(pid)))
            inside = _key(proc / str(pid) / "cwd") in inodes
        except PermissionError:
            hidden += 1
            continue
        except (FileNotFoundError, ProcessLookupError):
            continue
        if files or inside:
            found.append(_holder(pid, files, inside))
    return Holders(tuple(found), hidden)


def _open_files(process: Path) -> Iterator[DevIno]:
    for link in (process / "fd").iterdir():
        try:
            yield _key(link)
        except FileNotFoundError:
            continue  # closed since it was listed
    yield from {key for line in (process / "maps").read_bytes().splitlines() if (key := _mapped(line))}


def _mapped(line: bytes) -> DevIno | None:
    """Device and inode of a line of maps; None for memory without a file."""
    _, _, _, dev, ino, *_ = line.split(None, 5)
    major, minor = dev.split(b":")
    return (os.makedev(int(major, 16), int(minor, 16)), int(ino)) if ino != b"0" else None


def _key(path: Path) -> DevIno:
    facts = path.stat()
    return facts.st_dev, facts.st_ino


def _holder(pid: int, files: int, inside: bool) -> Holder:
    try:
        process = psutil.Process(pid)
        user, command = process.username(), " ".join(process.cmdline()) or process.name()
    except psutil.Error:
        user, command = "unknown", "ended meanwhile"
    return Holder(pid, safe_text(user), safe_text(command, 80), files, inside)
