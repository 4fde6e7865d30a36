"""Crypt4GH files of the demo site and the key that opens them.

Source: Crypt4GH specification 1.0, sections 2.2 to 3.4: X25519 and BLAKE2b for the packet key, ChaCha20-Poly1305 for
packet and segments.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

_SEGMENT = 65536


@dataclass(frozen=True, slots=True)
class Seal:
    """A recipient's public key (32 bytes) that files are shut for."""

    public: bytes

    @classmethod
    def create(cls, path: Path) -> Seal:
        """Make a key pair; the private key goes to `path` (raw, 0600)."""
        private = X25519PrivateKey.generate()
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(0o600)
        path.write_bytes(private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
        return cls(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def shut(self, data: bytes) -> bytes:
        """Return `data` as a Crypt4GH file for this recipient, with a fresh writer key and data key."""
        writer, key = X25519PrivateKey.generate(), os.urandom(32)
        writer_public = writer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        shared = writer.exchange(X25519PublicKey.from_public_bytes(self.public))
        packet_key = hashlib.blake2b(shared + self.public + writer_public, digest_size=64).digest()[:32]
        packet = struct.pack("<I", 0) + writer_public + _locked(packet_key, struct.pack("<II", 0, 0) + key)
        header = b"crypt4gh" + struct.pack("<III", 1, 1, len(packet) + 4) + packet
        return header + b"".join(_locked(key, data[at : at + _SEGMENT]) for at in range(0, len(data), _SEGMENT))


def _locked(key: bytes, plain: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, plain, None)
