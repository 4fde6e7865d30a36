"""The structural index finds lines, tokens and numbers; what is not of the usual form is not read as if it were."""

from __future__ import annotations

import numpy as np
import pytest

from seqwatch_tui.parse.bulk_index import Index, Keys
from seqwatch_tui.parse.bulk_layout import classify, upto_boundary

HEAD = b'type=CWD msg=audit(1790000000.023:%d): cwd="/"\n'


def test_lines_and_tokens() -> None:
    index = Index(b"a bb ccc\nd\n")
    assert (index.start.tolist(), index.end.tolist(), index.tokens.tolist()) == ([0, 9], [8, 10], [3, 1])
    first = np.array([0])
    assert (index.token_start(first, 2).tolist(), index.token_end(first, 2).tolist()) == ([5], [8])


@pytest.mark.parametrize("text", ["0", "7", "12345678", "123456789", "4294967295", "9999999999999999"])
def test_decimal_numbers(text: str) -> None:
    index = Index(b"xxxxxxxxxxxxxxxx " + text.encode() + b"\n")
    value, ok = index.decimal(np.array([17]), np.array([17 + len(text)]))
    assert (value.tolist(), ok.tolist()) == ([int(text)], [True])


@pytest.mark.parametrize("text", ["", "12a", ":", "/", "1 2", "-1", "12345678901234567", "1\x1d2", "+5", "1_0"])
def test_what_is_no_decimal_number(text: str) -> None:
    index = Index(b"0000000000000000 " + text.encode() + b"\n")
    assert index.decimal(np.array([17]), np.array([17 + len(text)]))[1].tolist() == [False]


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0), ("241", 0x241), ("ffffffffffffff9c", 0xFFFFFF9C), ("80000", 0x80000)]
)
def test_hexadecimal_numbers(text: str, value: int) -> None:
    index = Index(b"0000000000000000 " + text.encode() + b"\n")
    found, ok = index.hexadecimal(np.array([17]), np.array([17 + len(text)]))
    assert (found.tolist(), ok.tolist()) == ([value], [True])


@pytest.mark.parametrize("text", ["", "G", "FF", "0x1", "12345678901234567"])
def test_what_is_no_hexadecimal_number(text: str) -> None:
    index = Index(b"0000000000000000 " + text.encode() + b"\n")
    assert index.hexadecimal(np.array([17]), np.array([17 + len(text)]))[1].tolist() == [False]


@pytest.mark.parametrize("place", range(8))
def test_every_byte_is_a_hexadecimal_digit_or_not_one(place: int) -> None:
    texts = [b"3f0a9b7c"[:place] + bytes([byte]) + b"3f0a9b7c"[place + 1 :] for byte in range(256)]
    index = Index(b"".join(texts) + b"\n")
    found, ok = index.hexadecimal(8 * np.arange(256), 8 * np.arange(1, 257))
    digits = [all(byte in b"0123456789abcdef" for byte in text) for text in texts]
    assert ok.tolist() == digits
    assert found[ok].tolist() == [int(text, 16) for text, good in zip(texts, digits, strict=True) if good]


def test_heads_are_read() -> None:
    index = Index(HEAD % 7 + HEAD % 1234567890)
    lines = classify(index, index.heads())
    assert lines.ok.all()
    assert lines.serial.tolist() == [7, 1234567890]
    assert lines.millis.tolist() == [1790000000023] * 2
    assert [lines.types[n] for n in lines.type_number] == ["CWD", "CWD"]


@pytest.mark.parametrize(
    "line",
    [
        b"", b"x", b"type=CWD", b"type=CWD msg=audit(): cwd=", b"node=n " + HEAD[:-1] % 7, HEAD[:-1] % 0,
        b'type=CWD msg=audit(1790000000.023:07): cwd="/"', b'type=CWD msg=audit(0790000000.023:7): cwd="/"',
        b'type=CWD msg=audit(179000000x.023:7): cwd="/"', b'type=CWD msg=audit(1790000000.02:7): cwd="/"',
        b'type=C-D msg=audit(1790000000.023:7): cwd="/"', b'tape=CWD msg=audit(1790000000.023:7): cwd="/"',
        b'type=CWD msg=audit(1790000000.023:7) cwd="/"',
    ],
)  # fmt: skip
def test_odd_heads_are_left_alone(line: bytes) -> None:
    index = Index(HEAD % 5 + line + b"\n" + HEAD % 6)
    assert classify(index, index.heads()).ok.tolist() == [True, False, True]


def test_lines_with_bytes_no_record_has_are_marked() -> None:
    index = Index(HEAD % 5 + b"a\tb\n" + "ü\n".encode() + b"a\x1db\n" + b"a\r\n")
    assert index.odd.tolist() == [False, True, True, False, True]


def test_the_cut_never_divides_serials() -> None:
    serials = [5, 6, 5, 7, 8, 7, 9]
    index = Index(b"".join(HEAD % serial for serial in serials))
    count = upto_boundary(classify(index, index.heads()))
    assert count == 6
    assert max(serials[:count]) < min(serials[count:])
    same = Index(HEAD % 5 + HEAD % 5)
    assert upto_boundary(classify(same, same.heads())) == 0


@pytest.mark.parametrize(("number", "value"), [("0", 0), ("9", 9), ("12", 12), ("", None), ("x", None), ("1\x1d", 1)])
def test_the_layout_tells_the_number_after_a_key(number: str, value: int | None) -> None:
    index = Index(f"type=PATH msg=audit(1700000000.000:7): item={number} name=x inode=1 dev=2 z=3\n".encode())
    keys = Keys.of(b"item=", b"name=")
    start, good, found, ok = index.layout(np.array([0]), 2, keys, 0)
    assert ok.tolist() == [value is not None]
    assert value is None or found.tolist() == [value]
    assert good.tolist() == ["\x1d" not in number]
    assert start[0, 0] == index.data.index(b"item=")
