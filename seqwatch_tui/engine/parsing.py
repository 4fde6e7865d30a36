"""A back-fill's reading and parsing in a process of its own: a second core, and untrusted bytes kept out of the engine.

`python -m seqwatch_tui.engine.parsing` takes requests on standard input, a line of JSON each, and writes frames to
standard output: a line of JSON (everything of a batch that is not a table, or the end), then the batch's events as an
Arrow stream, then its raw lines: another stream, or the bytes of the ledger's file. It ends when nobody asks or reads
any more. The engine's side is `RemoteIntake`.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec
import pyarrow as pa

from seqwatch_tui.engine.clock import Clock, SystemClock
from seqwatch_tui.engine.heap import keep_freed
from seqwatch_tui.engine.intake import Intake
from seqwatch_tui.engine.parsers import make_parser
from seqwatch_tui.engine.reader import Reader
from seqwatch_tui.engine.work import Batch, concatenate
from seqwatch_tui.ledger.filed import Filed
from seqwatch_tui.model.evidence import Counts, Directory, Gap, Resume, Session, SourceState, Switch
from seqwatch_tui.parse.interface import Knowledge, Parsed
from seqwatch_tui.parse.places import Places
from seqwatch_tui.parse.schema import RECORD_SCHEMA
from seqwatch_tui.sources.once import ReadOnce

FILED_EVENTS = 5_000
"""From this many events on a batch's raw lines are filed; fewer are joined with what else there is."""


class Request(msgspec.Struct):
    """One file to read and what its parser may already know."""

    path: str
    kind: str
    state: SourceState
    sessions: list[Session]
    names: dict[int, str]
    host_names: dict[int, str]
    known_gaps: list[str]
    directories: list[Directory] = []
    first_event: int = 1
    """The number that the first event is likely to get."""
    raw: bool = False
    """Rules look at raw lines: they come as tables."""


class Frame(msgspec.Struct):
    """What comes before the tables of a batch; without `counts` it is the end, and `state` the last word."""

    state: SourceState
    resume: Resume | None = None
    counts: Counts | None = None
    gaps: tuple[Gap, ...] = ()
    sessions: tuple[Session, ...] = ()
    directories: tuple[Directory, ...] = ()
    switches: tuple[Switch, ...] = ()
    damage: str = ""
    incomplete: bool = False
    filed: tuple[int, int, int] | None = None
    """Bytes, rows and first event number of the raw lines' file; null where they are a table."""


def main() -> None:
    """Answer requests; every batch goes out as it is made."""
    keep_freed()
    pa.set_memory_pool(pa.system_memory_pool())  # so that Arrow's blocks are kept, too
    gc.set_threshold(50_000, 20, 50)  # as in the engine: many short-lived values and no cycles
    out = sys.stdout.buffer
    try:
        for line in sys.stdin.buffer:
            _answer(msgspec.json.decode(line, type=Request), out)
    except BrokenPipeError:
        sys.stderr.close()  # the engine has stopped; what it has stored is what counts


def _answer(request: Request, out: IO[bytes]) -> None:
    places = Places()
    places.restore(request.directories)
    knowledge = Knowledge(
        sessions={s.session_id: s for s in request.sessions}, names=request.names, host_names=request.host_names,
        places=places,
    )  # fmt: skip
    intake = Intake(
        ReadOnce(request.state.name, Path(request.path), request.state.resume),
        make_parser(request.state.name, request.kind, request.kind, knowledge),
        request.state, _Sender(out, request.first_event, raw=request.raw).send, SystemClock(), _ignore, live=False,
        known_gaps=frozenset(request.known_gaps),
    )  # fmt: skip
    intake.read()
    _line(out, Frame(intake.state, damage=intake.damage, incomplete=intake.incomplete))
    out.flush()


def _ignore(_: str, __: BaseException) -> None:
    """`Intake.read` raises what went wrong; nothing is reported beside it."""


@dataclass(slots=True)
class _Sender:
    """Writes batches as frames; `next_event` is what the engine will likely number the next event with."""

    out: IO[bytes]
    next_event: int
    raw: bool

    def send(self, batch: Batch) -> None:
        parsed = batch.parsed
        filed = None
        if not self.raw and parsed.events.num_rows >= FILED_EVENTS:
            filed = Filed.of(parsed.records, self.next_event)
        self.next_event += parsed.events.num_rows
        frame = Frame(
            batch.state, parsed.resume, parsed.counts, parsed.gaps, parsed.sessions, parsed.directories, parsed.switches,
            filed=(filed.data.size, filed.num_rows, filed.first) if filed is not None else None,
        )  # fmt: skip
        _line(self.out, frame)
        self._table(parsed.events)
        if filed is None:
            self._table(parsed.records)
        else:
            self.out.write(memoryview(filed.data))
        self.out.flush()

    def _table(self, table: pa.Table) -> None:
        with pa.ipc.new_stream(self.out, table.schema) as stream:
            stream.write_table(concatenate([table]))


def _line(out: IO[bytes], frame: Frame) -> None:
    out.write(msgspec.json.encode(frame) + b"\n")


class RemoteIntake:
    """The engine's side: the same words as `Intake` for a file that another process reads."""

    def __init__(self, request: Request, submit: Callable[[Batch], None], clock: Clock, reader: Reader) -> None:
        self.state, self.parsed, self.gaps = request.state, Counts(), 0
        self.damage, self.incomplete = "", False
        self.stopping = threading.Event()
        self._request, self._submit, self._clock, self._reader = request, submit, clock, reader

    def read(self) -> None:
        """Read until the end or until stopped, which ends the process. RuntimeError when the process dies."""
        pipe, ended = self._reader.ask(msgspec.json.encode(self._request)), False
        try:
            ended = self._frames(pipe)
        finally:
            if not ended:
                self._reader.close()

    def _frames(self, pipe: IO[bytes]) -> bool:
        """Take batches up to the last frame; false when stopped before."""
        while not self.stopping.is_set():
            line = pipe.readline()
            if not line:
                raise RuntimeError(f"the process reading {self._request.path} ended early; run the same ingest again")
            frame = msgspec.json.decode(line, type=Frame)
            self.state = frame.state
            if frame.counts is None or frame.resume is None:
                self.damage, self.incomplete = frame.damage, frame.incomplete
                return True
            self._take(frame, frame.counts, frame.resume, pipe)
        return False

    def _take(self, frame: Frame, counts: Counts, resume: Resume, pipe: IO[bytes]) -> None:
        events, records, filed = _table(pipe), RECORD_SCHEMA.empty_table(), None
        if frame.filed is None:
            records = _table(pipe)
        else:
            size, rows, first = frame.filed
            filed = Filed(pa.py_buffer(pipe.read(size)), rows, first)
        self.parsed += counts
        self.gaps += len(frame.gaps)
        parsed = Parsed(events, records, resume, counts, frame.gaps, frame.sessions, frame.directories, frame.switches)
        self._submit(Batch(parsed, frame.state, self._clock.monotonic(), filed))


def _table(pipe: IO[bytes]) -> pa.Table:
    with pa.ipc.open_stream(pipe) as stream:
        return stream.read_all()


if __name__ == "__main__":
    main()
