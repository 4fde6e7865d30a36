"""Values inside records: quotes, hex, nothing, and what must not be taken for hex."""

from __future__ import annotations

import pytest

from seqwatch_tui.parse.fields import arguments, enriched, number, pairs, text_value, title_value, user_pairs


@pytest.mark.parametrize(
    ("token", "text"),
    [
        (b'"plain"', "plain"),
        (b"612062", "a b"),
        (b"61FF62", "a\\xff62".replace("62", "b")),
        (b"C3BC", "ü"),
        (b"610062", "a\x00b"),
        (b"(null)", None),
        (b"?", None),
        (b"", None),
        (b"cafe", "cafe"),
        (b"ABC", "ABC"),
        (None, None),
    ],
)
def test_text_value(token: bytes | None, text: str | None) -> None:
    assert text_value(token) == text


def test_title_joins_arguments_with_spaces() -> None:
    assert title_value(b"6361740061206200") == "cat a b"
    assert title_value(b'"(sd-pam)"') == "(sd-pam)"


def test_long_arguments_come_together_from_several_records() -> None:
    bodies = [b'argc=3 a0="cat" a1_len=6 a1[0]=616263 ', b'a1[1]=646566 a2="z"\n']
    assert arguments(bodies) == (["cat", "abcdef", "z"], True)


def test_missing_arguments_are_noticed() -> None:
    assert arguments([b'argc=3 a0="cat" a1="x"\n']) == (["cat", "x"], False)


def test_kernel_fields_of_a_user_record_cannot_be_overridden_from_user_space() -> None:
    body = b'pid=1 uid=0 auid=7 ses=3 msg=\'op=x acct="ann" auid=0 ses=9 exe="/bin/x" res=success\'\x1dUID="root"'
    fields = user_pairs(body)
    assert (fields["auid"], fields["ses"], fields["acct"], fields["res"]) == (b"7", b"3", b'"ann"', b"success")


def test_enriched_part_is_apart() -> None:
    body = b'auid=7 key=(null)\x1dARCH=x86_64 SYSCALL=openat AUID="ann b" SADDR={ saddr_fam=inet laddr=1.2.3.4 }\n'
    assert pairs(body) == {"auid": b"7", "key": b"(null)"}
    assert enriched(body)["AUID"] == "ann b"
    assert enriched(body)["SYSCALL"] == "openat"


@pytest.mark.parametrize(("token", "value"), [(b"-13", -13), (b"0", 0), (b"x", None), (b"9" * 19, None), (b"", None)])
def test_number(token: bytes, value: int | None) -> None:
    assert number(token) == value
