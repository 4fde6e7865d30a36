"""What a file is by its first bytes: encrypted, sequence data in clear, or something else. Pure; input is hostile.

Conservative: a file counts as encrypted only when its structure says so, never by its name or by looking random.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

HEAD = 2048
"""Bytes to hand over from the start of the file."""

Class = Literal["encrypted", "sequence", "index", "text", "empty", "unknown"]


@dataclass(frozen=True, slots=True)
class Kind:
    """Class of a file and its format in words."""

    kind: Class
    format: str


_SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"crypt4gh", Kind("encrypted", "crypt4gh")),
    (b"age-encryption.org/v1\n-> ", Kind("encrypted", "age")),
    (b"-----BEGIN AGE ENCRYPTED FILE-----", Kind("encrypted", "age")),
    (b"-----BEGIN PGP MESSAGE-----", Kind("encrypted", "gpg")),
    (b"LUKS\xba\xbe", Kind("encrypted", "LUKS image")),
    (b"CRAM", Kind("sequence", "CRAM")),
    (b"##fileformat=VCF", Kind("sequence", "VCF")),
    (b"\x8bPOD\r\n\x1a\n", Kind("sequence", "POD5")),
    (b"\x89HDF\r\n\x1a\n", Kind("sequence", "HDF5 (FAST5)")),
    (b"@HD\t", Kind("sequence", "SAM")),
    (b"@SQ\t", Kind("sequence", "SAM")),
    (b"BAI\x01", Kind("index", "BAI")),
)
_INDEX_NAME = re.compile(rb"\.(bai|csi|tbi|crai|gzi|fai)$", re.IGNORECASE)
_SEQUENCE_NAME = re.compile(
    rb"\.(fastq|fq|fasta|fa|fna|vcf|sam|bed|gff|maf|bcl|cbcl)(\.(gz|bgz|bz2|xz|zst))?$", re.IGNORECASE
)
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")
_FASTQ = re.compile(rb"@[^\n]*\r?\n[A-Za-z.*=-]+\r?\n\+")
_FASTA = re.compile(rb"[>;][^\n]*\r?\n[A-Za-z*-]+\r?(\n|$)")


def classify(head: bytes, name: bytes) -> Kind:
    """Classify by the first HEAD bytes; the name decides only where bytes cannot (what is inside a plain gzip)."""
    if not head:
        return Kind("empty", "empty")
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if _openpgp_message(head):
        return Kind("encrypted", "gpg")
    if head.startswith(_COMPRESSED):
        return _compressed(head, name)
    return _plain(head, name)


def _compressed(head: bytes, name: bytes) -> Kind:
    if _INDEX_NAME.search(name):
        return Kind("index", "compressed index")
    if head.startswith(b"\x1f\x8b\x08\x04") and head[12:16] == b"BC\x02\x00":
        return Kind("sequence", "BGZF (BAM, BCF or VCF)")
    if _SEQUENCE_NAME.search(name):
        return Kind("sequence", "compressed, by its name")
    return Kind("unknown", "compressed")


def _plain(head: bytes, name: bytes) -> Kind:
    if _INDEX_NAME.search(name):
        return Kind("index", "index, by its name")
    if _FASTQ.match(head) or _FASTA.match(head):
        return Kind("sequence", "FASTQ or FASTA")
    if _SEQUENCE_NAME.search(name):
        return Kind("sequence", "by its name")
    return Kind("text", "text") if _is_text(head) else Kind("unknown", "unknown")


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start >= HEAD - 3  # the cut fell inside a character
    return True


def _openpgp_message(head: bytes) -> bool:
    """Whether the bytes begin with an encrypted OpenPGP message (RFC 9580 sections 4.2 and 5).

    The first packet must be a session key or encrypted data with a known version. Where it ends inside `head`, a session
    key must be followed by another packet of an encrypted message, and encrypted data by nothing.
    """
    packet = _packet(head)
    if packet is None:
        return False
    tag, body, end = packet
    if not _plausible(tag, head[body : body + 8]):
        return False
    return end >= len(head) or (tag in (1, 3) and _tag(head[end]) in (1, 3, 9, 18, 20))


def _tag(octet: int) -> int | None:
    """Packet type of a header octet; None when it is none."""
    if not octet & 0x80:
        return None
    return octet & 0x3F if octet & 0x40 else (octet >> 2) & 0x0F


def _packet(head: bytes) -> tuple[int, int, int] | None:
    """Type, start of the body and its end, of the packet at the start; None when there is none."""
    if len(head) < 16 or (tag := _tag(head[0])) is None:
        return None
    if head[0] & 0x40:
        return _new_length(tag, head)
    width = (1, 2, 4, 0)[head[0] & 3]
    start = 1 + width
    return tag, start, start + int.from_bytes(head[1:start], "big") if width else len(head)


def _new_length(tag: int, head: bytes) -> tuple[int, int, int]:
    first = head[1]
    if first < 192:
        return tag, 2, 2 + first
    if first < 224:
        return tag, 3, 3 + ((first - 192) << 8) + head[2] + 192
    if first == 255:
        return tag, 6, 6 + int.from_bytes(head[2:6], "big")
    return tag, 2, len(head)  # partial length: the rest follows in pieces


def _plausible(tag: int, body: bytes) -> bool:
    """Whether version (and algorithm, where it stands at once) are known for this packet type."""
    if tag == 1:
        return body[0] in (3, 6)
    if tag == 3:
        return (body[0] == 4 and 1 <= body[1] <= 13 and body[2] in (0, 1, 3, 4)) or body[0] in (5, 6)
    return (tag == 18 and body[0] in (1, 2)) or (tag == 20 and body[0] == 1)
