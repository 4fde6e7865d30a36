"""Uncompressed bytes of a plain, gzip, zstd, bzip2 or xz file, told apart by magic number and never by name.

Sources: RFC 1952 (gzip), RFC 8878 (zstd), bzip2 format ("BZh"). Knows nothing of lines. What can be read of a
damaged file is delivered before the damage is reported.
"""

from __future__ import annotations

import bz2
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import zstandard

Packing = Literal["plain", "gzip", "zstd", "bzip2", "xz"]

_MAGIC: tuple[tuple[bytes, Packing], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
)
_BROKEN = (zlib.error, lzma.LZMAError, zstandard.ZstdError, EOFError, OSError)
PIECE = (16 << 20) // 3 + 1
"""Of a plain file at once: the parser's fixed cost a piece is small by then, and its tables still fit the caches.

Three of them are what the engine parses before it hands over.
"""
_MORSEL = 4096
"""Fed to a decompressor at once: bounds what a bomb can inflate to, and what is lost before a corrupt byte."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """The compressed stream breaks off or is corrupt; `reason` says where and how."""

    reason: str


class _Inflater(Protocol):
    """What zlib, bz2 and zstandard decompression objects have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes) -> bytes: ...


def packing_of(head: bytes) -> Packing:
    """How the file that begins with `head` is packed."""
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), "plain")


class Unpacking:
    """The uncompressed content of an open file from byte `skip` of it on; iterate once.

    Yields bytes, and a Damaged, if any, last. Concatenated members are read one after the other, as gunzip and
    zstdcat do. `consumed` is how far the file itself has been read, for progress. OSError as pread(2).
    """

    def __init__(self, fd: int, skip: int = 0) -> None:
        self.kind = packing_of(os.pread(fd, 8, 0))
        self.consumed = 0
        self._fd, self._skip = fd, skip

    def __iter__(self) -> Iterator[bytes | Damaged]:
        return self._plain() if self.kind == "plain" else self._skipping(self._packed())

    def _plain(self) -> Iterator[bytes]:
        self.consumed = self._skip
        while piece := os.pread(self._fd, PIECE, self.consumed):
            self.consumed += len(piece)
            yield piece

    def _skipping(self, pieces: Iterator[bytes | Damaged]) -> Iterator[bytes | Damaged]:
        left = self._skip
        for piece in pieces:
            if isinstance(piece, Damaged):
                yield piece
            elif len(piece) > left:
                yield piece[left:] if left else piece
                left = 0
            else:
                left -= len(piece)

    def _packed(self) -> Iterator[bytes | Damaged]:
        new = _inflater(self.kind)
        inflater, begun = new(), False
        while morsel := os.pread(self._fd, _MORSEL, self.consumed):
            rest = morsel
            while rest:
                if inflater.eof:
                    inflater, begun = new(), False
                if not begun:
                    rest = rest.lstrip(b"\0")  # padding between and after members is allowed (gzip(1))
                try:
                    data = inflater.decompress(rest) if rest else b""
                except _BROKEN as error:
                    yield Damaged(f"the {self.kind} data is corrupt near byte {self.consumed} of the file ({error})")
                    return
                begun = begun or bool(rest)
                if data:
                    yield data
                rest = inflater.unused_data if inflater.eof else b""
            self.consumed += len(morsel)
        if begun and not inflater.eof:
            yield Damaged(f"the {self.kind} data breaks off at byte {self.consumed}, before its end mark")


def _inflater(kind: Packing) -> Callable[[], _Inflater]:
    if kind == "gzip":
        return lambda: zlib.decompressobj(wbits=31)
    if kind == "bzip2":
        return bz2.BZ2Decompressor
    if kind == "xz":
        return lzma.LZMADecompressor
    return lambda: zstandard.ZstdDecompressor().decompressobj()
