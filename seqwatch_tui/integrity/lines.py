"""One line of a manifest: its digest, its name, or the sentence that says what is wrong with it. Pure.

Formats: coreutils (`HEX  name`, `HEX *name`, a leading backslash for escaped names), BSD (`SHA256 (name) = HEX`, also
written by coreutils --tag), BagIt (RFC 8493 section 2.1.3: name percent-encoded for CR, LF and %).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from seqwatch_tui.integrity.names import visible

_PLAIN = re.compile(rb"([0-9A-Fa-f]+)(?: [ *]|[ \t]+)(.+)", re.DOTALL)
_TAGGED = re.compile(rb"([A-Za-z0-9-]+) ?\((.*)\) ?= ?([0-9A-Fa-f]+)[ \t]*", re.DOTALL)
_BARE = re.compile(rb"([0-9A-Fa-f]+)[ \t]*")
_BAGIT_ESCAPE = re.compile(rb"%(0[aA]|0[dD]|25)")
_BY_LENGTH = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
_SIDECAR = re.compile(rb"(.+)\.(?:md5|sha1|sha224|sha256|sha384|sha512|b2)(?:sum)?", re.IGNORECASE)

MAX_LINE = 16 << 10
STRENGTH = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b")
"""Algorithms of full length from the weakest to the strongest; a blake2b shorter than 64 bytes is `blake2b-BITS`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manifest says of one file: its name relative to the dataset, and the digest in lower-case hex."""

    name: bytes
    algorithm: str
    digest: str
    line: int


@dataclass(frozen=True, slots=True)
class BadLine:
    """Why a line does not count; the text continues a sentence that begins with file:line."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the manifest's own name tells about its lines."""

    blake: bool = False
    bagit: bool = False
    sidecar: bytes | None = None
    """The file that a digest alone on its line belongs to."""

    @classmethod
    def of(cls, name: bytes) -> Dialect:
        """Read the dialect off the manifest's file name."""
        base = PurePosixPath(name.decode("latin-1")).name.encode("latin-1")
        sidecar = _SIDECAR.fullmatch(base)
        lower = base.lower()
        return cls(
            blake=lower.startswith(b"b2") or b"blake2" in lower or lower.endswith((b".b2", b".b2sum")),
            bagit=re.fullmatch(rb"(tag)?manifest-[a-z0-9]+\.txt", lower) is not None,
            sidecar=sidecar[1] if sidecar else None,
        )


def read_line(line: bytes, number: int, dialect: Dialect) -> Entry | BadLine | None:
    """Read one line without its line end; None for blank lines and comments."""
    if not line.strip() or line.startswith(b"#"):
        return None
    if len(line) > MAX_LINE:
        return BadLine(number, f"is longer than {MAX_LINE} bytes; no file name is that long.")
    escaped = line.startswith(b"\\")
    parts = _split(line[1:] if escaped else line, dialect)
    if parts is None:
        return BadLine(number, "is not a checksum line; write 'DIGEST  name' as sha256sum does.")
    tag, digest, name = parts
    algorithm = _algorithm(tag, len(digest), dialect)
    if algorithm is None:
        return BadLine(number, _no_algorithm(tag, len(digest)))
    return _entry(_decode(name, escaped, dialect), algorithm, digest, number)


def _split(line: bytes, dialect: Dialect) -> tuple[str, str, bytes] | None:
    if match := _TAGGED.fullmatch(line):
        return match[1].decode().lower(), match[3].decode().lower(), match[2]
    if match := _PLAIN.fullmatch(line):
        return "", match[1].decode().lower(), match[2]
    if dialect.sidecar and (match := _BARE.fullmatch(line)):
        return "", match[1].decode().lower(), dialect.sidecar
    return None


def _algorithm(tag: str, digits: int, dialect: Dialect) -> str | None:
    tag = tag.replace("sha-", "sha")
    if tag.startswith("blake2b") or (not tag and dialect.blake):
        bits = digits * 4
        if bits % 8 or not 8 <= bits <= 512 or (tag not in ("", "blake2b", f"blake2b-{bits}")):
            return None
        return "blake2b" if bits == 512 else f"blake2b-{bits}"
    algorithm = _BY_LENGTH.get(digits)
    return algorithm if tag in ("", algorithm) else None


def _no_algorithm(tag: str, digits: int) -> str:
    kind = f"the {tag} digest" if tag else "the digest"
    return f"{kind} has {digits} hexadecimal digits, which is no digest that can be checked; write the whole digest."


def _decode(name: bytes, escaped: bool, dialect: Dialect) -> bytes | None:
    if dialect.bagit:
        return _BAGIT_ESCAPE.sub(lambda m: bytes([int(m[1], 16)]), name.lstrip(b" \t"))
    if not escaped:
        return name
    parts = re.split(rb"\\(.|$)", name, flags=re.DOTALL)
    table = {b"\\": b"\\", b"n": b"\n", b"r": b"\r"}
    if any(code not in table for code in parts[1::2]):
        return None
    return b"".join(table[part] if i % 2 else part for i, part in enumerate(parts))


def _entry(name: bytes | None, algorithm: str, digest: str, number: int) -> Entry | BadLine:
    if name is None:
        return BadLine(number, "holds an escape other than \\\\, \\n and \\r; write the manifest anew with sha256sum.")
    if b"\0" in name:
        return BadLine(number, "holds a NUL byte in the name; no file can be called that.")
    if name.startswith(b"/"):
        return BadLine(number, f"names {visible(name)}, an absolute path; names must be relative to the manifest.")
    parts = [part for part in name.split(b"/") if part not in (b"", b".")]
    if b".." in parts:
        return BadLine(number, f"names {visible(name)}, which leaves the folder; names must stay inside it.")
    if not parts:
        return BadLine(number, "names no file; write the name after the digest.")
    return Entry(b"/".join(parts), algorithm, digest, number)
