"""One inode by descriptor: what it is, who may use it, and changing exactly that.

Descriptors are O_PATH: opening one needs no right to the file, has no side effect on a FIFO or device and follows no
link, so that an owner can give back what was taken from everybody. Changes go through /proc/self/fd/N, which names
the inode of the descriptor and nothing else. Sources: open(2), statx(2), ioctl_iflags(2), acl(5), proc(5).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from seqwatch_tui.model.safefile import UnsafeFile

IMMUTABLE, APPEND = 0x10, 0x20  # the same bits in FS_IOC_GETFLAGS and in stx_attributes
GUARDS = IMMUTABLE | APPEND
"""The inode flags that forbid changing owner and mode, and that this room sets and clears."""
ACL, CAPABILITY = "system.posix_acl_access", "security.capability"

_MOUNT_ROOT = 0x2000
_GETFLAGS, _SETFLAGS = 0x80086601, 0x40086602
_AT_EMPTY_PATH, _BASIC_AND_BTIME = 0x1000, 0x0FFF
_libc = ctypes.CDLL(None, use_errno=True)

Kind = Literal["directory", "file", "other"]


@dataclass(frozen=True, slots=True)
class Inode:
    """The state of an inode that quarantine takes and release gives back, and what tells it from another.

    `born` is the birth time in nanoseconds, None where the file system keeps none; with it a reused inode number is
    told apart. `flags` are the GUARDS bits, None where the file system does not tell. `acl` and `capability` are
    extended attributes as hex, None when absent.
    """

    dev: int
    ino: int
    born: int | None
    kind: Kind
    mode: int
    uid: int
    gid: int
    links: int
    size: int
    flags: int | None
    acl: str | None = None
    capability: str | None = None

    @property
    def identity(self) -> tuple[int, int, int | None]:
        """What no other inode has."""
        return self.dev, self.ino, self.born

    def to_json(self) -> dict[str, Any]:
        """Plain values for the journal."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Inode:
        """The inverse of `to_json`; TypeError when a field is missing."""
        return cls(**values)


def open_absolute(path: str | bytes | os.PathLike[str]) -> int:
    """Open an absolute path as O_PATH, one component at a time, no symlink in any; return the descriptor.

    Raises UnsafeFile for a link or `..`, OSError as open(2) does.
    """
    names = os.fsencode(path).split(b"/")
    if names[0] != b"" or b".." in names:
        raise UnsafeFile(errno.EINVAL, "is not a plain absolute path", os.fsdecode(path))
    fd = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    for name in names:
        if name not in (b"", b"."):
            above, fd = fd, _below(fd, name)
            os.close(above)
    return fd


def _below(fd: int, name: bytes) -> int:
    try:
        return open_beneath(fd, name)
    except OSError:
        os.close(fd)
        raise


def open_beneath(dir_fd: int, name: bytes) -> int:
    """Open one name of a directory as O_PATH; UnsafeFile when it is a symlink."""
    fd = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=dir_fd)
    if stat.S_ISLNK(os.fstat(fd).st_mode):
        os.close(fd)
        raise UnsafeFile(errno.ELOOP, "is a symbolic link", os.fsdecode(name))
    return fd


@contextlib.contextmanager
def opened(path: str | bytes | os.PathLike[str]) -> Iterator[int]:
    """`open_absolute` with a close at the end."""
    fd = open_absolute(path)
    try:
        yield fd
    finally:
        os.close(fd)


def names_of(dir_fd: int) -> list[bytes]:
    """The names in a directory given as O_PATH descriptor, sorted; OSError when it may not be read."""
    fd = os.open(_alias(dir_fd), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return sorted(os.fsencode(name) for name in os.listdir(fd))  # noqa: PTH208 (a descriptor)
    finally:
        os.close(fd)


def inspect(fd: int) -> Inode:
    """The state of the inode behind an O_PATH descriptor."""
    facts = os.fstat(fd)
    raw = _statx(fd)
    mask, attributes, attributes_mask = _field(raw, 0, "I"), _field(raw, 8, "Q"), _field(raw, 56, "Q")
    born = _field(raw, 80, "q") * 10**9 + _field(raw, 88, "I") if mask & 0x800 else None
    told = attributes_mask & GUARDS == GUARDS
    return Inode(
        facts.st_dev, facts.st_ino, born, _kind(facts.st_mode), stat.S_IMODE(facts.st_mode), facts.st_uid, facts.st_gid,
        facts.st_nlink, facts.st_size, attributes & GUARDS if told else None, _attribute(fd, ACL),
        _attribute(fd, CAPABILITY),
    )  # fmt: skip


def is_mount_point(fd: int) -> bool:
    """Whether the descriptor is the root of a mounted file system."""
    return bool(_field(_statx(fd), 8, "Q") & _MOUNT_ROOT)


def set_mode(fd: int, mode: int) -> None:
    """chmod(2) on the descriptor's inode."""
    os.chmod(_alias(fd), mode)  # noqa: PTH101 (a descriptor, not a path)


def set_owner(fd: int, uid: int, gid: int) -> None:
    """chown(2) on the descriptor's inode; the kernel drops set-id bits and capabilities of a file with it."""
    os.chown(_alias(fd), uid, gid)


def set_attribute(fd: int, name: str, value: str) -> None:
    """setxattr(2) on the descriptor's inode; `value` is hex."""
    os.setxattr(_alias(fd), name, bytes.fromhex(value))


def set_flags(fd: int, guards: int) -> None:
    """Set the GUARDS bits to `guards`, leave all other flags; OSError when the file system refuses."""
    real = os.open(_alias(fd), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        buffer = bytearray(8)  # the kernel moves an int; the number of the call says long
        fcntl.ioctl(real, _GETFLAGS, buffer)
        (flags,) = struct.unpack_from("=I", buffer)
        wanted = flags & ~GUARDS | guards
        if wanted != flags:
            fcntl.ioctl(real, _SETFLAGS, struct.pack("=Ixxxx", wanted))
    finally:
        os.close(real)


def _alias(fd: int) -> str:
    return f"/proc/self/fd/{fd}"


def _kind(mode: int) -> Kind:
    if stat.S_ISDIR(mode):
        return "directory"
    return "file" if stat.S_ISREG(mode) else "other"


def _attribute(fd: int, name: str) -> str | None:
    try:
        return os.getxattr(_alias(fd), name).hex()
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.ENOTSUP, errno.EPERM, errno.EACCES):
            return None
        raise


def _statx(fd: int) -> bytes:
    buffer = ctypes.create_string_buffer(256)
    if _libc.statx(fd, b"", _AT_EMPTY_PATH, _BASIC_AND_BTIME, buffer) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return buffer.raw


def _field(raw: bytes, offset: int, form: str) -> int:
    return int(struct.unpack_from("=" + form, raw, offset)[0])
