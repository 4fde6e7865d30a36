"""Tails of SYSCALL records: understood by part and as a whole, they mean the same."""

from __future__ import annotations

import numpy as np
import pytest

from seqwatch_tui.parse import bulk_tails
from seqwatch_tui.parse.bulk_index import Index
from seqwatch_tui.parse.bulk_memory import TAIL, Memory
from seqwatch_tui.parse.records import Records

_HEAD = (
    b"type=SYSCALL msg=audit(1790000000.023:%d): arch=c000003e syscall=257 success=yes exit=4 a0=0 a1=0 a2=0 a3=0 "
    b"items=0 ppid=1 pid=2 "
)
_IDS = b"auid=%d uid=%d gid=9 euid=9 suid=9 fsuid=9 egid=9 sgid=9 fsgid=9 tty=%b ses=%d"
_USUAL = [
    _IDS % (990, 0, b"pts1", 11) + b' comm="zcat" exe="/usr/bin/gzip" subj=unconfined key="k"\x1dSYSCALL=openat AUID="a" UID="root"',
    _IDS % (990, 0, b"pts1", 11) + b' comm="zcat" exe="/usr/bin/gzip" key="k"\x1dSYSCALL=read AUID="b" UID="root"',
    _IDS % (991, 5, b"(none)", 4294967295) + b' comm="awk" exe="/bin/awk" subj=x key=(null)\x1dSYSCALL=openat AUID="unset" UID="u"',
]  # fmt: skip


def fields(tails: list[bytes]) -> tuple[bool, dict[str, list[int]], dict[str, list[int]]]:
    """Whether the parts are read apart, what is read, and what each whole tail means."""
    index = Index(b"".join(_HEAD % number + tail + b"\n" for number, tail in enumerate(tails, 100)))
    memory = Memory(Records())
    lines = np.arange(len(tails))
    found = bulk_tails.tail_fields(index, lines, index.row(lines, 14), memory)
    apart = bulk_tails._by_part(index, lines, index.row(lines, 14), memory) is not None
    whole = np.array([memory._understood(tail) for tail in tails])
    return apart, {name: found[name].tolist() for name in TAIL}, dict(zip(TAIL, whole.T.tolist(), strict=True))


def test_parts_mean_what_the_whole_means() -> None:
    apart, found, whole = fields(_USUAL)
    assert apart
    assert found == whole


@pytest.mark.parametrize(
    "odd",
    [
        b"auid=1 uid=1 ses=1",
        _USUAL[0].replace(b"\x1d", b" "),
        _USUAL[0].replace(b"comm=", b"kommando="),
        _USUAL[0].replace(b"subj=unconfined", b"uid=7"),
        _USUAL[0].replace(b"sgid=9", b"exe=9"),
        _USUAL[0].replace(b"sgid=9 ", b'sgid="9 '),
        _USUAL[0].replace(b'gzip" ', b'gzip"\x1d') + b"\x1dA=1",
    ],
)
def test_a_tail_of_another_form_is_understood_as_a_whole(odd: bytes) -> None:
    apart, found, whole = fields([*_USUAL, odd])
    assert not apart
    assert found == whole
