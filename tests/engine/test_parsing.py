"""A file read by another process gives the same rows as one read in the engine's own."""

from __future__ import annotations

import contextlib
import itertools
import subprocess
import sys
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from seqwatch_tui.config.settings import load
from seqwatch_tui.engine.clock import SystemClock
from seqwatch_tui.engine.engine import Engine
from seqwatch_tui.engine.frames import Request
from seqwatch_tui.engine.ingest import Ingest
from seqwatch_tui.engine.intake import Intake
from seqwatch_tui.engine.parsers import make_parser
from seqwatch_tui.engine.parsing import begin, guessed
from seqwatch_tui.engine.reader import Reader
from seqwatch_tui.engine.remote import RemoteIntake
from seqwatch_tui.engine.work import Batch, concatenate
from seqwatch_tui.model.evidence import SourceState
from seqwatch_tui.parse.interface import Knowledge
from seqwatch_tui.sources.once import ReadOnce
from tests.bench.site import GENERATOR
from tests.engine.running import WORKLOAD, write_site


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of several batches."""
    stem = tmp_path_factory.mktemp("corpus") / "many"
    command = [sys.executable, str(GENERATOR), "--events", "20000", "--out", str(stem), "--formats", "raw"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return stem.with_name("many.audit.log")


def _state(path: Path) -> SourceState:
    return SourceState("ingest:x", "auditd", str(path), "live")


def _tables(batches: list[Batch]) -> tuple[pa.Table, pa.Table]:
    return concatenate([b.parsed.events for b in batches]), concatenate([b.parsed.records for b in batches])


def _own(path: Path) -> tuple[Intake, list[Batch]]:
    batches: list[Batch] = []
    parsers = make_parser("ingest:x", "auditd", None, Knowledge())
    intake = Intake(
        ReadOnce("ingest:x", path), parsers, _state(path), batches.append, SystemClock(), pytest.fail, live=False
    )
    intake.read()
    return intake, batches


def _remote(path: Path) -> tuple[RemoteIntake, list[Batch]]:
    batches: list[Batch] = []
    request = Request(str(path), "auditd", _state(path), [], {}, {}, [])
    with contextlib.closing(Reader()) as reader:
        intake = RemoteIntake(request, batches.append, SystemClock(), reader)
        intake.read()
    return intake, batches


def test_both_ways_give_the_same_rows_and_the_same_end(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(WORKLOAD.read_bytes() + b"type=SYSCALL msg=audit(1795344999.000:9")
    (mine, own), (theirs, remote) = _own(path), _remote(path)
    for one, other in zip(_tables(own), _tables(remote), strict=True):
        assert one.to_pylist() == other.to_pylist()
    assert (mine.parsed, mine.gaps, mine.incomplete, mine.state) == (
        theirs.parsed,
        theirs.gaps,
        theirs.incomplete,
        theirs.state,
    )
    assert mine.incomplete


def test_a_process_that_dies_is_an_error_and_not_an_end(tmp_path: Path) -> None:
    request = Request(str(tmp_path / "x"), "no-such-mapping", _state(tmp_path / "x"), [], {}, {}, [])
    with contextlib.closing(Reader()) as reader, pytest.raises(RuntimeError, match="ended early"):
        RemoteIntake(request, pytest.fail, SystemClock(), reader).read()


def test_raw_lines_of_a_large_batch_come_as_a_file_of_the_same_rows(corpus: Path) -> None:
    (mine, own), (theirs, remote) = _own(corpus), _remote(corpus)
    assert any(batch.filed is not None for batch in remote)
    firsts = itertools.accumulate((b.parsed.events.num_rows for b in remote), initial=1)
    raw = [b.filed.at(0).table() if b.filed else b.parsed.records for b in remote]
    assert [b.filed.first for b in remote if b.filed] == [n for n, b in zip(firsts, remote, strict=False) if b.filed]
    assert concatenate(raw).to_pylist() == concatenate([b.parsed.records for b in own]).to_pylist()
    assert mine.state == theirs.state


def test_one_process_reads_file_after_file(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(WORKLOAD.read_bytes())
    with contextlib.closing(Reader()) as reader:
        ends = []
        for _ in range(2):
            intake = RemoteIntake(
                Request(str(path), "auditd", _state(path), [], {}, {}, []), lambda _: None, SystemClock(), reader
            )
            intake.read()
            ends.append((intake.parsed, intake.state))
    assert ends[0] == ends[1]


def test_what_was_begun_is_used_if_it_is_what_is_asked_for(corpus: Path) -> None:
    request = guessed(corpus)
    assert request is not None
    begun = begin(request)
    first = begun._ready.get(timeout=60)  # has learnt names by now
    assert begun.agreed(msgspec.json.decode(msgspec.json.encode(guessed(corpus)), type=Request)) is begun
    other = begun.agreed(msgspec.structs.replace(request, first_event=7))
    assert other is not begun
    assert not begun.is_alive()
    assert first is not None
    other.drop()


def test_a_stopped_reading_ends_its_process_and_the_next_one_works(corpus: Path) -> None:
    request = Request(str(corpus), "auditd", _state(corpus), [], {}, {}, [])
    with contextlib.closing(Reader()) as reader:
        stopped = RemoteIntake(request, lambda _: stopped.stopping.set(), SystemClock(), reader)
        stopped.read()
        again = RemoteIntake(request, lambda _: None, SystemClock(), reader)
        again.read()
    assert stopped.parsed.events < again.parsed.events


def test_what_a_new_site_asks_for_is_guessed(tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Request] = []

    def remember(request: Request, *_: object) -> Intake:
        asked.append(request)
        return _own(corpus)[0]

    monkeypatch.setattr("seqwatch_tui.engine.ingest.RemoteIntake", remember)
    monkeypatch.setattr("seqwatch_tui.engine.ingest.WORTH_BYTES", 0)
    config = write_site(tmp_path, ["site: guess"])
    with contextlib.closing(Engine.open(load(config), config)) as engine:
        engine.declare()
        Ingest(engine, [corpus], "auto").run()
    assert asked == [guessed(corpus)]


@pytest.mark.parametrize("right", [True, False])
def test_a_process_that_has_begun_gives_the_same_whether_its_guess_was_right(corpus: Path, right: bool) -> None:
    request = guessed(corpus)
    assert request is not None
    request = request if right else msgspec.structs.replace(request, names={1000: "somebody"}, first_event=700)
    batches: list[Batch] = []
    with contextlib.closing(Reader()) as reader:
        reader.start(str(corpus))
        RemoteIntake(request, batches.append, SystemClock(), reader).read()
    assert sum(b.parsed.events.num_rows for b in batches) == _own(corpus)[0].parsed.events
    assert next(b.filed.first for b in batches if b.filed) == (1 if right else 700)
