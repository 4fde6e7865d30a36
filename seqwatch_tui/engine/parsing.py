"""A back-fill's reading and parsing in a process of its own: a second core, and untrusted bytes kept out of the engine.

`python -m seqwatch_tui.engine.parsing` takes one JSON request on standard input and writes frames to standard output: a
line of JSON (everything of a batch that is not a table, or the end), then the batch's two tables as Arrow streams. It
ends when nobody reads any more. The engine's side is `RemoteIntake`.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec
import pyarrow as pa

from seqwatch_tui.engine.clock import Clock, SystemClock
from seqwatch_tui.engine.heap import keep_freed
from seqwatch_tui.engine.intake import Intake
from seqwatch_tui.engine.parsers import make_parser
from seqwatch_tui.engine.work import Batch, concatenate
from seqwatch_tui.model.evidence import Counts, Directory, Gap, Resume, Session, SourceState, Switch
from seqwatch_tui.parse.interface import Knowledge, Parsed
from seqwatch_tui.parse.places import Places
from seqwatch_tui.sources.once import ReadOnce

WORTH_BYTES = 32 << 20
"""Files from this size on are worth the process's start (about half a second)."""
_PIPE_BYTES, _SET_PIPE_SIZE = 1 << 20, 1031


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


def main() -> None:
    """Read the request, then the file; every batch goes out as it is made."""
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    keep_freed()
    gc.set_threshold(50_000, 20, 50)  # as in the engine: many short-lived values and no cycles
    out = sys.stdout.buffer
    places = Places()
    places.restore(request.directories)
    knowledge = Knowledge(
        sessions={s.session_id: s for s in request.sessions}, names=request.names, host_names=request.host_names,
        places=places,
    )  # fmt: skip
    intake = Intake(
        ReadOnce(request.state.name, Path(request.path), request.state.resume),
        make_parser(request.state.name, request.kind, request.kind, knowledge),
        request.state, lambda batch: _send(out, batch), SystemClock(), _ignore, live=False,
        known_gaps=frozenset(request.known_gaps),
    )  # fmt: skip
    try:
        intake.read()
        _line(out, Frame(intake.state, damage=intake.damage, incomplete=intake.incomplete))
        out.flush()
    except BrokenPipeError:
        sys.stderr.close()  # the engine has stopped; what it has stored is what counts


def _ignore(_: str, __: BaseException) -> None:
    """`Intake.read` raises what went wrong; nothing is reported beside it."""


def _send(out: IO[bytes], batch: Batch) -> None:
    parsed = batch.parsed
    frame = Frame(
        batch.state, parsed.resume, parsed.counts, parsed.gaps, parsed.sessions, parsed.directories, parsed.switches
    )
    _line(out, frame)
    for table in (concatenate([parsed.events]), concatenate([parsed.records])):
        with pa.ipc.new_stream(out, table.schema) as stream:
            stream.write_table(table)
    out.flush()


def _line(out: IO[bytes], frame: Frame) -> None:
    out.write(msgspec.json.encode(frame) + b"\n")


class RemoteIntake:
    """The engine's side: the same words as `Intake` for a file that another process reads."""

    def __init__(self, request: Request, submit: Callable[[Batch], None], clock: Clock) -> None:
        self.state, self.parsed, self.gaps = request.state, Counts(), 0
        self.damage, self.incomplete = "", False
        self.stopping = threading.Event()
        self._request, self._submit, self._clock = request, submit, clock

    def read(self) -> None:
        """Read until the end or until stopped. RuntimeError when the process dies."""
        with subprocess.Popen(
            [sys.executable, "-m", "seqwatch_tui.engine.parsing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=_PIPE_BYTES,
        ) as process:
            try:
                assert process.stdin is not None, "a pipe"  # noqa: S101
                assert process.stdout is not None, "a pipe"  # noqa: S101
                process.stdin.write(msgspec.json.encode(self._request))
                process.stdin.close()
                self._frames(process.stdout)
            finally:
                if process.poll() is None and self.stopping.is_set():
                    process.kill()

    def _frames(self, pipe: IO[bytes]) -> None:
        _widen(pipe)
        while not self.stopping.is_set():
            line = pipe.readline()
            if not line:
                raise RuntimeError(f"the process reading {self._request.path} ended early; run the same ingest again")
            frame = msgspec.json.decode(line, type=Frame)
            self.state = frame.state
            if frame.counts is None or frame.resume is None:
                self.damage, self.incomplete = frame.damage, frame.incomplete
                return
            self._take(frame, frame.counts, frame.resume, pipe)

    def _take(self, frame: Frame, counts: Counts, resume: Resume, pipe: IO[bytes]) -> None:
        with pa.ipc.open_stream(pipe) as stream:
            events = stream.read_all()
        with pa.ipc.open_stream(pipe) as stream:
            records = stream.read_all()
        self.parsed += counts
        self.gaps += len(frame.gaps)
        parsed = Parsed(events, records, resume, counts, frame.gaps, frame.sessions, frame.directories, frame.switches)
        self._submit(Batch(parsed, frame.state, self._clock.monotonic()))


def _widen(pipe: IO[bytes]) -> None:
    """Let the kernel hold a mebibyte between the two processes, where it may (fcntl(2), F_SETPIPE_SZ)."""
    import fcntl

    try:
        fcntl.fcntl(pipe.fileno(), _SET_PIPE_SIZE, _PIPE_BYTES)
    except PermissionError:
        return  # the user's pipes are limited: it works all the same, with more turns


if __name__ == "__main__":
    main()
