"""The columnar parser and the reference parser give the same rows, whatever the log, the chunks and the damage."""

from __future__ import annotations

import copy
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqwatch_tui.model.evidence import Session
from seqwatch_tui.parse.auditd import AuditdParser
from seqwatch_tui.parse.bulk import BulkAuditdParser
from seqwatch_tui.parse.interface import Knowledge, Parsed, Parser
from seqwatch_tui.parse.schema import EVENT_SCHEMA, RECORD_SCHEMA
from tests.parse.feeding import GOLDEN, assert_equation, records, rows, strip_enriched, total
from tests.property.bulk_corpus import Corpus

_SETTINGS = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
_LOGS = sorted(GOLDEN.glob("*.log"))


def bulk(piece: int, knowledge: Knowledge | None = None) -> BulkAuditdParser:
    return BulkAuditdParser("audit", "host", knowledge or Knowledge(), piece=piece)


def reference(knowledge: Knowledge | None = None) -> AuditdParser:
    return AuditdParser("audit", "host", knowledge or Knowledge())


def feed(
    parser: Parser, log: bytes, cuts: list[int], takes: set[int], start: int = 0, now: float | None = None
) -> list[Parsed]:
    out = []
    for cut in [*sorted({c for c in cuts if start < c < len(log)}), len(log)]:
        parser.feed(log[start:cut], start)
        start = cut
        if cut in takes:
            out.append(parser.take(now=now))
    out.append(parser.take(final=True))
    return out


def last_sessions(parsed: list[Parsed]) -> dict[int, Session]:
    return {session.session_id: session for p in parsed for session in p.sessions}


def missing(parsed: list[Parsed]) -> Counter[str]:
    """How much is told to be missing, by kind; a gap covers what one take() has found."""
    counts: Counter[str] = Counter()
    for gap in (gap for p in parsed for gap in p.gaps):
        counts[gap.kind] += gap.count or 0
    return counts


def assert_same(columnar: list[Parsed], plain: list[Parsed]) -> None:
    assert_equation(columnar)
    for p in columnar:
        assert p.events.schema == EVENT_SCHEMA
        assert p.records.schema == RECORD_SCHEMA
        p.events.validate(full=True)
        p.records.validate(full=True)
    assert rows(*columnar) == rows(*plain)
    strays_last = [sorted(records(*parsed), key=lambda r: r["serial"] is None) for parsed in (columnar, plain)]
    assert strays_last[0] == strays_last[1]
    assert total(columnar) == total(plain)
    assert missing(columnar) == missing(plain)
    assert last_sessions(columnar) == last_sessions(plain)
    assert columnar[-1].resume == plain[-1].resume


corpora = st.builds(
    lambda seed, enriched, gaps, events: Corpus(seed, enriched=enriched, gaps=gaps).log(events),
    st.integers(0, 10_000), st.booleans(), st.booleans(), st.integers(20, 150),
)  # fmt: skip
cutting = st.lists(st.integers(1, 120_000), max_size=8)


@given(log=corpora, cuts=cutting, taken=st.sets(st.integers(0, 7)), piece=st.sampled_from([1500, 6000, 30_000]))
@_SETTINGS
def test_generated_logs(log: bytes, cuts: list[int], taken: set[int], piece: int) -> None:
    takes = {cut for place, cut in enumerate(cuts) if place in taken}
    assert_same(feed(bulk(piece), log, cuts, takes), feed(reference(), log, [], set()))


@given(log=corpora, step=st.integers(500, 20_000), piece=st.sampled_from([1500, 6000, 30_000]))
@_SETTINGS
def test_a_live_log_is_handed_over_as_it_comes(log: bytes, step: int, piece: int) -> None:
    cuts = list(range(step, len(log), step))
    assert_same(feed(bulk(piece), log, cuts, set(cuts), now=1.0), feed(reference(), log, [], set()))


on_descriptors = st.builds(
    lambda seed, share, events: Corpus(seed, share=share).log(events),
    st.integers(0, 10_000), st.sampled_from([0.3, 0.7, 1.0]), st.integers(50, 200),
)  # fmt: skip


