"""Lines of the built-in sensor (model/sensor.py) into events: the same rows and rules as auditd's, other evidence.

A line is checked whole against its form; what does not fit is kept as UNPARSED and counted. Beats and status lines are
the stream's own and are not records. The stream cannot be read again: its position says until when it was heard.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

import msgspec

from seqwatch_tui.model.evidence import Gap, Resume
from seqwatch_tui.model.sensor import STATUS_LIMIT
from seqwatch_tui.parse.gaps import GapWatch
from seqwatch_tui.parse.identities import Identities, address_value
from seqwatch_tui.parse.interface import Knowledge, Parsed
from seqwatch_tui.parse.lines import Lines, LineSplitter
from seqwatch_tui.parse.normalise import UNPARSED
from seqwatch_tui.parse.tables import Batch

FANOTIFY = "FANOTIFY"
"""Record type of an event line."""
RESCAN = "rescan"
"""Code of what a file shows of a time in which nobody watched."""
_HEARD = "heard:"

_Text = Annotated[str, msgspec.Meta(max_length=20_000)]
_Path = Annotated[str, msgspec.Meta(max_length=20_000, pattern="^/")]
_Id = Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFE)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
_Time = Annotated[float, msgspec.Meta(gt=0.0, lt=1e11)]
_Codes = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[a-z0-9:;-]*$")]
_Action = Literal["open", "read", "write", "create", "delete", "rename", "setattr", "execute", "close", "other"]
_Op = Literal["open", "read", "write", "execute", "close_write", "close_nowrite"]


class _Line(msgspec.Struct, tag_field="k"):
    n: _Count
    ts: _Time


class _Access(_Line, tag="event"):
    action: _Action
    path: _Path
    pid: _Count
    old_path: _Path | None = None
    directory: bool = False
    counts: dict[_Op, _Count] = {}
    bytes: _Count | None = None
    warnings: _Codes | None = None
    ppid: _Count | None = None
    auid: _Id | None = None
    uid: _Id | None = None
    session: _Id | None = None
    tty: _Text | None = None
    comm: _Text | None = None
    exe: _Text | None = None
    command: _Text | None = None
    address: _Text | None = None


class _Beat(_Line, tag="beat"):
    seen: _Count


class _Status(_Line, tag="status"):
    refused: dict[str, _Text]


class _Overflow(_Line, tag="overflow"):
    start: _Time
    end: _Time


class _Unwatched(_Line, tag="unwatched"):
    path: _Path
    start: _Time
    end: _Time
    why: _Text


class _Rescanned(_Line, tag="rescanned"):
    found: _Count


_Said = _Access | _Beat | _Status | _Overflow | _Unwatched | _Rescanned


def heard_until(resume: Resume | None) -> float | None:
    """Epoch seconds until which the sensor was heard, as a stored position says it; null without one."""
    if resume is None or not resume.done or not resume.done[0].startswith(_HEARD):
        return None
    return float(resume.done[0].removeprefix(_HEARD))


class SensorParser:
    """interface.Parser for the lines of one run of the sensor; `resume.identity` names the run."""

    def __init__(
        self, source: str, host: str, knowledge: Knowledge | None = None, resume: Resume | None = None
    ) -> None:
        self._source, self._host = source, host
        self._knowledge = knowledge if knowledge is not None else Knowledge()
        self._run = resume.identity if resume else ""
        self._upto = resume.offset if resume else 0
        self._heard = heard_until(resume) or self._knowledge.last_ts
        self._splitter = LineSplitter(STATUS_LIMIT)
        self._bad = GapWatch(source, self._knowledge, None)
        self._identities = Identities(source, self._knowledge)
        self._decoder: msgspec.json.Decoder[_Said] = msgspec.json.Decoder(_Said)
        self._batch = Batch(source)
        self._gaps: list[Gap] = []
        self._next: int | None = None
        self._own = 0

    def feed(self, data: bytes | memoryview, offset: int) -> None:
        """Take bytes that begin at `offset` of the run."""
        for lines in self._splitter.feed(data, offset):
            self._lines(lines)

    def ends_whole(self) -> bool:
        """Never (see interface.Parser): the sensor ends every message."""
        return False

    def take(self, *, now: float | None = None, final: bool = False) -> Parsed:  # noqa: ARG002 - nothing stays open
        """Hand over what was read (see interface.Parser)."""
        if final:
            self._batch.parts -= self._splitter.inside  # what was cut last ends the line
            for lines in self._splitter.rest():
                self._lines(lines)
        if self._splitter.upto is not None:
            self._upto = self._splitter.upto
        batch, self._batch = self._batch, Batch(self._source)
        clock = int(self._heard * 1000) if self._heard is not None else None
        gaps, self._gaps = (*self._gaps, *self._bad.take(clock, final=final)), []
        heard = (f"{_HEARD}{self._heard:.3f}",) if self._heard is not None else ()
        resume = Resume(self._run, self._upto, heard)
        own, self._own = self._own, 0
        sessions = self._identities.take_changed()
        return Parsed(batch.events(), batch.records(), resume, batch.counts(), gaps, sessions, own=own)

    def _lines(self, lines: Lines) -> None:
        position = lines.start
        for index, line in enumerate(lines.lines):
            oversize = bool(lines.pieces) and index in lines.pieces
            said = None if oversize else self._decode(line)
            if said is None:
                add = self._batch.add_piece if oversize else partial(self._batch.add_record, UNPARSED)
                add(line, position)
                self._bad.unparsed(position, oversize=oversize)
            else:
                self._hear(said, line, position)
            position += len(line)

    def _decode(self, line: bytes) -> _Said | None:
        try:
            return self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def _hear(self, said: _Said, line: bytes, position: int) -> None:
        if self._next is not None and said.n != self._next:
            self._missing(said)
        self._next = said.n + 1
        self._heard = max(self._heard or 0.0, said.ts)
        if isinstance(said, _Access):
            self._batch.add_event(self._row(said), [(FANOTIFY, b"", line, position)])
            return
        self._own += 1
        if isinstance(said, _Overflow):
            detail = "the kernel's fanotify queue was full: raise fs.fanotify.max_queued_events; the datasets are looked over for traces"
            self._gaps.append(Gap(self._source, "overflow", said.start, said.end, None, "unknown", detail))
        elif isinstance(said, _Unwatched):
            detail = f"{said.path} was not watched: {said.why}"
            self._gaps.append(Gap(self._source, "sensor", said.start, said.end, None, "unknown", detail))

    def _missing(self, said: _Said) -> None:
        """Lines are numbered without a hole: one that is not there was lost between sensor and engine."""
        count = said.n - (self._next or 0)
        detail = f"lines {self._next} to {said.n - 1} of the sensor never arrived" if count > 0 else (
            f"line {said.n} of the sensor came after line {(self._next or 0) - 1}"
        )  # fmt: skip
        start = self._heard or said.ts
        certainty: Literal["exact", "unknown"] = "exact" if count > 0 else "unknown"
        self._gaps.append(
            Gap(self._source, "sensor", min(start, said.ts), said.ts, count if count > 0 else None, certainty, detail)
        )

    def _row(self, e: _Access) -> tuple[object, ...]:
        """The line's row in ROW_COLUMNS order."""
        known = self._identities
        ops = f"fanotify:{'+'.join(e.counts)}" if e.counts else "fanotify"
        outcome = "unknown" if e.warnings == RESCAN else "success"  # a trace is no notification: it raises no alert
        return (
            round(e.ts * 1_000_000), None, f"{self._run}:{e.n}", self._host, e.action, outcome, None,
            known.name_of(e.auid), known.name_of(e.uid), e.auid, e.uid, e.session,
            address_value(e.address), e.tty, e.pid or None, e.ppid, e.comm, e.exe, e.command, e.path, e.old_path, e.bytes,
            None, ops, True, e.warnings or None,
        )  # fmt: skip
