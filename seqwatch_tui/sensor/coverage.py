"""Which datasets are watched, how, and since when not: marks are set here and nowhere else, and set again after a mount.

The whole file system of a dataset is marked, with directory handles and names. Where the kernel refuses that (no file
handles: some overlay, FUSE and network file systems) the mount is marked without names: then opens, reads, writes and
closes are reported and creations, removals and renames are not, which is said.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from seqwatch_tui.sensor import kernel
from seqwatch_tui.sensor.paths import Tree

_REPEAT_SECONDS = 3600.0
How = Literal["filesystem", "mount"]


@dataclass(frozen=True, slots=True)
class Watched:
    """A dataset under watch, on which mount (its id changes when it is mounted anew)."""

    how: How
    mount: tuple[bytes, int]


@dataclass(frozen=True, slots=True)
class Unwatched:
    """A span (epoch seconds) in which a dataset was not watched, and why."""

    path: bytes
    start: float
    end: float
    why: str


class Coverage:
    """The marks of one list of datasets. `names` and `uses` are the two groups; the second is made when needed."""

    def __init__(self, tree: Tree, started: float, *, handles: bool = True) -> None:
        """`handles` false tries mounts only. OSError when this process may not use fanotify at all."""
        self.tree = tree
        self.names = kernel.open_group(names=True)
        self.uses: int | None = None
        self.watched: dict[bytes, Watched] = {}
        self.refused: dict[bytes, str] = {}
        self._handles = handles
        self._since: dict[bytes, float] = {}
        self._said: dict[bytes, float] = {}
        self._checked = started

    def groups(self) -> tuple[int, ...]:
        """Return the descriptors to read."""
        return (self.names,) if self.uses is None else (self.names, self.uses)

    def check(self, now: float) -> tuple[bool, tuple[Unwatched, ...]]:
        """Set the marks that are missing; return whether anything changed, and what was not watched meanwhile."""
        changed, spans = False, list[Unwatched]()
        for root in self.tree.roots:
            before = (self.watched.get(root), self.refused.get(root))
            spans += self._check(root, now)
            changed |= before != (self.watched.get(root), self.refused.get(root))
        self._checked = now
        return changed, tuple(spans)

    def _check(self, root: bytes, now: float) -> Iterator[Unwatched]:
        had = self.watched.get(root)
        try:
            mount = _mount_of(root)
            if had is not None and had.mount == mount:
                self._mark(root, had.how)
                return
            self.watched[root] = Watched(self._watch(root, mount), mount)
        except OSError as error:
            why = f"{os.strerror(error.errno)} ({error.filename or 'fanotify'})" if error.errno else str(error)
            yield from self._missing(root, why, had is not None, now)
            return
        self.refused.pop(root, None)
        start = self._since.pop(root, self._checked if had is not None else None)
        self._said.pop(root, None)
        if start is not None:
            why = "it was mounted anew" if had is not None else "it could not be watched until now"
            yield Unwatched(root, start, now, why)

    def _missing(self, root: bytes, why: str, had: bool, now: float) -> Iterator[Unwatched]:
        self.watched.pop(root, None)
        self.refused[root] = why
        start = self._since.setdefault(root, self._checked if had else now)
        if now - self._said.get(root, -_REPEAT_SECONDS) >= _REPEAT_SECONDS:
            yield Unwatched(root, start, now, why)
            self._said[root] = self._since[root] = now

    def _watch(self, root: bytes, mount: tuple[bytes, int]) -> How:
        if self._handles:
            try:
                self._mark(root, "filesystem")
                self.tree.add_root(root, mount[0])
                if self.tree.resolves(root, mount[0]):
                    return "filesystem"
                kernel.unmark(self.names, root, names=True)
            except OSError as error:
                if error.errno in (1, 2, 13):  # EPERM, ENOENT, EACCES: the other kind of mark will fare no better
                    raise
        self._mark(root, "mount")
        return "mount"

    def _mark(self, root: bytes, how: How) -> None:
        if how == "filesystem":
            kernel.mark_filesystem(self.names, root)
            return
        if self.uses is None:
            self.uses = kernel.open_group(names=False)
        kernel.mark_mount(self.uses, root)

    def close(self) -> None:
        """Take all marks away."""
        for group in self.groups():
            os.close(group)


def _mount_of(root: bytes) -> tuple[bytes, int]:
    """File system id and mount id of a dataset's folder. OSError when it is not there, or is not a folder."""
    fd = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        with open(f"/proc/self/fdinfo/{fd}", "rb") as info:
            lines = dict(line.split(b":", 1) for line in info if b":" in line)
        return kernel.filesystem_id(root), int(lines[b"mnt_id"])
    finally:
        os.close(fd)
