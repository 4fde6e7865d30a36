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
_libc = ctypes.CDLL(None, use_errno=True)


class Notice:
    """Waits for one open file to change; a context manager, used from one thread.

    `blind` turns true when inotify is not to be had (limits, file system) or has been found silent while the file
    grew; `wait` then returns after `poll` seconds at the latest.
    """

    def __init__(self, fd: int, poll: float) -> None:
        self._poll_seconds = poll
        self._inotify = _watch(fd)
        self.blind = self._inotify < 0

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


def _watch(fd: int) -> int:
    """An inotify descriptor that watches what `fd` has open, or -1. The /proc name leads to the inode itself."""
    inotify = int(_libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))
    if inotify >= 0 and _libc.inotify_add_watch(inotify, b"/proc/self/fd/%d" % fd, _MASK) < 0:
        os.close(inotify)
        return -1
    return inotify
