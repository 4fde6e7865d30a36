"""Every step that changes the disk, one method each, so that a test can stop at any of them."""

from __future__ import annotations

import os
from pathlib import Path

from seqwatch_tui.model.safefile import sync_directory

_OPEN = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class Disk:
    """The real one. Every method raises OSError; after a failed `sync` the state of that file is unknown."""

    def create(self, path: Path, data: bytes | memoryview) -> None:
        """Write a file anew (0600) and fsync it."""
        fd = os.open(path, _OPEN | os.O_TRUNC, 0o600)
        try:
            self.write(fd, data)
            self.sync(fd)
        finally:
            os.close(fd)

    def open_append(self, path: Path) -> int:
        """Open for appending, making the file (0600) when it is not there."""
        return os.open(path, _OPEN | os.O_APPEND, 0o600)

    def write(self, fd: int, data: bytes | memoryview) -> None:
        """Write all of `data`."""
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]

    def sync(self, fd: int) -> None:
        """fdatasync: the data, and the size needed to read it back (fdatasync(2))."""
        os.fdatasync(fd)

    def truncate(self, path: Path, size: int) -> None:
        """Cut a file to `size` bytes and sync it."""
        fd = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.ftruncate(fd, size)
            self.sync(fd)
        finally:
            os.close(fd)

    def rename(self, source: Path, target: Path) -> None:
        """rename(2): replaces the target in one step."""
        source.rename(target)

    def remove(self, path: Path) -> None:
        """Remove a file; one that is gone already is fine."""
        path.unlink(missing_ok=True)

    def make_folder(self, path: Path) -> None:
        """Make a folder (0700) and the missing ones above it, each entry synced."""
        if path.is_dir():
            return
        self.make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        self.sync_folder(path.parent)

    def sync_folder(self, path: Path) -> None:
        """fsync a folder, so that its names survive a power loss."""
        sync_directory(path)

    def replace(self, path: Path, data: bytes) -> None:
        """Put `data` in the place of a file: temporary, fsync, rename, fsync of the folder."""
        temporary = path.with_name(path.name + ".tmp")
        self.create(temporary, data)
        self.rename(temporary, path)
        self.sync_folder(path.parent)
