from __future__ import annotations

import io
import os
import struct
from itertools import count
from pathlib import Path

import pytest

from seqwatch_tui.encryption.crypt4gh import Crypt4ghError, decrypt, encrypt, public_key
from seqwatch_tui.encryption.header import SEGMENT, Header, Malformed, read_header
from seqwatch_tui.encryption.keyfiles import KeyFile, examine
from tests.encryption.pem import private_pem, public_pem

GOLDEN = Path(__file__).parent.parent / "golden" / "crypt4gh"
ALICE, BOB, EVE = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))


def sealed(plain: bytes, *readers: bytes, seckey: bytes | None = None) -> bytes:
    out = io.BytesIO()
    encrypt(io.BytesIO(plain), out, [public_key(r) for r in readers or (ALICE,)], seckey)
    return out.getvalue()


def opened(data: bytes, seckey: bytes = ALICE) -> bytes:
    out = io.BytesIO()
    decrypt(io.BytesIO(data), out, seckey)
    return out.getvalue()


def facts(tmp_path, data: bytes) -> Header | Malformed:
    path = tmp_path / "f.c4gh"
    path.write_bytes(data)
    fd = os.open(path, os.O_RDONLY)
    try:
        return read_header(fd)
    finally:
        os.close(fd)


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 200_000])
def test_what_is_encrypted_comes_back_for_each_recipient(tmp_path, size):
    plain = os.urandom(size)
    data = sealed(plain, ALICE, BOB)
    assert opened(data, ALICE) == opened(data, BOB) == plain
    header = facts(tmp_path, data)
    assert isinstance(header, Header)
    assert (header.packets, header.header_size, header.plaintext_size, header.tail) == (2, 232, size, "ok")


def test_a_file_of_the_reference_tool_is_read(tmp_path):
    data = (GOLDEN / "reference.c4gh").read_bytes()
    plain = bytes(range(256)) * 257
    assert opened(data, ALICE) == opened(data, BOB) == plain
    header = facts(tmp_path, data)
    assert isinstance(header, Header)
    assert (header.packets, header.plaintext_size, header.body_size) == (2, 65792, 65792 + 2 * 28)
    assert header.writers == (public_key(ALICE),)


def test_the_writer_gives_the_same_bytes_that_the_reference_tool_has_read():
    entropy = count(1)
    out = io.BytesIO()
    encrypt(io.BytesIO(b"ACGT" * 25), out, [public_key(BOB)], ALICE, lambda n: bytes([next(entropy)]) * n)
    assert out.getvalue() == (GOLDEN / "ours.c4gh").read_bytes()
    assert opened(out.getvalue(), BOB) == b"ACGT" * 25


def test_another_key_does_not_open_it():
    with pytest.raises(Crypt4ghError, match="no header packet opens"):
        opened(sealed(b"ACGT"), EVE)
    with pytest.raises(ValueError, match="no recipient"):
        encrypt(io.BytesIO(b""), io.BytesIO(), [])


@pytest.mark.parametrize("at", [-1, -40, 232 + 5])
def test_an_altered_byte_is_noticed(at):
    data = bytearray(sealed(b"A" * 100, ALICE, BOB))
    data[at] ^= 1
    with pytest.raises(Crypt4ghError, match="segment 1 does not decrypt"):
        opened(bytes(data))


@pytest.mark.parametrize("length", [0, 7, 15, 16, 20, 100, 123])
def test_a_cut_header_is_malformed_and_does_not_decrypt(tmp_path, length):
    data = sealed(b"ACGT")[:length]
    assert isinstance(facts(tmp_path, data), Malformed)
    with pytest.raises(Crypt4ghError):
        opened(data)


@pytest.mark.parametrize(
    ("at", "value", "says"),
    [
        (0, b"crypt5gh", "not a Crypt4GH file"),
        (8, struct.pack("<I", 2), "version 2"),
        (12, struct.pack("<I", 0), "claims 0"),
        (12, struct.pack("<I", 0xFFFFFFFF), "claims 4294967295"),
        (12, struct.pack("<I", 2), "packet 2"),
        (16, struct.pack("<I", 3), "packet 1 of 3 bytes"),
        (16, struct.pack("<I", 0xFFFFFFF0), "which cannot be"),
    ],
)
def test_hostile_headers_are_named(tmp_path, at, value, says):
    data = bytearray(sealed(b"ACGT"))
    data[at : at + len(value)] = value
    found = facts(tmp_path, bytes(data))
    assert isinstance(found, Malformed)
    assert says in found.why
    with pytest.raises(Crypt4ghError):
        opened(bytes(data))


@pytest.mark.parametrize(
    ("rest", "tail"), [(0, "ok"), (1, "corrupt"), (27, "corrupt"), (28, "empty"), (29, "ok"), (SEGMENT - 1, "ok")]
)
def test_the_tail_rule(tmp_path, rest, tail):
    header = facts(tmp_path, sealed(b"")[:124] + bytes(SEGMENT + rest))
    assert isinstance(header, Header)
    assert header.tail == tail


def test_missing_whole_segments_go_unnoticed_and_the_facts_do_not_pretend(tmp_path):
    data = sealed(bytes(3 * 65536))
    cut = data[: 124 + SEGMENT]
    assert opened(cut) == bytes(65536)
    header = facts(tmp_path, cut)
    assert isinstance(header, Header)
    assert (header.plaintext_size, header.tail) == (65536, "ok")


def test_key_files_of_the_reference_tool_and_ours():
    assert examine((GOLDEN / "locked.sec").read_bytes()) == KeyFile("crypt4gh private key", "yes")
    assert examine((GOLDEN / "clear.sec").read_bytes()) == KeyFile("crypt4gh private key", "no")
    assert (GOLDEN / "clear.sec").read_bytes() == private_pem(ALICE, b"made for tests")
    assert (GOLDEN / "alice.pub").read_bytes() == public_pem(public_key(ALICE))
    assert examine(public_pem(ALICE)).locked == "public"


@pytest.mark.parametrize(
    ("data", "locked"),
    [
        (b"", "unknown"),
        (b"AGE-SECRET-KEY-1QQQ", "no"),
        (b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n-----END PRIVATE KEY-----\n", "no"),
        (b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMC4CAQAw\n-----END ENCRYPTED PRIVATE KEY-----\n", "yes"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", "yes"),
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ==\n=aaaa\n-----END PGP PRIVATE KEY BLOCK-----\n", "unknown"),
        (b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "public"),
        (b"-----BEGIN CRYPT4GH PRIVATE KEY-----\nYzRnaC12MQ==\n-----END CRYPT4GH PRIVATE KEY-----\n", "unknown"),
        (b"-----BEGIN CRYPT4GH PRIVATE KEY-----\n!!!\n-----END CRYPT4GH PRIVATE KEY-----\n", "unknown"),
    ],
)
def test_whether_a_secret_lies_in_clear(data, locked):
    assert examine(data).locked == locked


def test_openssh_keys():
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(ALICE)
    clear = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.OpenSSH, s.NoEncryption())
    assert examine(clear) == KeyFile("OpenSSH private key", "no")
