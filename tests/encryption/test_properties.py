from __future__ import annotations

import io
import os
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from seqwatch_tui.encryption.crypt4gh import Crypt4ghError, decrypt, encrypt, public_key
from seqwatch_tui.encryption.header import Header, read_header
from seqwatch_tui.encryption.keyfiles import examine
from seqwatch_tui.encryption.magic import HEAD, classify

FEW = settings(max_examples=150, derandomize=True, deadline=None)
KEY = bytes(range(32))


def header_of(data: bytes):
    fd = os.memfd_create("c4gh")
    try:
        os.write(fd, data)
        return read_header(fd)
    finally:
        os.close(fd)


def sealed(plain: bytes) -> bytes:
    out = io.BytesIO()
    encrypt(io.BytesIO(plain), out, [public_key(KEY)])
    return out.getvalue()


@FEW
@given(st.binary(max_size=300), st.integers(0, 400), st.integers(1, 255))
def test_one_flipped_byte_never_gives_another_plaintext(plain, at, flip):
    data = bytearray(sealed(plain))
    at %= len(data)
    data[at] ^= flip
    out = io.BytesIO()
    try:
        decrypt(io.BytesIO(bytes(data)), out, KEY)
    except Crypt4ghError:
        return
    assert out.getvalue() == plain


@FEW
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 2**32 - 1), max_size=4), st.binary(max_size=200))
def test_no_header_breaks_the_reader(count, lengths, rest):
    data = b"crypt4gh" + struct.pack("<II", 1, count) + b"".join(struct.pack("<II", n, 0) + rest for n in lengths)
    found = header_of(data)
    if isinstance(found, Header):
        assert found.header_size + found.body_size == len(data)
        assert 0 <= found.plaintext_size <= found.body_size
    try:
        decrypt(io.BytesIO(data), io.BytesIO(), KEY)
    except Crypt4ghError:
        return
    raise AssertionError("random bytes decrypted")


@FEW
@given(st.binary(max_size=HEAD), st.binary(max_size=10))
def test_no_content_breaks_the_classifier_or_the_key_reader(head, name):
    assert classify(head, name).kind in ("encrypted", "sequence", "index", "text", "empty", "unknown")
    assert examine(b"-----BEGIN PRIVATE KEY-----\n" + head + b"-----END PRIVATE KEY-----").locked in (
        "yes", "no", "unknown",
    )  # fmt: skip
    assert examine(head).locked in ("yes", "no", "unknown", "public")
