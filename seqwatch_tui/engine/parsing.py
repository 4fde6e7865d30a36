"""A back-fill's reading and parsing in a process of its own: a second core, and untrusted bytes kept out of the engine.

`python -m seqwatch_tui.engine.parsing [FILE]` takes requests on standard input and answers on standard output
(`frames`). It ends when nobody asks or reads any more. With FILE it begins at once with what a site that knows nothing
yet would ask for, which most likely is the first request; what it has done by then is used if it is, else dropped.
"""

from __future__ import annotations

import contextlib
import gc
import os
import queue
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec
import pyarrow as pa

from seqwatch_tui.engine.clock import SystemClock
from seqwatch_tui.engine.frames import Frame, Request
from seqwatch_tui.engine.heap import keep_freed
from seqwatch_tui.engine.intake import Intake
from seqwatch_tui.engine.parsers import host_names, make_parser
from seqwatch_tui.engine.read_files import looked_at, name_of
from seqwatch_tui.engine.work import Batch, concatenate
from seqwatch_tui.ledger.filed import Filed
from seqwatch_tui.model.evidence import SourceState
from seqwatch_tui.parse.interface import Knowledge
from seqwatch_tui.parse.places import Places
from seqwatch_tui.sources.formats import FormatUnknown, detect_format
from seqwatch_tui.sources.once import ReadOnce

FILED_EVENTS = 5_000
"""From this many events on a batch's raw lines are filed; fewer are joined with what else there is."""
AHEAD = 3
"""Batches that are parsed before they can be sent: bounds memory."""


def main() -> None:
    """Answer requests; every batch goes out as it is made."""
    keep_freed()
    pa.set_memory_pool(pa.system_memory_pool())  # so that Arrow's blocks are kept, too
    gc.set_threshold(50_000, 20, 50)  # as in the engine: many short-lived values and no cycles
    guess = guessed(Path(sys.argv[1])) if len(sys.argv) > 1 else None
    reading = begin(guess) if guess is not None else None
    try:
        for line in sys.stdin.buffer:
            request = msgspec.json.decode(line, type=Request)
            reading = reading.agreed(request) if reading is not None else begin(request)
            reading.send(sys.stdout.buffer)
            reading = None
    except BrokenPipeError:
        sys.stderr.close()  # the engine has stopped; what it has stored is what counts
    if reading is not None:
        reading.drop()


def guessed(path: Path) -> Request | None:
    """Return what an engine that knows nothing yet asks for when it is to read this file; null when it will not."""
    try:
        kind = detect_format(path)
        sibling, fd = looked_at(path)
    except (FormatUnknown, OSError, ValueError):
        return None
    os.close(fd)
    state = SourceState(name_of(sibling), kind, str(path), "live")
    return Request(str(path), kind, state, [], {}, host_names(), [])


@dataclass(frozen=True, slots=True)
class _Packet:
    """A frame and what follows it."""

    frame: Frame
    tables: tuple[pa.Table, ...] = ()
    filed: Filed | None = None

    def write(self, out: IO[bytes]) -> None:
        out.write(msgspec.json.encode(self.frame) + b"\n")
        for table in self.tables:
            with pa.ipc.new_stream(out, table.schema) as stream:
                stream.write_table(table)
        if self.filed is not None:
            out.write(memoryview(self.filed.data))
        out.flush()


def begin(request: Request) -> Reading:
    """Begin to read a file, whether or not somebody has asked for it."""
    reading = Reading(request)
    reading.start()
    return reading


class Reading(threading.Thread):
    """One file: read and parsed in this thread, a few batches ahead of `send`."""

    def __init__(self, request: Request) -> None:
        super().__init__(name="reading", daemon=True)
        self.request = request
        self._next_event = request.first_event
        self._ready: queue.Queue[_Packet | BaseException] = queue.Queue(AHEAD)
        places = Places()
        places.restore(request.directories)
        knowledge = Knowledge(
            sessions={s.session_id: s for s in request.sessions}, names=dict(request.names),
            host_names=dict(request.host_names), places=places,
        )  # fmt: skip
        self._intake = Intake(
            ReadOnce(request.state.name, Path(request.path), request.state.resume),
            make_parser(request.state.name, request.kind, request.kind, knowledge),
            request.state, self._submit, SystemClock(), _ignore, live=False, known_gaps=frozenset(request.known_gaps),
        )  # fmt: skip

    def run(self) -> None:
        """Read to the end, or until dropped."""
        intake = self._intake
        try:
            intake.read()
            self._ready.put(_Packet(Frame(intake.state, damage=intake.damage, incomplete=intake.incomplete)))
        except Exception as error:  # noqa: BLE001 - root of a thread: raised again by whoever waits for the batches
            self._ready.put(error)

    def send(self, out: IO[bytes]) -> None:
        """Write all there is, up to the last frame."""
        while (packet := self._taken()).frame.counts is not None:
            packet.write(out)
        packet.write(out)

    def agreed(self, request: Request) -> Reading:
        """Return this reading if it is what is asked for; else drop it and begin with what is."""
        if self.request == request:
            return self
        self.drop()
        return begin(request)

    def drop(self) -> None:
        """Stop reading; what was done is for nobody."""
        self._intake.stopping.set()
        while self.is_alive():
            with contextlib.suppress(queue.Empty):
                self._ready.get(timeout=0.01)

    def _taken(self) -> _Packet:
        packet = self._ready.get()
        if isinstance(packet, BaseException):
            raise packet
        return packet

    def _submit(self, batch: Batch) -> None:
        parsed, filed = batch.parsed, None
        tables = [concatenate([parsed.events])]
        if not self.request.raw and parsed.events.num_rows >= FILED_EVENTS:
            filed = Filed.of(parsed.records, self._next_event)
        else:
            tables.append(concatenate([parsed.records]))
        self._next_event += parsed.events.num_rows
        frame = Frame(
            batch.state, parsed.resume, parsed.counts, parsed.gaps, parsed.sessions, parsed.directories, parsed.switches,
            filed=(filed.data.size, filed.num_rows, filed.first) if filed is not None else None,
        )  # fmt: skip
        self._ready.put(_Packet(frame, tuple(tables), filed))


def _ignore(_: str, __: BaseException) -> None:
    """`Intake.read` raises what went wrong; nothing is reported beside it."""


if __name__ == "__main__":
    main()