@given(log=on_descriptors, cuts=cutting, piece=st.sampled_from([1500, 6000, 30_000]))
@settings(_SETTINGS, max_examples=60)
def test_names_below_descriptors(log: bytes, cuts: list[int], piece: int) -> None:
    learnt, expected = Knowledge(), Knowledge()
    assert_same(feed(bulk(piece, learnt), log, cuts, set(cuts[:2])), feed(reference(expected), log, [], set()))
    assert (learnt.places.directories, learnt.places.files, learnt.places.held) == (
        expected.places.directories, expected.places.files, expected.places.held,
    )  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A log with lines dropped, doubled, moved and garbled."""
    lines = draw(corpora).splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 12))):
        i = draw(st.integers(0, len(lines) - 1))
        do = draw(st.sampled_from(["drop", "double", "swap", "garble", "cut", "insert"]))
        if do == "drop" and len(lines) > 2:
            del lines[i]
        elif do == "double":
            lines.insert(min(i + draw(st.integers(0, 200)), len(lines)), lines[i])
        elif do == "swap":
            j = min(i + draw(st.integers(1, 20)), len(lines) - 1)
            lines[i], lines[j] = lines[j], lines[i]
        elif do == "garble":
            at = draw(st.integers(0, max(len(lines[i]) - 2, 0)))
            lines[i] = lines[i][:at] + bytes([draw(st.integers(0, 255))]) + lines[i][at + 1 :]
        elif do == "cut":
            lines[i] = lines[i][: draw(st.integers(0, len(lines[i])))] + b"\n"
        else:
            lines.insert(
                i, draw(st.sampled_from([b"\n", b"\xff\n", b"type=EOE msg=audit(5.000:1): \n", b"node=n2 " + lines[i]]))
            )
    return b"".join(lines)


@given(log=damaged(), cuts=cutting, piece=st.sampled_from([1500, 6000, 30_000]))
@settings(_SETTINGS, max_examples=80)
def test_damaged_logs(log: bytes, cuts: list[int], piece: int) -> None:
    assert_same(feed(bulk(piece), log, cuts, set()), feed(reference(), log, [], set()))


@pytest.mark.parametrize("path", _LOGS, ids=[path.name for path in _LOGS])
@pytest.mark.parametrize("raw", [False, True], ids=["enriched", "raw"])
def test_golden_logs(path: Path, raw: bool) -> None:
    log = strip_enriched(path.read_bytes()) if raw else path.read_bytes()
    parser = bulk(20_000)
    assert_same(feed(parser, log, list(range(0, len(log), 9_000)), set()), feed(reference(), log, [], set()))
    assert parser.columnar_events > 0


resumed = st.one_of(corpora, st.builds(lambda seed: Corpus(seed, share=1.0).log(120), st.integers(0, 10_000)))


@given(log=resumed, stop=st.integers(1000, 100_000), piece=st.sampled_from([1500, 6000]), order=st.booleans())
@_SETTINGS
def test_either_parser_goes_on_where_the_other_stopped(log: bytes, stop: int, piece: int, order: bool) -> None:
    stop = min(stop, len(log))
    knowledge = Knowledge()
    first: Parser = (
        BulkAuditdParser("audit", "host", knowledge, piece=piece) if order else AuditdParser("audit", "host", knowledge)
    )
    first.feed(log[:stop], 0)
    before = first.take()
    resume, learnt = before.resume, copy.deepcopy(knowledge)
    second: Parser = (
        AuditdParser("audit", "host", learnt, resume)
        if order
        else BulkAuditdParser("audit", "host", learnt, resume, piece=piece)
    )
    after = feed(second, log, [], set(), resume.offset)
    whole = feed(reference(), log, [], set())
    key = str
    assert sorted(map(key, rows(before, *after))) == sorted(map(key, rows(*whole)))


_STAMP_OF = re.compile(rb"msg=audit\([^)]*\):?")


@st.composite
def remarked(draw: st.DrawFn) -> bytes:
    """A log as other writers leave it: EOE after events, a node before every line (or some), objtype= for nametype=."""
    lines = draw(corpora).splitlines(keepends=True)
    last = {_STAMP_OF.search(line)[0]: i for i, line in enumerate(lines)}  # type: ignore[index]
    ends, node, old = (
        draw(st.sampled_from([0, 1, 3])),
        draw(st.sampled_from([b"", b"node=host ", b"node=n2 "])),
        draw(st.booleans()),
    )
    out = []
    for i, line in enumerate(lines):
        stamp = _STAMP_OF.search(line)[0]  # type: ignore[index]
        out.append(line.replace(b" nametype=", b" objtype=") if old else line)
        if ends and last[stamp] == i and i % ends == 0:
            out.append(b"type=EOE " + stamp + draw(st.sampled_from([b": \n", b":\n"])).removeprefix(b":"))
    some = draw(st.booleans())
    return b"".join(line if some and i % 7 else node + line for i, line in enumerate(out))


@given(log=remarked(), cuts=cutting, piece=st.sampled_from([1500, 6000, 30_000]))
@settings(_SETTINGS, max_examples=25)
def test_logs_with_end_marks_nodes_and_old_records(log: bytes, cuts: list[int], piece: int) -> None:
    assert_same(feed(bulk(piece), log, cuts, set()), feed(reference(), log, [], set()))
