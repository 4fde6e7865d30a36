"""Bytes as Linux 6.18 wrote them for one process at work in a directory of a tmpfs, and bytes nobody should write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqwatch_tui.sensor import kernel as k
from seqwatch_tui.sensor.decode import Event, Malformed, decode

FSID = bytes.fromhex("da917471a6dcbc27")
FOLDER = bytes.fromhex("0c00000001000000106508b2cb00000000000000")
RECORDED = bytes.fromhex(
    # open, read, close of reads.bam
    "64000000030018003100000000000000ffffffff6460000002002c00da917471a6dcbc270c00000001000000106508b2cb0000000000000072656164732e62"
    "616d00000001002000da917471a6dcbc270c00000001000000c3abfee2cc00000000000000"
    # create, open, write, close of "n\nw\xff"
    "60000000030018002a01000000000000ffffffff6460000002002800da917471a6dcbc270c00000001000000106508b2cb000000000000006e0a77ff000000"
    "0001002000da917471a6dcbc270c00000001000000c683c111cd00000000000000"
    # its rename to "new"
    "84000000030018000000001000000000ffffffff646000000a002800da917471a6dcbc270c00000001000000106508b2cb000000000000006e0a77ff000000"
    "000c002400da917471a6dcbc270c00000001000000106508b2cb000000000000006e65770001002000da917471a6dcbc270c00000001000000c683c111cd0000"
    "0000000000"
    # mkdir and rmdir of "sub", joined
    "5c000000030018000003004000000000ffffffff6460000002002400da917471a6dcbc270c00000001000000106508b2cb0000000000000073756200010020"
    "00da917471a6dcbc270c0000000100000004601d11ce00000000000000"
    # the link count of "new" went down: no name
    "38000000030018000400000000000000ffffffff6460000001002000da917471a6dcbc270c00000001000000c683c111cd00000000000000"
    # the directory itself was listed
    "3c000000030018003100004000000000ffffffff6460000002002400da917471a6dcbc270c00000001000000106508b2cb000000000000002e000000"
)
WITH_DESCRIPTOR = bytes.fromhex("180000000300180031000000000000000400000063600000")


def events() -> list[Event]:
    return list(decode(RECORDED))


def test_uses_come_joined_with_directory_and_name() -> None:
    first = events()[0]
    assert first.mask == k.FAN_OPEN | k.FAN_ACCESS | k.FAN_CLOSE_NOWRITE
    assert first.pid == 0x6064
    assert first.place is not None
    assert (first.place.filesystem, first.place.handle, first.place.name) == (FSID, FOLDER, b"reads.bam")
    assert first.fd < 0


def test_names_are_bytes_whatever_they_are() -> None:
    place = events()[1].place
    assert place is not None
    assert place.name == b"n\nw\xff"


def test_a_rename_has_both_ends() -> None:
    renamed = events()[2]
    assert renamed.mask == k.FAN_RENAME
    assert renamed.old is not None
    assert renamed.place is not None
    assert (renamed.old.name, renamed.place.name) == (b"n\nw\xff", b"new")


def test_what_was_made_tells_its_own_handle() -> None:
    made = events()[3]
    assert made.mask == k.FAN_CREATE | k.FAN_DELETE | k.FAN_ONDIR
    assert made.target == bytes.fromhex("0c0000000100000004601d11ce00000000000000")


def test_an_event_without_a_name_has_no_place() -> None:
    assert events()[4].place is None
    last = events()[5].place
    assert last is not None
    assert last.name == b"."


def test_a_group_without_names_hands_out_descriptors() -> None:
    (event,) = decode(WITH_DESCRIPTOR)
    assert (event.fd, event.place) == (4, None)


@pytest.mark.parametrize("cut", [1, 23, 25, 40, 99, len(RECORDED) - 1])
def test_bytes_that_end_too_early_are_refused(cut: int) -> None:
    with pytest.raises(Malformed):
        list(decode(RECORDED[:cut]))


def test_another_version_of_the_interface_is_refused() -> None:
    with pytest.raises(Malformed, match="version 9"):
        list(decode(RECORDED[:4] + b"\x09" + RECORDED[5:]))


@given(st.binary(max_size=200), st.integers(0, len(RECORDED) - 1), st.integers(0, 255))
def test_no_bytes_do_anything_but_decode_or_be_refused(noise: bytes, at: int, value: int) -> None:
    for data in (noise, RECORDED[:at] + bytes([value]) + RECORDED[at + 1 :], RECORDED[:at] + noise):
        try:
            found = list(decode(data))
        except Malformed:
            continue
        assert all(isinstance(event, Event) for event in found)
