"""A file that another process reads and parses (`parsing`), in the same words as one that the engine reads itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import IO

import msgspec
import pyarrow as pa

from seqwatch_tui.engine.clock import Clock
from seqwatch_tui.engine.frames import Frame, Request
from seqwatch_tui.engine.reader import Reader
from seqwatch_tui.engine.work import Batch
from seqwatch_tui.ledger.filed import Filed
from seqwatch_tui.model.evidence import Counts, Resume
from seqwatch_tui.parse.interface import Parsed
from seqwatch_tui.parse.schema import RECORD_SCHEMA


class RemoteIntake:
    """One file; the words are those of `Intake`."""

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
