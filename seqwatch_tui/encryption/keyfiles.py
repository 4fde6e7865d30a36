"""Key files: what kind they are, and whether the secret in them is itself encrypted. Uses, keeps and shows no key."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Literal

_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----\s(.*?)-----END \1-----", re.DOTALL)
_C4GH = b"c4gh-v1"
_SSH = b"openssh-key-v1\0"
_SSH_PUBLIC = re.compile(rb"(ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\n]*)?")
Locked = Literal["yes", "no", "unknown", "public"]
_WORST: tuple[Locked, ...] = ("no", "unknown", "yes", "public")


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a key file is: `kind` in words; `locked` yes, no (the secret lies there in clear), unknown, or public."""

    kind: str
    locked: Locked


def examine(data: bytes) -> KeyFile:
    """Look at the content of a key file (PEM, OpenSSH, age, OpenPGP armour); of several in it, the least protected."""
    if b"AGE-SECRET-KEY-" in data:
        return KeyFile("age identity", "no")
    if _SSH_PUBLIC.fullmatch(data.strip()):
        return KeyFile("OpenSSH public key", "public")
    found = [_pem(match[1].decode(), match[2]) for match in _PEM.finditer(data)]
    return min(found, key=lambda each: _WORST.index(each.locked), default=KeyFile("unknown", "unknown"))


def _pem(label: str, body: bytes) -> KeyFile:
    raw = _decoded(body)
    if any(word in label for word in ("PUBLIC KEY", "CERTIFICATE", "PARAMETERS")):
        return KeyFile(label.lower(), "public")
    if raw.startswith(_C4GH):
        return KeyFile("crypt4gh private key", _lock(raw[len(_C4GH) :], 2))
    if raw.startswith(_SSH):
        return KeyFile("OpenSSH private key", _lock(raw[len(_SSH) :], 4))
    return KeyFile(label.lower(), _lock_by_label(label, body, raw))


def _lock_by_label(label: str, body: bytes, raw: bytes) -> Locked:
    if label == "ENCRYPTED PRIVATE KEY" or b"Proc-Type: 4,ENCRYPTED" in body:
        return "yes"
    return "no" if raw and label.endswith("PRIVATE KEY") else "unknown"


def _lock(rest: bytes, width: int) -> Locked:
    """By the name that comes first (length of `width` bytes, big endian): kdf or cipher, `none` means in clear."""
    length = int.from_bytes(rest[:width], "big")
    name = rest[width : width + length]
    if not name or len(name) < length:
        return "unknown"
    return "no" if name == b"none" else "yes"


def _decoded(body: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""
