"""Whatever the pieces, and wherever the process dies: the same rows, each once, and every byte accounted for."""

from __future__ import annotations

import copy
import re

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from seqwatch_tui.parse.auditd import AuditdParser
from seqwatch_tui.parse.interface import Knowledge, Parsed
from tests.parse.feeding import ENRICHED, GENERATED, assert_equation, feed_all, records, rows, strip_enriched, total

_LINES = strip_enriched(ENRICHED.read_bytes()).splitlines(keepends=True)[:260]
_MIXED = GENERATED.read_bytes().splitlines(keepends=True)[:220]
_SETTINGS = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

_garbage = st.sampled_from([b"\n", b"garbage\n", b"\xff\x00\n", b"type=SYSCALL\n", b"type=EOE msg=audit(5.000:1): \n"])


@st.composite
def logs(draw: st.DrawFn) -> bytes:
    """A real log with records moved a little, some lost, some twice, and garbage between them."""
    lines = list(draw(st.sampled_from([_LINES, _MIXED])))
    for _ in range(draw(st.integers(0, 6))):
        i = draw(st.integers(0, len(lines) - 2))
        do = draw(st.sampled_from(["swap", "drop", "double", "garbage"]))
        if do == "swap":
            j = min(i + draw(st.integers(1, 9)), len(lines) - 1)
            lines[i], lines[j] = lines[j], lines[i]
        elif do == "drop":
            del lines[i]
        elif do == "double":
            lines.insert(min(i + draw(st.integers(0, 30)), len(lines)), lines[i])
        else:
            lines.insert(i, draw(_garbage))
    return b"".join(lines)


def _kept(*parsed: Parsed) -> list[tuple[int, bytes, int | None]]:
    return sorted((r["position"], r["raw"], r["serial"] or -1) for r in records(*parsed))


@given(log=logs(), cuts=st.lists(st.integers(1, 90_000), max_size=8))
@_SETTINGS
def test_pieces_do_not_matter(log: bytes, cuts: list[int]) -> None:
    whole = feed_all(AuditdParser("audit", "host"), log, [])
    pieces = feed_all(AuditdParser("audit", "host"), log, cuts)
    assert rows(*pieces) == rows(*whole)
    assert _kept(*pieces) == _kept(*whole)
    assert total(pieces) == total(whole)


@given(log=logs(), cuts=st.lists(st.integers(1, 90_000), max_size=6))
@_SETTINGS
def test_every_byte_is_accounted_for(log: bytes, cuts: list[int]) -> None:
    parsed = feed_all(AuditdParser("audit", "host"), log, cuts)
    assert_equation(parsed)
    counts = total(parsed)
    assert counts.bytes == len(log)
    assert counts.records == log.count(b"\n")
    if not counts.duplicates:
        assert b"".join(raw for _, raw, _ in _kept(*parsed)) == log


def _forgotten(log: bytes, resumed: int) -> bool:
    """Whether something before the place of resumption matters after it, which a restart does not promise (limits.md).

    That is a line that comes once more, or a login whose process told of itself before.
    """
    earlier, later = log[:resumed], log[resumed:]
    again = set(earlier.splitlines()) & set(later.splitlines()) - {b"", b"garbage"}
    told = set(re.findall(rb"type=(?:USER|CRED)_\w+ \S+ pid=(\d+) uid=\d+ auid=4294967295 ", earlier))
    return bool(again or told & set(re.findall(rb"type=LOGIN \S+ pid=(\d+)", later)))


@given(log=logs(), cuts=st.lists(st.integers(1, 90_000), min_size=1, max_size=6), dies=st.integers(0, 5))
@_SETTINGS
def test_a_restart_at_any_take_gives_exactly_what_is_missing(log: bytes, cuts: list[int], dies: int) -> None:
    unbroken = feed_all(AuditdParser("audit", "host"), log, cuts)
    knowledge = Knowledge()
    parser = AuditdParser("audit", "host", knowledge)
    before: list[Parsed] = []
    start = 0
    for cut in sorted(c for c in cuts if c < len(log))[: dies + 1]:
        parser.feed(log[start:cut], start)
        before.append(parser.take())
        start = cut
    resume = before[-1].resume if before else parser.take().resume
    assume(not _forgotten(log, resume.offset))
    again = AuditdParser("audit", "host", copy.deepcopy(knowledge), resume)
    after = feed_all(again, log, [c + 777 for c in cuts], resume.offset)
    assert sorted(rows(*before, *after), key=str) == sorted(rows(*unbroken), key=str)
    assert _kept(*before, *after) == _kept(*unbroken)
    assert total([*before, *after]) == total(unbroken)


def test_a_record_that_comes_again_after_a_restart_is_a_duplicate() -> None:
    again = next(n for n, line in enumerate(_MIXED) if n > 40 and line.startswith(b"type=PROCTITLE"))
    log, end = b"".join([*_MIXED[:60], _MIXED[again], *_MIXED[60:]]), len(b"".join(_MIXED[:60]))
    knowledge = Knowledge()
    parser = AuditdParser("audit", "host", knowledge)
    parser.feed(log[:end], 0)
    before = parser.take()
    resume = before.resume
    assert resume.offset == 0  # a LOGIN at the beginning is open yet: all of it is read again
    after = feed_all(AuditdParser("audit", "host", knowledge, resume), log, [], resume.offset)
    assert total([before, *after]).duplicates == 1
    assert sorted(rows(before, *after), key=str) == sorted(
        rows(*feed_all(AuditdParser("audit", "host"), log, [])), key=str
    )


def test_a_restart_within_a_login_knows_who_told_before_it() -> None:
    log = b"".join(_LINES)
    cut = log.index(b"type=LOGIN") + 40
    knowledge = Knowledge()
    parser = AuditdParser("audit", "host", knowledge)
    parser.feed(log[:cut], 0)
    before = parser.take()
    assert before.resume.offset < log.index(b"type=USER_ACCT")  # an event without an end is open: they are read again
    after = feed_all(
        AuditdParser("audit", "host", copy.deepcopy(knowledge), before.resume), log, [], before.resume.offset
    )
    login = next(row for row in rows(*after) if row["action"] == "login")
    assert (login["user_name"], login["src_ip"]) == ("alice", "127.0.0.1")


@given(data=st.binary(max_size=400), cut=st.integers(0, 400))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_no_bytes_make_it_raise(data: bytes, cut: int) -> None:
    parser = AuditdParser("audit", "host")
    parsed = feed_all(parser, data, [cut])
    assert_equation(parsed)
    assert b"".join(raw for _, raw, _ in _kept(*parsed)) == data


_values = st.sampled_from(
    [b"", b'"', b'"x', b"(null)", b"-1", b"9" * 30, b"\xff", b"0x7f", b"4294967295", b"'", b"=", b"a=b"]
)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 30), _values), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_no_value_makes_it_raise(changes: list[tuple[int, int, bytes]]) -> None:
    lines = [line.split(b" ") for line in _LINES]
    for line, word, value in changes:
        words = lines[line % len(lines)]
        if len(words) > 2:
            key = words[2 + word % (len(words) - 2)].partition(b"=")[0]
            words[2 + word % (len(words) - 2)] = key + b"=" + value
    log = b"".join(b" ".join(words).rstrip(b"\n") + b"\n" for words in lines)
    parsed = feed_all(AuditdParser("audit", "host"), log, [])
    assert_equation(parsed)
    assert total(parsed).bytes == len(log)
