"""The account of a source adds up through restarts, long lines, cut ends and files that vanish with open events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from threading import Event

import pytest

from seqwatch_tui.engine.intake import Intake
from seqwatch_tui.engine.work import Batch
from seqwatch_tui.model.evidence import Counts, SourceState
from seqwatch_tui.parse.bulk import BulkAuditdParser
from seqwatch_tui.parse.interface import Knowledge
from seqwatch_tui.parse.json_lines import JsonParser, load_mapping
from seqwatch_tui.parse.sensor import SensorParser
from seqwatch_tui.sources.interface import Chunk

CALL = (
    b'type=SYSCALL msg=audit(1790000000.001:%d): arch=c000003e syscall=257 success=yes exit=3 items=1 pid=2 comm="x"\n'
)
PATH = b'type=PATH msg=audit(1790000000.001:%d): item=0 name="/d/x"\n'
TITLE = b"type=PROCTITLE msg=audit(1790000000.001:%d): proctitle=78\n"
NEW = SourceState("audit", "auditd", "/log", "waiting")


class Fixed:
    def now(self) -> float:
        return 1_790_000_000.0

    def monotonic(self) -> float:
        return 0.0


class Given:
    """A source that yields chunks given to it."""

    name, path = "audit", "/log"

    def __init__(self, chunks: list[Chunk]) -> None:
        self._chunks = chunks

    def chunks(self, _: Event) -> Iterator[Chunk]:
        yield from self._chunks


def chunk(identity: str, offset: int, data: bytes, *, end: bool = False) -> Chunk:
    return Chunk(identity, offset, data, offset + len(data), end=end)


def read(state: SourceState, *chunks: Chunk, json: bool = False) -> tuple[SourceState, list[Batch]]:
    batches: list[Batch] = []
    knowledge = Knowledge()

    def failed(what: str, error: BaseException) -> None:
        raise AssertionError(what) from error

    make = (
        (lambda resume: JsonParser("audit", "h", load_mapping("generic"), knowledge, resume)) if json
        else (lambda resume: BulkAuditdParser("audit", "h", knowledge, resume))
    )  # fmt: skip
    intake = Intake(Given(list(chunks)), make, state, batches.append, Fixed(), failed)
    intake.read()
    return (batches[-1].state if batches else state), batches


def event(serial: int) -> bytes:
    return CALL % serial + PATH % serial + TITLE % serial


def test_open_events_are_held_and_read_again_after_a_restart() -> None:
    log = event(1) + CALL % 2 + event(3) + PATH % 2
    state, _ = read(NEW, chunk("f", 0, log))
    assert (state.counts.read, state.counts.records, state.held, state.balance) == (8, 6, 2, 0)
    assert state.resume is not None
    more = TITLE % 2 + event(4)
    at = state.resume.offset
    state, _ = read(state, chunk("f", at, (log + more)[at:]))
    assert (state.counts.read, state.counts.records, state.held, state.balance) == (12, 12, 0, 0)


def test_a_restart_that_comes_in_small_pieces_keeps_the_account_at_every_step() -> None:
    log = CALL % 1 + event(2) + event(3)
    state, _ = read(NEW, chunk("f", 0, log))
    assert state.held == 1
    at = state.resume.offset if state.resume else 0
    cuts = range(at, len(log), 50)
    _, batches = read(state, *(chunk("f", cut, log[cut : cut + 50]) for cut in cuts), chunk("f", len(log), event(4)))
    assert [b.state.balance for b in batches] == [0] * len(batches)


def test_what_was_held_of_a_file_that_is_gone_is_declared() -> None:
    state, _ = read(NEW, chunk("f", 0, event(1) + CALL % 2 + PATH % 2))
    state, batches = read(state, chunk("g", 0, event(9)))
    assert (state.counts.declared, state.held, state.balance) == (2, 0, 0)
    gaps = [gap for b in batches for gap in b.parsed.gaps if gap.kind == "rotation"]
    assert [(gap.count, gap.certainty) for gap in gaps] == [(2, "exact")]


def test_what_was_held_of_a_file_whose_copy_is_shorter_is_declared() -> None:
    whole = event(1) + CALL % 2 + PATH % 2
    state, _ = read(NEW, chunk("f", 0, whole))
    at = state.resume.offset if state.resume else 0
    state, _ = read(state, chunk("f", at, (CALL % 2)), chunk("f", at + len(CALL % 2), b"", end=True))
    assert (state.counts.declared, state.held, state.balance) == (1, 0, 0)


@pytest.mark.parametrize("json", [False, True])
@pytest.mark.parametrize("newline", [b"\n", b""])
def test_a_line_of_many_megabytes_is_one_line(newline: bytes, *, json: bool) -> None:
    size = (40 << 20) if json else (10 << 20)
    long = b"x" * size + newline
    step = 3 << 20
    chunks = [chunk("f", at, long[at : at + step]) for at in range(0, len(long), step)]
    after = [] if newline == b"" else [chunk("f", len(long), b"rubbish\n")]
    end = len(long) + sum(len(c.data) for c in after)
    state, batches = read(NEW, *chunks, *after, chunk("f", end, b"", end=True), json=json)
    lines = 1 + len(after)
    assert (state.counts.read, state.balance) == (lines, 0)
    assert state.counts.unparsed - state.counts.parts == lines
    assert [b.state.balance for b in batches] == [0] * len(batches)
    kept = b"".join(raw for b in batches for raw in b.parsed.records.column("raw").to_pylist())
    assert kept == long + b"".join(c.data for c in after)
    assert (
        sum(gap.count or 0 for b in batches for gap in b.parsed.gaps if gap.kind == "oversize")
        == state.counts.parts + 1
    )


def test_a_long_line_cut_by_a_restart_is_one_line() -> None:
    long = b"x" * (5 << 20) + b"\n"
    state, _ = read(NEW, chunk("f", 0, long[: 3 << 20]))
    at = state.resume.offset if state.resume else 0
    assert state.balance == 0
    state, _ = read(state, chunk("f", at, long[at:]), chunk("f", len(long), b"", end=True))
    assert (state.counts.read, state.balance, state.counts.unparsed - state.counts.parts) == (1, 0, 1)


def test_a_last_line_without_its_end_is_read_when_the_file_ends() -> None:
    state, _ = read(NEW, chunk("f", 0, event(1) + b"type=USER"))
    assert (state.counts.read, state.balance) == (3, 0)
    state, _ = read(NEW, chunk("f", 0, event(1) + b"type=USER"), chunk("f", len(event(1)) + 9, b"", end=True))
    assert (state.counts.read, state.counts.records, state.balance) == (4, 4, 0)


def test_doubled_lines_are_duplicates_in_the_account() -> None:
    state, _ = read(NEW, chunk("f", 0, event(1) + event(1) + event(2)))
    assert (state.counts.read, state.counts.duplicates, state.balance) == (9, 3, 0)


def test_a_line_that_nobody_accounts_for_is_seen() -> None:
    state = replace(NEW, counts=Counts(records=5, read=6))
    assert state.balance == 1
    assert replace(state, held=1).balance == 0
    assert replace(NEW, counts=Counts(records=5, read=4)).balance == -1


def test_lines_that_are_the_stream_s_own_are_entered_with_the_next_that_is_stored() -> None:
    """Beats of the sensor come alone, once a second, and store nothing; the event after them must not inherit them."""
    beats = [b'{"k":"beat","n":%d,"ts":1790000000.0,"seen":0}\n' % n for n in range(4)]
    event = b'{"k":"event","n":%d,"ts":1790000001.0,"action":"read","path":"/d/x","pid":7,"counts":{"read":1}}\n'
    lines = [*beats, event % 4, event % 5]
    chunks, offset = [], 0
    for line in lines:
        chunks.append(chunk("run", offset, line))
        offset += len(line)
    batches: list[Batch] = []
    knowledge = Knowledge()
    intake = Intake(
        Given(chunks), lambda resume: SensorParser("audit", "h", knowledge, resume), NEW, batches.append, Fixed(), _fail
    )
    intake.read()
    assert {b.state.balance for b in batches} == {0}
    assert (intake.state.counts.read, intake.state.counts.stored) == (2, 2)


def _fail(what: str, error: BaseException) -> None:
    raise AssertionError(what) from error
