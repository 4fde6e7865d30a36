"""Logs that name their host before each line: the columnar parser gives what the reference parser gives, only faster."""

from __future__ import annotations

import copy
from itertools import zip_longest

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqwatch_tui.parse.auditd import AuditdParser
from seqwatch_tui.parse.bulk import BulkAuditdParser
from seqwatch_tui.parse.interface import Knowledge, Parser
from tests.parse.feeding import records, rows
from tests.property.bulk_corpus import Corpus
from tests.property.test_bulk import assert_same, bulk, corpora, cutting, damaged, feed, on_descriptors, reference

_SETTINGS = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
_ACCOUNTS = {0: "root", 1001: "alice", 5: "games", 1002: "mallory"}
_PIECES = st.sampled_from([1500, 6000, 30_000])
NAMES = ["seq01", "host", "host.example.org", "10.0.0.7", "fe80::1%eth0", "N" * 255]
"""Of hosts, `host` being this one."""
HOSTILE = [
    b"", b"N" * 256, b"N" * 3000, b'"a"', b"a'b", b"type=SYSCALL", b"msg=audit(5.000:1):", b"a\x1db", b"a\tb", b"a\x00b",
    b"\xff\xfe", "ö".encode(), b"a\\xff", b"a\rb", b"a b", b"node=a", b"a:5", b"\xe2\x80\xae",
]  # fmt: skip


def named(log: bytes, node: bytes) -> bytes:
    """The log as a host of that name writes it."""
    return b"".join(b"node=" + node + b" " + line for line in log.splitlines(keepends=True))


def steps(log: bytes) -> list[int]:
    """Cuts of a log that is read little by little."""
    return list(range(0, len(log), 20_000))


def accounts() -> Knowledge:
    """What is known where the host has accounts of its own."""
    return Knowledge(host_names=_ACCOUNTS)


@given(log=corpora, node=st.sampled_from(NAMES), cuts=cutting, taken=st.booleans(), piece=_PIECES)
@_SETTINGS
def test_one_host(log: bytes, node: str, cuts: list[int], taken: bool, piece: int) -> None:
    log = named(log, node.encode())
    takes = set(cuts) if taken else set()
    assert_same(feed(bulk(piece, accounts()), log, cuts, takes), feed(reference(accounts()), log, [], set()))


@pytest.mark.parametrize("node", NAMES)
def test_its_events_are_those_of_a_log_that_names_none_but_for_the_host(node: str) -> None:
    plain = Corpus(3).log(600)
    log = named(plain, node.encode())
    parser, bare = bulk(30_000), bulk(30_000)
    parsed, expected = feed(parser, log, steps(log), set()), feed(bare, plain, steps(plain), set())
    assert parser.columnar_events > 300
    assert rows(*parsed) == [{**row, "host": node} for row in rows(*expected)]
    kept = sorted(records(*parsed), key=lambda record: record["position"])
    assert b"".join(record["raw"] for record in kept) == log
    assert all(log.startswith(record["raw"], record["position"]) for record in kept)


@given(log=on_descriptors, node=st.sampled_from(NAMES), piece=_PIECES)
@_SETTINGS
def test_names_below_its_descriptors(log: bytes, node: str, piece: int) -> None:
    learnt, expected, log = Knowledge(), Knowledge(), named(log, node.encode())
    cuts = list(range(0, len(log), piece))
    assert_same(feed(bulk(piece, learnt), log, cuts, set()), feed(reference(expected), log, [], set()))
    assert (learnt.places.directories, learnt.places.files, learnt.places.held) == (
        expected.places.directories, expected.places.files, expected.places.held,
    )  # fmt: skip


@given(log=damaged(), node=st.sampled_from(NAMES), cuts=cutting, piece=_PIECES)
@_SETTINGS
def test_its_damaged_log(log: bytes, node: str, cuts: list[int], piece: int) -> None:
    log = named(log, node.encode())
    assert_same(feed(bulk(piece), log, cuts, set()), feed(reference(), log, [], set()))


@st.composite
def of_several(draw: st.DrawFn) -> bytes:
    """Logs of two hosts with the same serials and times (or others), line by line or in runs, in one file."""
    seeds = draw(st.sampled_from([(1, 1), (1, 2), (5, 5)]))
    nodes = draw(st.sampled_from([(b"a", b"b"), (b"a", b"ab"), (b"host", b"a"), (b"a", None)]))
    logs = [Corpus(seed).log(draw(st.integers(30, 150))) for seed in seeds]
    lines = [
        (log if node is None else named(log, node)).splitlines(keepends=True)
        for log, node in zip(logs, nodes, strict=True)
    ]
    size = draw(st.sampled_from([1, 3, 20, 200]))
    runs = [[b"".join(log[at : at + size]) for at in range(0, len(log), size)] for log in lines]
    return b"".join(run for pair in zip_longest(*runs, fillvalue=b"") for run in pair)


