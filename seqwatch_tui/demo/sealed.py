"""Crypt4GH files of the demo site, and the keys that open them."""

from __future__ import annotations

import base64
import io
import os
from dataclasses import dataclass
from pathlib import Path

from seqwatch_tui.encryption.crypt4gh import encrypt, public_key


@dataclass(frozen=True, slots=True)
class Seal:
    """A recipient that files are shut for, by X25519 public key (32 bytes)."""

    public: bytes

    @classmethod
    def create(cls, path: Path) -> Seal:
        """Make a key pair: the private key in `path` (32 raw bytes, 0600), the public one in `path`.pub (base64)."""
        private = os.urandom(32)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(0o600)
        path.write_bytes(private)
        seal = cls(public_key(private))
        path.with_suffix(".pub").write_text(seal.text + "\n", encoding="ascii")
        return seal

    @property
    def text(self) -> str:
        """The public key in base64."""
        return base64.b64encode(self.public).decode()

    def shut(self, data: bytes) -> bytes:
        """Return `data` as a Crypt4GH file for this recipient alone."""
        out = io.BytesIO()
        encrypt(io.BytesIO(data), out, [self.public])
        return out.getvalue()
