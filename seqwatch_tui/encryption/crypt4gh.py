"""A small Crypt4GH writer and reader, for the demonstration site and for tests; the engine itself opens no file.

Format: GA4GH File Encryption Standard (samtools/hts-specs crypt4gh.tex), X25519 with ChaCha20-Poly1305; no edit lists.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from seqwatch_tui.encryption.header import MAGIC, MAX_HEADER, MAX_PACKETS, OVERHEAD, SEGMENT

Entropy = Callable[[int], bytes]
_DATA_KEY = struct.pack("<II", 0, 0)  # packet type: data encryption parameters; method: ChaCha20-Poly1305


class Crypt4ghError(Exception):
    """The file cannot be decrypted: what is wrong with it, or that the key does not fit."""


def public_key(seckey: bytes) -> bytes:
    """The X25519 public key (32 bytes) of a private one (32 bytes)."""
    return X25519PrivateKey.from_private_bytes(seckey).public_key().public_bytes_raw()


def encrypt(
    plaintext: BinaryIO,
    out: BinaryIO,
    recipient_public_keys: Sequence[bytes],
    seckey: bytes | None = None,
    entropy: Entropy = os.urandom,
) -> None:
    """Encrypt a stream for the recipients. Without `seckey` the writer's key is made for this file and forgotten.

    `entropy(n)` must give n unpredictable bytes; anything but the default is for tests.
    """
    if not recipient_public_keys:
        raise ValueError("no recipient: nobody could read the file")
    data_key = entropy(32)
    writer = seckey or entropy(32)
    packets = [_packet(_DATA_KEY + data_key, writer, reader, entropy(12)) for reader in recipient_public_keys]
    out.write(MAGIC + struct.pack("<II", 1, len(packets)) + b"".join(packets))
    cipher = ChaCha20Poly1305(data_key)
    while block := plaintext.read(SEGMENT - OVERHEAD):
        nonce = entropy(12)
        out.write(nonce + cipher.encrypt(nonce, block, None))


def _packet(content: bytes, writer: bytes, reader: bytes, nonce: bytes) -> bytes:
    writer_public = public_key(writer)
    sealed = ChaCha20Poly1305(_shared(writer, reader, reader, writer_public)).encrypt(nonce, content, None)
    return struct.pack("<II", 8 + 32 + 12 + len(sealed), 0) + writer_public + nonce + sealed


def _shared(seckey: bytes, other: bytes, reader_public: bytes, writer_public: bytes) -> bytes:
    """First 32 bytes of BLAKE2b-512(X25519(own secret, other public) || reader public || writer public)."""
    secret = X25519PrivateKey.from_private_bytes(seckey).exchange(X25519PublicKey.from_public_bytes(other))
    return hashlib.blake2b(secret + reader_public + writer_public).digest()[:32]


def decrypt(ciphertext: BinaryIO, out: BinaryIO, seckey: bytes) -> None:
    """Decrypt a stream with one private key. Raises Crypt4ghError; what was written until then is not authentic.

    Whole segments that were cut off or swapped go unnoticed: the format does not protect against that.
    """
    contents = [content for packet in _packets(ciphertext) if (content := _open(packet, seckey)) is not None]
    if not contents:
        raise Crypt4ghError("no header packet opens with this key; the file was not written for it")
    ciphers = [ChaCha20Poly1305(_data_key(content)) for content in contents]
    number = 0
    while segment := ciphertext.read(SEGMENT):
        number += 1
        out.write(_segment(ciphers, segment, number))


def _segment(ciphers: list[ChaCha20Poly1305], segment: bytes, number: int) -> bytes:
    for cipher in ciphers:
        try:
            return cipher.decrypt(segment[:12], segment[12:], None)
        except (InvalidTag, ValueError):
            continue
    raise Crypt4ghError(f"segment {number} does not decrypt: it was altered or cut, or is under another key")


def _packets(stream: BinaryIO) -> Iterator[bytes]:
    start = stream.read(16)
    if len(start) < 16 or start[:8] != MAGIC:
        raise Crypt4ghError("this is not a Crypt4GH file")
    version, count = struct.unpack("<II", start[8:])
    if version != 1 or count > MAX_PACKETS:
        raise Crypt4ghError(f"version {version} with {count} header packets is not known")
    for _ in range(count):
        length = int.from_bytes(stream.read(4), "little")
        packet = stream.read(length - 4) if 4 + 64 <= length <= MAX_HEADER else b""
        if len(packet) < length - 4 or not packet:
            raise Crypt4ghError("the header is cut or holds a packet of an impossible length")
        yield packet


def _open(packet: bytes, seckey: bytes) -> bytes | None:
    """The content of a packet, None when it is for someone else or of another method."""
    writer, nonce, sealed = packet[4:36], packet[36:48], packet[48:]
    if packet[:4] != bytes(4):
        return None
    try:
        return ChaCha20Poly1305(_shared(seckey, writer, public_key(seckey), writer)).decrypt(nonce, sealed, None)
    except (InvalidTag, ValueError):  # ValueError: a writer's key that is no point of the curve
        return None


def _data_key(content: bytes) -> bytes:
    if content[:8] != _DATA_KEY or len(content) < 40:
        raise Crypt4ghError("the header holds an edit list or an unknown data cipher, which this reader does not apply")
    return content[8:40]
