"""A file read by another process gives the same rows as one read in the engine's own."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pyarrow as pa
import pytest

from seqwatch_tui.engine.clock import SystemClock
from seqwatch_tui.engine.intake import Intake
from seqwatch_tui.engine.parsers import make_parser
from seqwatch_tui.engine.parsing import RemoteIntake, Request
from seqwatch_tui.engine.reader import Reader
from seqwatch_tui.engine.work import Batch, concatenate
from seqwatch_tui.model.evidence import SourceState
from seqwatch_tui.parse.interface import Knowledge
from seqwatch_tui.sources.once import ReadOnce
from tests.engine.running import WORKLOAD


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
