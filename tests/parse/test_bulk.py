"""The columnar parser's own promises: bounded memory, what is kept back, restarts, and lines that come again."""

from __future__ import annotations

from seqwatch_tui.model.evidence import Resume
from seqwatch_tui.parse.bulk import BulkAuditdParser
from seqwatch_tui.parse.interface import Knowledge
from tests.parse.feeding import GENERATED, parse, records, rows, total

LOG = GENERATED.read_bytes()


def bulk(resume: Resume | None = None, knowledge: Knowledge | None = None) -> BulkAuditdParser:
    return BulkAuditdParser("audit", "host", knowledge, resume, piece=8_000)


def test_small_feeds_are_handed_over_at_once() -> None:
    parser = bulk()
    parser.feed(LOG[:4_000], 0)
    assert rows(parser.take()) == rows(parse(LOG[:4_000], final=False))
    assert parser.columnar_events == 0


def test_what_is_there_of_a_live_log_goes_by_column_from_a_fifth_of_a_piece_on() -> None:
    parser = bulk()
    parser.feed(LOG[:6_000], 0)
    assert rows(parser.take(now=1.0)) == rows(parse(LOG[:6_000], final=False))
    assert parser.columnar_events > 0


def test_after_a_piece_the_rest_waits_for_the_next_take() -> None:
    parser = bulk()
    parser.feed(LOG[:9_000], 0)
    first, second = parser.take(), parser.take()
    assert parser.columnar_events > 0
    assert first.counts.events > second.counts.events
    assert rows(first, second) == rows(parse(LOG[:9_000], final=False))
    assert len(first.resume.done) < len(second.resume.done)  # LOGIN at the beginning is still open


def test_a_restart_after_a_take_loses_and_doubles_nothing() -> None:
    knowledge = Knowledge()
    parser = bulk(knowledge=knowledge)
    parser.feed(LOG[:40_000], 0)
    before = parser.take()
    again = bulk(before.resume, knowledge)
    again.feed(LOG[before.resume.offset :], before.resume.offset)
    after = again.take(final=True)
    whole = parse(LOG)
    assert sorted(map(str, rows(before, after))) == sorted(map(str, rows(whole)))
    assert sorted(r["position"] for r in records(before, after)) == sorted(r["position"] for r in records(whole))


def test_a_file_fed_twice_is_all_duplicates() -> None:
    parser = bulk()
    parser.feed(LOG, 0)
    parser.take(final=True)
    parser.feed(LOG, 0)
    again = parser.take(final=True)
    assert again.counts.events == 0
    assert again.counts.duplicates == again.counts.records == LOG.count(b"\n")


def test_raw_lines_are_the_file_byte_for_byte() -> None:
    parser = bulk()
    parser.feed(LOG, 0)
    parsed = parser.take(final=True)
    assert b"".join(r["raw"] for r in sorted(records(parsed), key=lambda r: r["position"])) == LOG
    assert total([parsed]).bytes == len(LOG)


def test_a_piece_without_system_calls_goes_to_the_reference() -> None:
    log = b"".join(
        b"type=USER_ACCT msg=audit(1790000000.023:%d): pid=1 uid=0 auid=1 ses=1 msg='res=success'\n" % n
        for n in range(1, 400)
    )
    parser = bulk()
    parser.feed(log, 0)
    assert parser.take(final=True).counts.events == 399
    assert parser.columnar_events == 0


def test_what_is_remembered_is_bounded() -> None:
    parser = bulk()
    memory = parser._memory
    for number in range(50_002):
        memory.tails([b'auid=%d ses=1 comm="x"' % number])
    memory.make_room()
    parser.feed(LOG, 0)
    assert rows(parser.take(final=True)) == rows(parse(LOG))
    assert len(memory.people) < 1000
