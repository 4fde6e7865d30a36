"""Crypt4GH key files as the reference tool writes them, in clear."""

from __future__ import annotations

import base64
import struct

_C4GH = b"c4gh-v1"


def public_pem(public: bytes) -> bytes:
    """A Crypt4GH public key file of 32 key bytes."""
    return _crypt4gh_pem("PUBLIC", public)


def private_pem(secret: bytes, comment: bytes | None = None) -> bytes:
    """A Crypt4GH private key file of 32 key bytes, in clear (kdf none)."""
    fields = [b"none", b"none", secret, *([comment] if comment is not None else [])]
    return _crypt4gh_pem("PRIVATE", _C4GH + b"".join(struct.pack(">H", len(f)) + f for f in fields))


def _crypt4gh_pem(kind: str, content: bytes) -> bytes:
    body = base64.b64encode(content).decode()
    return f"-----BEGIN CRYPT4GH {kind} KEY-----\n{body}\n-----END CRYPT4GH {kind} KEY-----\n".encode()
