"""One `safe_open` for every watched path: openat2, no symlinks, never blocking, regular files only.

Source: openat2(2), open(2). Act on the descriptor that comes back, never on the name again.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from pathlib import Path

_SYS_OPENAT2 = 437  # the same number on every architecture (added after the numbers were unified)
_RESOLVE_NO_MAGICLINKS, _RESOLVE_NO_SYMLINKS, _RESOLVE_BENEATH = 0x02, 0x04, 0x08
_FLAGS = os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC
_libc = ctypes.CDLL(None, use_errno=True)


class UnsafeFile(OSError):
    """The path is not what a watched path may be: a symlink, FIFO, device or directory in its place."""


def _openat2(dir_fd: int, name: bytes, flags: int, resolve: int) -> int:
    how = struct.pack("=QQQ", flags, 0, resolve)
    fd = int(_libc.syscall(_SYS_OPENAT2, dir_fd, name, how, ctypes.c_size_t(len(how))))
    if fd < 0:
        code = ctypes.get_errno()
        if code in (errno.ELOOP, errno.EXDEV):
            raise UnsafeFile(code, "is or passes a symbolic link or leaves its folder", os.fsdecode(name))
        raise OSError(code, os.strerror(code), os.fsdecode(name))
    return fd


def safe_open(path: str | bytes | os.PathLike[str], *, flags: int = os.O_RDONLY) -> int:
    """Open a regular file by absolute path, no symlink in any component; return its descriptor.

    Raises UnsafeFile for anything that is not a regular file, OSError as open(2) does.
    """
    return _regular(
        _openat2(-100, os.fsencode(path), flags | _FLAGS, _RESOLVE_NO_SYMLINKS | _RESOLVE_NO_MAGICLINKS), path
    )


def safe_open_at(dir_fd: int, name: str | bytes, *, flags: int = os.O_RDONLY, directory: bool = False) -> int:
    """Open `name` beneath the directory `dir_fd`; never leaves it, follows no link.

    `directory` opens a directory instead of a regular file.
    """
    flags |= _FLAGS | (os.O_DIRECTORY if directory else 0)
    fd = _openat2(dir_fd, os.fsencode(name), flags, _RESOLVE_BENEATH | _RESOLVE_NO_SYMLINKS | _RESOLVE_NO_MAGICLINKS)
    return fd if directory else _regular(fd, name)


def safe_open_dir(path: str | bytes | os.PathLike[str]) -> int:
    """Open a directory by absolute path, no symlink in any component; return its descriptor."""
    return _openat2(
        -100, os.fsencode(path), os.O_RDONLY | os.O_DIRECTORY | _FLAGS, _RESOLVE_NO_SYMLINKS | _RESOLVE_NO_MAGICLINKS
    )


def _regular(fd: int, path: str | bytes | os.PathLike[str]) -> int:
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise UnsafeFile(errno.EINVAL, "is not a regular file", os.fsdecode(path))
    return fd


def write_durably(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace `path` by `data`: temporary file, fsync, rename, fsync of the folder. Never retries an fsync."""
    temporary = path.with_name(path.name + ".tmp")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        os.fsync(fd)
    finally:
        os.close(fd)
    temporary.rename(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """fsync a directory, so that a rename or unlink in it survives a power loss."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
