"""Noticing that a file grew or moved: inotify where it works, looking from time to time where it does not.

Waits in the kernel, so an idle log costs nothing and a written line is noticed within a fraction of a millisecond.
(watchfiles cannot do both: its shortest step wakes the process a thousand times a second, a longer one delays.)
Source: inotify(7). Knows nothing of content.
"""

from __future__ import annotations

import ctypes
import os
import select
from types import TracebackType

_IN_MODIFY, _IN_ATTRIB, _IN_DELETE_SELF, _IN_MOVE_SELF = 0x2, 0x4, 0x400, 0x800
_MASK = _IN_MODIFY | _IN_ATTRIB | _IN_DELETE_SELF | _IN_MOVE_SELF
_STATFS_BYTES = 256
_ELSEWHERE = frozenset({
    0x6969,  # nfs
    0xFF534D42, 0xFE534D42, 0x517B,  # cifs, smb2, smb
    0x65735546,  # fuse: sshfs, glusterfs, virtiofs, ...
    0x01021997,  # 9p
    0x00C36400,  # ceph
    0x5346414F, 0x6B414653,  # afs
    0x0BD00BD0,  # lustre
    0x47504653,  # gpfs
    0x01161970, 0x7461636F,  # gfs2, ocfs2
    0x19830326,  # beegfs
    0xAAD7AAEA,  # panfs
    0x73757245,  # coda
    0x786F4256,  # vboxsf
})  # fmt: skip
"""File systems of which inotify tells only what this host does: linux/magic.h, and the projects' own headers."""
_libc = ctypes.CDLL(None, use_errno=True)


class Notice:
    """Waits for one open file to change; a context manager, used from one thread.

    `blind` turns true when inotify is not to be had (limits, `look`), tells only of this host's own writes (network and
    FUSE file systems), or has been found silent while the file grew; `wait` then returns after `poll` seconds at the latest.
    """

    def __init__(self, fd: int, poll: float, *, look: bool = False) -> None:
        self._poll_seconds = poll
        self._inotify = _watch(fd)
        self.blind = look or self._inotify < 0 or written_elsewhere(fd)

    def __enter__(self) -> Notice:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the inotify descriptor back; further waits poll."""
        if self._inotify >= 0:
            os.close(self._inotify)
            self._inotify = -1

    def wait(self, seconds: float) -> bool:
        """Sleep until the file changes or `seconds` have passed; true if the kernel told of a change."""
        poller = select.poll()
        if self._inotify >= 0:
            poller.register(self._inotify, select.POLLIN)
        if not poller.poll(int(1000 * (min(seconds, self._poll_seconds) if self.blind else seconds))):
            return False
        os.read(self._inotify, 1 << 16)
        return True

    def missed(self) -> None:
        """Say that the file grew though `wait` told of nothing: look every `poll` seconds, unless word came since."""
        if self._inotify >= 0 and select.select([self._inotify], [], [], 0)[0]:
            return
        self.blind = True


def written_elsewhere(fd: int) -> bool:
    """Whether another host (or a FUSE server) may write to this file without the kernel here knowing; fstatfs(2), f_type."""
    buffer = ctypes.create_string_buffer(_STATFS_BYTES)
    if _libc.fstatfs(fd, buffer) != 0:
        return False
    return int(ctypes.c_long.from_buffer(buffer).value) & 0xFFFFFFFF in _ELSEWHERE


def _watch(fd: int) -> int:
    """An inotify descriptor that watches what `fd` has open, or -1. The /proc name leads to the inode itself."""
    inotify = int(_libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))
    if inotify >= 0 and _libc.inotify_add_watch(inotify, b"/proc/self/fd/%d" % fd, _MASK) < 0:
        os.close(inotify)
        return -1
    return inotify
