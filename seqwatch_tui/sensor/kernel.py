"""The system calls of the sensor, with their constants: fanotify(7), open_by_handle_at(2), capget(2), prctl(2).

Every function raises OSError with the kernel's errno. Nothing here keeps state.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

FAN_ACCESS, FAN_MODIFY, FAN_ATTRIB = 0x1, 0x2, 0x4
FAN_CLOSE_WRITE, FAN_CLOSE_NOWRITE, FAN_OPEN = 0x8, 0x10, 0x20
FAN_MOVED_FROM, FAN_MOVED_TO, FAN_CREATE, FAN_DELETE = 0x40, 0x80, 0x100, 0x200
FAN_OPEN_EXEC, FAN_Q_OVERFLOW, FAN_RENAME, FAN_ONDIR = 0x1000, 0x4000, 0x10000000, 0x40000000
_FAN_EVENT_ON_CHILD = 0x08000000

_FAN_CLOEXEC, _FAN_NONBLOCK = 0x1, 0x2  # FAN_CLASS_NOTIF is 0: no permission events, nobody waits for an answer
_FAN_REPORT_FID, _FAN_REPORT_DIR_FID, _FAN_REPORT_NAME, _FAN_REPORT_TARGET_FID = 0x200, 0x400, 0x800, 0x1000
_NAMES_ONLY = _FAN_REPORT_DIR_FID | _FAN_REPORT_NAME
_NAMES_AND_TARGETS = _NAMES_ONLY | _FAN_REPORT_FID | _FAN_REPORT_TARGET_FID
_FAN_MARK_ADD, _FAN_MARK_REMOVE = 0x1, 0x2
_FAN_MARK_MOUNT, _FAN_MARK_FILESYSTEM = 0x10, 0x100
_FAN_MARK_IGNORE_SURV, _FAN_MARK_EVICTABLE = 0x440, 0x200
_AT_FDCWD = -100
_MAX_HANDLE = 128  # MAX_HANDLE_SZ

USES = FAN_OPEN | FAN_ACCESS | FAN_MODIFY | FAN_CLOSE_WRITE | FAN_CLOSE_NOWRITE | FAN_OPEN_EXEC
"""What a process does with a file it has open: all that a group without names can report."""
NAMES = FAN_CREATE | FAN_DELETE | FAN_ATTRIB
RENAMES = (FAN_RENAME, FAN_MOVED_FROM | FAN_MOVED_TO)
"""Since Linux 5.17, and what older kernels have instead."""

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)
    return result


def open_group(*, names: bool) -> int:
    """Make a fanotify group for notification; with `names`, events tell directory handle and name instead of an fd.

    Since Linux 5.17 they also tell the handle of what was created, removed or renamed.
    """
    flags = _FAN_CLOEXEC | _FAN_NONBLOCK
    files = os.O_RDONLY | os.O_CLOEXEC | os.O_LARGEFILE | os.O_NOATIME | os.O_NONBLOCK
    if not names:
        return _checked(_libc.fanotify_init(flags, files), "fanotify_init")
    group = _libc.fanotify_init(flags | _NAMES_AND_TARGETS, files)
    return group if group >= 0 else _checked(_libc.fanotify_init(flags | _NAMES_ONLY, files), "fanotify_init")


def mark_filesystem(group: int, path: bytes) -> None:
    """Watch the whole file system that holds `path` for uses, names and renames."""
    last: OSError | None = None
    for rename in RENAMES:
        try:
            _mark(group, _FAN_MARK_ADD | _FAN_MARK_FILESYSTEM, USES | NAMES | rename | FAN_ONDIR, path)
        except OSError as error:
            last = error
        else:
            return
    raise last or OSError(path)


def mark_programs(group: int, path: bytes) -> None:
    """Watch the whole file system that holds `path` for executions."""
    _mark(group, _FAN_MARK_ADD | _FAN_MARK_FILESYSTEM, FAN_OPEN_EXEC, path)


def mark_mount(group: int, path: bytes) -> None:
    """Watch the mount that holds `path` for uses only."""
    _mark(group, _FAN_MARK_ADD | _FAN_MARK_MOUNT, USES | FAN_ONDIR, path)


def unmark(group: int, path: bytes, *, names: bool) -> None:
    """Stop watching the file system (names) or the mount that holds `path`."""
    for rename in RENAMES if names else (0,):
        mask = (USES | NAMES | rename if names else USES) | FAN_ONDIR
        kind = _FAN_MARK_FILESYSTEM if names else _FAN_MARK_MOUNT
        try:
            _mark(group, _FAN_MARK_REMOVE | kind, mask, path)
        except OSError:
            continue  # the other form of the mark is the one that was set
        return


def ignore_directory(group: int, path: bytes) -> None:
    """Tell the kernel not to report what happens to a directory and the files right in it (Linux 6.0)."""
    mask = USES | NAMES | FAN_ONDIR | _FAN_EVENT_ON_CHILD
    _mark(group, _FAN_MARK_ADD | _FAN_MARK_IGNORE_SURV | _FAN_MARK_EVICTABLE, mask, path)


def _mark(group: int, flags: int, mask: int, path: bytes) -> None:
    result = _libc.fanotify_mark(group, ctypes.c_uint(flags), ctypes.c_uint64(mask), _AT_FDCWD, path)
    _checked(result, os.fsdecode(path))


def filesystem_id(path: bytes) -> bytes:
    """Return the f_fsid of statfs(2), as events carry it (8 bytes)."""
    buffer = ctypes.create_string_buffer(256)
    _checked(_libc.statfs(path, buffer), os.fsdecode(path))
    return buffer.raw[56:64]  # struct statfs on 64-bit: seven 8-byte fields before f_fsid


def path_of_handle(mount: bytes, handle: bytes) -> bytes | None:
    """Return where the directory of a file handle is now, as seen through the mount that holds the directory `mount`.

    Null when it is gone (ESTALE), lies outside that mount, or the mount is not there. The mount is held open only for
    the question, so that it can be unmounted.
    """
    if not 8 <= len(handle) <= 8 + _MAX_HANDLE:
        return None
    try:
        root = os.open(mount, os.O_RDONLY | os.O_DIRECTORY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    fd = _libc.open_by_handle_at(root, ctypes.create_string_buffer(handle, len(handle)), os.O_PATH | os.O_CLOEXEC)
    os.close(root)
    if fd < 0:
        return None
    path = os.readlink(b"/proc/self/fd/%d" % fd)
    os.close(fd)
    return path if path.startswith(b"/") and not path.endswith(b" (deleted)") else None


def handle_of(path: bytes) -> bytes:
    """Return the file handle of a path, no link followed, as events carry it; nothing is opened."""
    buffer = ctypes.create_string_buffer(struct.pack("=Ii", _MAX_HANDLE, 0) + bytes(_MAX_HANDLE))
    mount_id = ctypes.c_int()
    _checked(_libc.name_to_handle_at(_AT_FDCWD, path, buffer, ctypes.byref(mount_id), 0), os.fsdecode(path))
    return buffer.raw[: 8 + int.from_bytes(buffer.raw[:4], "little")]


# Capabilities (capability.h), and giving up all others.
CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_SYS_ADMIN = 2, 19, 21
_PR_SET_PDEATHSIG = 1
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_DUMPABLE, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR = 24, 38, 4, 47, 4
_CAPABILITY_VERSION_3 = 0x20080522


def keep_capabilities(kept: Iterable[int]) -> frozenset[int]:
    """Drop every capability but `kept` from all sets, for good, set no_new_privs, and return those that are left."""
    kept = frozenset(kept)
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR)
    for number in range(64):
        if number not in kept and _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0) < 0:
            break  # the first number this kernel does not know, or no right to drop: then capset is what holds
    wanted = sum(1 << number for number in kept) & _permitted()
    low, high = wanted & 0xFFFFFFFF, wanted >> 32
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    _checked(_libc.capset(header, struct.pack("=6I", low, low, 0, high, high, 0)), "capset")
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)
    return frozenset(number for number in kept if wanted >> number & 1)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, be it stopped at that time. Forgotten by keep_capabilities."""
    _prctl(_PR_SET_PDEATHSIG, 9)


def _permitted() -> int:
    data = ctypes.create_string_buffer(24)
    _checked(_libc.capget(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), data), "capget")
    _, low, _, _, high, _ = struct.unpack("=6I", data.raw)
    return int(low) | int(high) << 32


def _prctl(option: int, value: int) -> None:
    _checked(_libc.prctl(option, value, 0, 0, 0), "prctl")