@given(log=of_several(), cuts=cutting, piece=_PIECES)
@settings(_SETTINGS, max_examples=50)
def test_several_hosts_in_one_log(log: bytes, cuts: list[int], piece: int) -> None:
    columnar = feed(bulk(piece, accounts()), log, cuts, set(cuts[:1]))
    assert_same(columnar, feed(reference(accounts()), log, [], set()))


def test_each_host_counts_its_own_serials() -> None:
    first, second = (named(Corpus(4).log(400), node) for node in (b"a", b"b"))
    parser = bulk(30_000)
    log = first + second
    columnar = feed(parser, log, steps(log), set())
    assert_same(columnar, feed(reference(), log, [], set()))
    assert parser.columnar_events > 400  # more than the first one has


@given(log=corpora, at=st.floats(0, 1), nodes=st.permutations([b"node=a ", b"node=b ", b""]), piece=_PIECES)
@_SETTINGS
def test_the_name_changes_within_an_event(log: bytes, at: float, nodes: list[bytes], piece: int) -> None:
    lines = log.splitlines(keepends=True)
    change = int(at * len(lines))
    log = b"".join(nodes[number >= change] + line for number, line in enumerate(lines))
    assert_same(feed(bulk(piece), log, [], set()), feed(reference(), log, [], set()))


@given(log=corpora, node=st.sampled_from(HOSTILE), every=st.sampled_from([1, 5]), piece=_PIECES)
@settings(_SETTINGS, max_examples=60)
def test_hostile_names(log: bytes, node: bytes, every: int, piece: int) -> None:
    lines = log.splitlines(keepends=True)
    log = b"".join((b"node=" + node + b" " if n % every == 0 else b"node=a ") + line for n, line in enumerate(lines))
    assert_same(feed(bulk(piece), log, [], set()), feed(reference(), log, [], set()))


@given(log=corpora, node=st.sampled_from([b"a", b"host"]), stop=st.integers(1000, 100_000), order=st.booleans())
@_SETTINGS
def test_either_parser_goes_on_where_the_other_stopped(log: bytes, node: bytes, stop: int, order: bool) -> None:
    log = named(log, node)
    stop, knowledge = min(stop, len(log)), Knowledge()
    first: Parser = bulk(6000, knowledge) if order else reference(knowledge)
    first.feed(log[:stop], 0)
    resume = first.take().resume
    plain = AuditdParser("audit", "host", copy.deepcopy(knowledge), resume)
    columnar = BulkAuditdParser("audit", "host", knowledge, resume, piece=6000)
    cuts = [*range(resume.offset, len(log), 6000)]
    assert_same(feed(columnar, log, cuts, set(), resume.offset), feed(plain, log, [], set(), resume.offset))


def test_a_log_fed_twice_is_all_duplicates() -> None:
    log, parser = named(Corpus(2).log(300), b"seq01"), bulk(8000)
    feed(parser, log, steps(log), set())
    assert parser.columnar_events > 100
    parser.feed(log, 0)
    again = parser.take(final=True)
    assert again.counts.events == 0
    assert again.counts.duplicates == again.counts.records == log.count(b"\n")


def test_what_was_handed_over_before_a_restart_is_known_when_it_comes_again() -> None:
    log, knowledge = named(Corpus(2).log(120), b"seq01"), Knowledge()
    first = reference(knowledge)
    first.feed(log, 0)
    resume = first.take().resume
    rest = log[resume.offset :]  # of a login that may go on, and of events that ended since
    assert len(resume.done) > 30
    learnt = copy.deepcopy(knowledge)
    columnar = BulkAuditdParser("audit", "host", knowledge, resume, piece=len(rest) // 2)
    plain = AuditdParser("audit", "host", learnt, resume)
    again, cuts = log + rest, [len(log)]
    assert_same(feed(columnar, again, cuts, set(), resume.offset), feed(plain, again, [], set(), resume.offset))


@pytest.mark.parametrize("more", [9_998, 9_999])
def test_events_with_too_many_records_end_where_the_reference_ends_them(more: int) -> None:
    plain = [line for line in Corpus(7).log(2500).splitlines(keepends=True) if b"DAEMON_" not in line]
    serial = 1 + max(int(line.split(b":", 1)[1].split(b")")[0]) for line in plain)
    stamp = b"msg=audit(1790000999.000:%d):" % serial
    call = next(line for line in plain if b" syscall=0 " in line)
    event = [
        b" ".join([b"type=SYSCALL", stamp, call.split(b" ", 2)[2]]), *[b"type=MMAP %b fd=3 flags=0x2\n" % stamp] * more,
        b'type=PROCTITLE %b proctitle="x"\n' % stamp,
    ]  # fmt: skip
    log = named(b"".join([*plain, *event, *(b"type=CWD msg=audit(1790000999.000:%d): cwd=\n" % (serial + 1),)]), b"a")
    parser = bulk(len(log))
    assert_same(feed(parser, log, [], set()), feed(reference(), log, [], set()))
    assert parser.columnar_events > 1000
