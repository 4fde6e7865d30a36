"""The digest of one open file, with word of changes underneath; knows descriptors, not names or verdicts.

hashlib releases the interpreter lock while it digests 1 MiB, so that threads scale. Holes of sparse files are digested
as zeros without being read (lseek(2), SEEK_DATA and SEEK_HOLE).
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from typing import Literal, Protocol

BLOCK = 1 << 20
_ZEROS = memoryview(bytes(BLOCK))


class Stopped(Exception):
    """The verification was cancelled in the middle of a file."""


class Shrunk(Exception):
    """The file ended before the size it had when it was opened."""


class Hasher(Protocol):
    """What hashlib's objects have in common."""

    def update(self, data: memoryview, /) -> None:
        """Take bytes."""

    def hexdigest(self) -> str:
        """Lower-case hex of what was taken so far."""


def new_hash(algorithm: str) -> Hasher:
    """A hash object for a name of `lines.STRENGTH`, or `blake2b-BITS`."""
    name, _, bits = algorithm.partition("-")
    if name == "blake2b":
        return hashlib.blake2b(digest_size=int(bits or 512) // 8)
    return hashlib.new(name, usedforsecurity=False)


def digest(fd: int, size: int, algorithm: str, step: Callable[[int], None], drop_cache: bool = False) -> str:
    """Hex digest of the first `size` bytes of `fd`.

    `step(n)` is called after every block of n bytes; it may wait (pause) or raise Stopped. Raises Shrunk, OSError.
    """
    hasher = new_hash(algorithm)
    buffer = memoryview(bytearray(min(BLOCK, size)))
    sparse = os.fstat(fd).st_blocks * 512 < size
    for start, end, data in _extents(fd, size) if sparse else [(0, size, True)]:
        if data:
            _feed(hasher, _blocks(fd, start, end, buffer), step)
        else:
            _feed(hasher, _zeros(end - start), step)
        if drop_cache:
            os.posix_fadvise(fd, start, end - start, os.POSIX_FADV_DONTNEED)
    return hasher.hexdigest()


def _feed(hasher: Hasher, blocks: Iterator[memoryview], step: Callable[[int], None]) -> None:
    for block in blocks:
        hasher.update(block)
        step(len(block))


def _blocks(fd: int, start: int, end: int, buffer: memoryview) -> Iterator[memoryview]:
    """Read [start, end) block by block into one buffer."""
    while start < end:
        n = os.preadv(fd, [buffer[: min(BLOCK, end - start)]], start)
        if n == 0:
            raise Shrunk
        yield buffer[:n]
        start += n


def _zeros(length: int) -> Iterator[memoryview]:
    while length > 0:
        yield _ZEROS[: min(BLOCK, length)]
        length -= BLOCK


def _extents(fd: int, size: int) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, holds data) up to `size`; a file system without the calls gives one extent of data."""
    position = 0
    while position < size:
        try:
            start = min(os.lseek(fd, position, os.SEEK_DATA), size)
        except OSError as error:
            if error.errno == errno.ENXIO:  # no data any more
                yield position, size, False
            else:
                yield position, size, True
            return
        if start > position:
            yield position, start, False
        position = start
        if start < size:
            position = min(os.lseek(fd, start, os.SEEK_HOLE), size)
            yield start, position, True


def open_for_writing(fd: int) -> Literal["yes", "no", "unknown"]:
    """Whether anyone has the file open for writing or mapped so, by a read lease taken and given back at once.

    Writes through a mapping need not move mtime; the lease sees the mapping. It is asked for with SIGURG, which is
    ignored by default, in case it has to be broken in that instant. Source: fcntl(2), F_SETLEASE.
    """
    try:
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return "yes" if error.errno == errno.EAGAIN else "unknown"
    return "no"
