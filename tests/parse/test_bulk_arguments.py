"""Command lines of many EXECVE records at once are those that the reference parser makes of each."""

from __future__ import annotations

import shlex

import numpy as np
import pytest

from seqwatch_tui.parse.bulk_arguments import spoken
from seqwatch_tui.parse.bulk_index import Index
from seqwatch_tui.parse.bulk_memory import Memory
from seqwatch_tui.parse.fields import arguments
from seqwatch_tui.parse.records import Records

_USUAL = [
    b'argc=1 a0="ls"',
    b'argc=2 a0="ls" a1="-la"',
    b'argc=3 a0="bash" a1="-c" a2=6563686F206F6B',
    b'argc=2 a0="awk" a1="it\'s"',
    b'argc=2 a0="x" a1=""',
    b"argc=2 a0=? a1=(null)",
    b"argc=1 a0=C3A9FF",
    b'argc=1 a0="',
    b'argc=2 a0=""x" a1="a;b"',
    b"argc=12 " + b" ".join(b'a%d="v%d"' % (n, n) for n in range(12)),
    b"argc=63 " + b" ".join(b"a%d=41" % n for n in range(63)),
]
_OTHERS = [
    b"argc=0",
    b"argc=2 a0=41",
    b"argc=1 a1=41",
    b"argc=1 a0=",
    b"argc=01 a0=41",
    b'argc=2 a0="a b"',
    b"argc=2 a1=41 a0=42",
    b"argc=1 a0=41\x1dX=y",
    b"argc=2 a0=41\x1da1=y",
    b"argc=1 a0_len=9 a0[0]=41",
    b"argc=64 " + b" ".join(b"a%d=41" % n for n in range(64)),
]


def _spoken(bodies: list[bytes]) -> tuple[list[bool], list[str]]:
    index = Index(b"".join(b"type=EXECVE msg=audit(1700000000.000:7): %b\n" % body for body in bodies))
    found = spoken(index, np.arange(len(bodies)), Memory(Records()))
    return found.usual.tolist(), found.texts.to_pylist()


def _reference(body: bytes) -> str:
    argv, complete = arguments([body])
    assert complete
    return shlex.join(argv)


def test_the_usual_form_is_read_as_the_reference_does() -> None:
    assert _spoken(_USUAL) == ([True] * len(_USUAL), [_reference(body) for body in _USUAL])


@pytest.mark.parametrize("body", _OTHERS)
def test_any_other_form_is_left(body: bytes) -> None:
    around = [_USUAL[0], _USUAL[2]]
    assert _spoken([around[0], body, around[1]]) == ([True, False, True], [_reference(kept) for kept in around])
    assert _spoken([body]) == ([False], [])


def test_no_records_are_no_command_lines() -> None:
    index = Index(b"type=CWD msg=audit(1700000000.000:7): cwd=41\n")
    found = spoken(index, np.array([], np.int64), Memory(Records()))
    assert (found.usual.tolist(), found.texts.to_pylist()) == ([], [])
