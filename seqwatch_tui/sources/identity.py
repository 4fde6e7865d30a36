"""Which file is this: a text that survives a restart, a rename and compression, and tells a reused inode apart.

Knows only descriptors and bytes. An inode number alone is not an identity: ext4 gives the next file the same one.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import struct
from dataclasses import dataclass, replace

HEAD_BYTES = 1024
"""At most this much of the beginning takes part in an identity."""
HEAD_ENOUGH = 64
"""A head of fewer bytes may be shared by different files and proves nothing by itself."""

_AT_EMPTY_PATH, _STATX_BTIME, _STATX_SIZE = 0x1000, 0x800, 256
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """A file by place (dev, ino, birth time) and by content (SHA-256 of its first `head_len` bytes).

    `born` is in nanoseconds since the epoch, None where the file system keeps none. `cut` is the time (ns) of the
    last write when the file was first seen, or last found truncated: what came after is never taken for what was there.
    """

    dev: int
    ino: int
    born: int | None
    head_len: int
    head: str
    cut: int = 0

    @property
    def text(self) -> str:
        """The stable form, as stored in Resume.identity and Chunk.identity."""
        born = "-" if self.born is None else str(self.born)
        return f"{self.dev:x}:{self.ino}:{born}:{self.cut}:{self.head_len}:{self.head}"

    def same_place(self, other: FileIdentity) -> bool:
        """Whether both are one inode of one file system, born at the same time (as far as that is known)."""
        born_differs = self.born is not None and other.born is not None and self.born != other.born
        return (self.dev, self.ino) == (other.dev, other.ino) and not born_differs

    def same_head(self, head: bytes) -> bool:
        """Whether `head` (the first bytes of some content) begins as this file did."""
        return len(head) >= self.head_len and _digest(head[: self.head_len]) == self.head

    def proves_content(self, head: bytes) -> bool:
        """Whether `head` alone shows that the content is this file's (a copy or a compressed form of it)."""
        return self.head_len >= HEAD_ENOUGH and self.same_head(head)

    def with_head(self, head: bytes) -> FileIdentity:
        """The same place, known by other first bytes (those of the uncompressed content)."""
        head = head[:HEAD_BYTES]
        return replace(self, head_len=len(head), head=_digest(head))

    def after_cut(self, written: int) -> FileIdentity:
        """The identity of what the same inode holds after a truncation; `written` is its mtime (ns) when that was seen."""
        return replace(self, cut=max(self.cut + 1, written))

    @property
    def since(self) -> int | None:
        """Nothing of this content was written before (ns); None where that is not known."""
        return None if self.born is None else max(self.born, self.cut)


def _digest(head: bytes) -> str:
    return hashlib.sha256(head).hexdigest()


def identify(fd: int) -> FileIdentity:
    """The identity of an open file as it stands now; OSError as fstat(2) and pread(2) do."""
    status = os.fstat(fd)
    head = os.pread(fd, HEAD_BYTES, 0)
    return FileIdentity(status.st_dev, status.st_ino, birth_time(fd), len(head), _digest(head))


def parse_identity(text: str) -> FileIdentity | None:
    """Read the stable form back; None when it is not one (another kind of source, an older form)."""
    parts = text.split(":")
    if len(parts) != 6:
        return None
    dev, ino, born, cut, length, head = parts
    try:
        return FileIdentity(int(dev, 16), int(ino), None if born == "-" else int(born), int(length), head, int(cut))
    except ValueError:
        return None


def birth_time(fd: int) -> int | None:
    """Birth time of an open file in ns since the epoch (statx(2), stx_btime), or None where it is not kept."""
    buffer = ctypes.create_string_buffer(_STATX_SIZE)
    if not hasattr(_libc, "statx") or _libc.statx(fd, b"", _AT_EMPTY_PATH, _STATX_BTIME, buffer) != 0:
        return None
    mask = struct.unpack_from("=I", buffer, 0)[0]
    if not mask & _STATX_BTIME:
        return None
    seconds, nanoseconds = struct.unpack_from("=qI", buffer, 80)  # struct statx: stx_atime at 64, stx_btime at 80
    return int(seconds) * 1_000_000_000 + int(nanoseconds)
