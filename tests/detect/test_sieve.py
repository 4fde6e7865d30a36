"""The sieve on recorded trails: what it reads is what taking every line apart gives, and nothing that matters is left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from seqwatch_tui.detect.condition import Match
from seqwatch_tui.detect.facts import TextFacts
from seqwatch_tui.detect.sieve import Sieve
from seqwatch_tui.detect.tokens import RawLines, Tokens
from seqwatch_tui.parse.record_fields import field_value, kind_of, record_fields

GOLDEN = Path(__file__).parent.parent / "golden"
ODD = [
    b'type=EXECVE msg=audit(1790000000.000:9): argc=3 a0="sh" a1_len=9000 a1[0]="aa" a1[1]="bb" a2="c"\n',
    b"type=EXECVE msg=audit(1790000000.000:9): argc=2 a0=2F6220C3A4 a1=2D63\n",
    b'type=EXECVE msg=audit(1790000000.000:9): a2="second record of long arguments"\n',
    b'type=EXECVE msg=audit(1790000000.000:9): argc=1 a0="no newline"',
    b"type=PATH msg=audit(1790000000.000:9): item=0 name=(null) nametype=UNKNOWN\n",
    b'type=PATH msg=audit(1790000000.000:9): item=1 name="/x" inode=1 dev=08:01 mode=0100644 ouid=0 ogid=0 rdev=00:00 '
    b'obj=u:r:t nametype=CREATE\x1dOUID="root"\n',
    b'type=PATH msg=audit(1790000000.000:9): name="/moved" item=1\n',
    b"type=SYSCALL msg=audit(1790000000.000:9): arch=c000003e syscall=60 a0=0 a1=2d a2=7 a3=0 items=0 ppid=1 pid=2\n",
]


def _trail() -> dict[str, list[bytes]]:
    lines = [line for name in ("generated.audit.log", "sshd-workload-enriched.log", "sshd-workload-raw.log")
             if (GOLDEN / name).exists() for line in (GOLDEN / name).read_bytes().splitlines(keepends=True)]  # fmt: skip
    kinds: dict[str, list[bytes]] = {}
    for line in [*lines, *ODD]:
        if line.isascii() and b"\x1d" not in line[:20]:
            kinds.setdefault(kind_of(line), []).append(line)
    return kinds


TRAIL = _trail()
FIELDS = [
    ("PATH", "name"), ("PATH", "nametype"), ("PATH", "mode"), ("EXECVE", "a0"), ("EXECVE", "a1"), ("EXECVE", "a2"),
    ("EXECVE", "a7"), ("SYSCALL", "a0"), ("SYSCALL", "a3"), ("SYSCALL", "success"), ("SYSCALL", "euid"),
    ("SYSCALL", "ses"), ("SYSCALL", "comm"), ("SYSCALL", "exe"), ("SYSCALL", "key"), ("CWD", "cwd"),
    ("PROCTITLE", "proctitle"), ("SOCKADDR", "saddr"), ("USER_LOGIN", "acct"),
]  # fmt: skip


def _sieve(kind: str) -> tuple[Sieve, list[bytes]]:
    """Its lines among others, as in a batch."""
    lines = [line for each in TRAIL[kind] for line in (b"type=EOE msg=audit(1.000:1): \n", each)]
    return Sieve(kind, RawLines(pa.array(lines, pa.binary())), np.arange(1, len(lines), 2)), TRAIL[kind]


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_what_is_left_reads_as_the_lines_do(kind: str, name: str) -> None:
    sieve, lines = _sieve(kind)
    wanted = [record_fields(line).get(name) for line in lines]
    left = sieve.left(name, np.arange(len(lines)), lambda texts: range(len(texts)))
    read = dict.fromkeys(range(len(lines)))
    for row, token in zip(left.rows.tolist(), left.written, strict=True):
        read[row] = wanted[row] if token is None else field_value(kind, name, token)
    assert list(read.values()) == wanted


@pytest.mark.parametrize(("kind", "name"), [each for each in FIELDS if each[0] != "USER_LOGIN"])
def test_a_column_reads_as_the_lines_do(kind: str, name: str) -> None:
    sieve, lines = _sieve(kind)
    column = sieve.column(name)
    assert column is not None
    codes, written = column
    for code, line in zip(codes.tolist(), lines, strict=True):
        assert code < 0 or field_value(kind, name, written[code]) == record_fields(line).get(name)
    assert (codes >= 0).any() or (kind, name) == ("EXECVE", "a7")


@pytest.mark.parametrize("many", [0, 1 << 30])
@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_every_row_for_which_a_test_holds_is_left(
    kind: str, name: str, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqwatch_tui.detect.facts._MANY", many)
    sieve, lines = _sieve(kind)
    values = [record_fields(line).get(name) for line in lines]
    known = sorted({value.lower() for value in values if value})[:12] or ["none"]
    tests = [
        Match(name, test, value[:part] if test != "endswith" else value[-part:])  # type: ignore[arg-type]
        for value in known for test, part in (("eq", 999), ("startswith", 3), ("endswith", 2), ("contains", 4))
    ]  # fmt: skip
    for test in [*tests, Match(name, "regex", "^[/a-c]"), Match(name, "wildcard", "*/?*"), Match(name, "gte", 3)]:
        facts = TextFacts([(0, test)])
        left = set(sieve.left(name, np.arange(len(lines)), facts.worth).rows.tolist())
        held = facts.facts([value or "" for value in values])
        assert {row for row, value in enumerate(values) if value is not None and held[row]} <= left


def test_tokens_of_lines_without_an_end() -> None:
    raw = RawLines(pa.array([b"a b=1", b"", b"c", b"d e f\n", b"x y=22"], pa.binary()))
    tokens = Tokens(raw, np.arange(5))
    start, end, there = tokens.token(1)
    found = [bytes(raw.data)[a:b] if t else None for a, b, t in zip(start, end, there, strict=True)]
    assert found == [b"b=1", None, None, b"e", b"y=22"]
