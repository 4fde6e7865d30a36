"""What a Crypt4GH file says to anyone, without a key. Input is hostile; nothing is trusted beyond the file's size.

Format: GA4GH File Encryption Standard, samtools/hts-specs crypt4gh.tex: magic, version le32, packet count le32, packets
(length le32 with itself, method le32, writer's public key 32, nonce 12, ciphertext, MAC 16), then segments of nonce 12,
up to 65536 bytes and MAC 16. Who may read it, and whether blocks were cut or swapped, cannot be seen without a key.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import Literal

MAGIC = b"crypt4gh"
SEGMENT = 12 + 65536 + 16
OVERHEAD = 12 + 16
MAX_PACKETS = 10_000
MAX_HEADER = 16 << 20
_PACKET_MIN = 4 + 4 + 32 + OVERHEAD


@dataclass(frozen=True, slots=True)
class Header:
    """Facts of a well-formed file; sizes in bytes. `packets` bounds the number of recipients from above.

    `tail` says what the last segment shows: corrupt (too short to hold a MAC) or empty (holds a MAC and no data).
    """

    version: int
    packets: int
    writers: tuple[bytes, ...]
    """Distinct public keys of the writers (32 bytes each), in order."""
    header_size: int
    body_size: int
    plaintext_size: int
    tail: Literal["ok", "empty", "corrupt"]


@dataclass(frozen=True, slots=True)
class Malformed:
    """Why it is no Crypt4GH file of version 1; continues a sentence that begins with the file."""

    why: str


def read_header(fd: int) -> Header | Malformed:
    """Read the facts of the open file `fd`, by pread from its start. Raises OSError."""
    size = os.fstat(fd).st_size
    start = os.pread(fd, 16, 0)
    if len(start) < 16 or start[:8] != MAGIC:
        return Malformed("is not a Crypt4GH file or is cut in its first 16 bytes")
    version, count = struct.unpack("<II", start[8:])
    if version != 1:
        return Malformed(f"has version {version}; only version 1 is known")
    if not 1 <= count <= MAX_PACKETS:
        return Malformed(f"claims {count} header packets")
    return _walk(fd, size, count)


def _walk(fd: int, size: int, count: int) -> Header | Malformed:
    position, writers = 16, dict[bytes, None]()
    for number in range(count):
        packet = os.pread(fd, 40, position)
        if len(packet) < 40:
            return Malformed(f"ends in header packet {number + 1} of {count}")
        length, method = struct.unpack("<II", packet[:8])
        if not _PACKET_MIN <= length <= MAX_HEADER or position + length > min(size, MAX_HEADER):
            return Malformed(f"has a header packet {number + 1} of {length} bytes, which cannot be")
        if method == 0:
            writers[packet[8:40]] = None
        position += length
    return _facts(count, tuple(writers), position, size - position)


def _facts(count: int, writers: tuple[bytes, ...], header: int, body: int) -> Header:
    full, rest = divmod(body, SEGMENT)
    tail: Literal["ok", "empty", "corrupt"] = "ok"
    if 0 < rest < OVERHEAD:
        tail = "corrupt"
    elif rest == OVERHEAD:
        tail = "empty"
    plain = body - OVERHEAD * (full + (rest > 0))
    return Header(1, count, writers, header, body, max(plain, 0), tail)
