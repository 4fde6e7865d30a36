"""Back-fill: files read once, to their end, through the same spine as live sources; the summary adds up.

A file is known by its content, not by its name: ingested again, it goes on where it stopped, or adds nothing.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqwatch_tui.engine.frames import Request
from seqwatch_tui.engine.heap import freed_memory_kept
from seqwatch_tui.engine.intake import Intake
from seqwatch_tui.engine.parsers import knowledge_of, make_parser
from seqwatch_tui.engine.read_files import Already, already, lines_before, looked_at, name_at, name_of
from seqwatch_tui.engine.reader import WORTH_BYTES, Reader
from seqwatch_tui.engine.remote import RemoteIntake
from seqwatch_tui.engine.work import Change
from seqwatch_tui.model.evidence import Counts, Resume, SourceState
from seqwatch_tui.sources.formats import FormatUnknown, detect_format
from seqwatch_tui.sources.once import ReadOnce
from seqwatch_tui.store.interface import Commit, StoreError

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine


@dataclass(slots=True)
class Ingest:
    """One back-fill of several files. `run` blocks; `progress` may be asked from another thread; `stop` ends it early."""

    engine: Engine
    paths: list[Path]
    format: str
    counts: Counts = field(default_factory=Counts)
    gaps: int = 0
    size: int = 0
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reader: Reader = field(default_factory=Reader)
    _current: Intake | RemoteIntake | None = None
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> dict[str, Any]:
        """Read every file; return the summary once everything is stored."""
        began = self.engine.clock.monotonic()
        alerts = self._alerts()
        self.size = sum(p.stat().st_size for p in self.paths if p.is_file())
        with freed_memory_kept(), contextlib.closing(self.reader):
            files = [self._file(path) for path in self.paths if not self._stopped.is_set()]
            last = Change(Commit())
            self.engine.judge.inbox.put(last)
            last.done.result()
        self._give_back()
        return {
            "files": files, "records": self.counts.records, "events": self.counts.events, "unparsed": self.counts.unparsed,
            "read": self.counts.read, "duplicates": self.counts.duplicates, "declared": self.counts.declared,
            "gaps": self.gaps, "alerts": self._alerts() - alerts,
            "seconds": round(self.engine.clock.monotonic() - began, 3), "failures": self.failures, "notes": self.notes,
        }  # fmt: skip

    def _give_back(self) -> None:
        try:
            self.engine.store.give_back()
        except StoreError as error:  # what was read is stored all the same
            self.engine.trouble("giving back memory after a back-fill", error)

    def stop(self) -> None:
        """Stop soon; what is stored stays, and the next ingest of the same files goes on there."""
        self._stopped.set()
        if self._current is not None:
            self._current.stopping.set()

    def progress(self) -> dict[str, Any]:
        """Bytes read so far of all, and events."""
        current = self._current
        counts = self.counts + current.parsed if current is not None else self.counts
        return {"bytes": counts.bytes, "size": self.size, "events": counts.events, "rate": self.engine.meter.rate()}

    def _alerts(self) -> int:
        return int(self.engine.store.query_sql("select count(*) from alerts").rows[0][0])

    def _file(self, path: Path) -> dict[str, Any]:
        try:
            if not path.exists():
                return self._failed(path, "does not exist; correct the path")
            kind, name = detect_format(path) if self.format == "auto" else self.format, name_at(path)
        except (FormatUnknown, OSError, ValueError) as error:
            return self._failed(path, str(error))
        if not self.engine.ingesting.take(name):
            return self._failed(path, "is being read by another back-fill; ingest it again when that has ended")
        try:
            return self._alone(path, kind)
        finally:
            self.engine.ingesting.give(name)

    def _alone(self, path: Path, kind: str) -> dict[str, Any]:
        """A file that nobody else reads meanwhile."""
        try:
            before = self._before(path, kind)
            if before.already is not None and before.already.bytes is None:
                return self._followed(path, kind, before)
            intake = self._intake(path, kind, before)
        except (FormatUnknown, OSError, ValueError) as error:
            return self._failed(path, str(error))
        self._current = intake
        intake.read()
        self._current = None
        doubles = before.state.counts.duplicates if before.already else 0
        self.counts += intake.parsed + (before.state.counts if before.already else Counts())
        self.gaps += intake.gaps
        if intake.state.state == "failed":
            return self._failed(path, intake.state.reason)
        if intake.damage:
            self.failures.append(_of_file(path, intake.damage))
        if intake.incomplete:
            self.notes.append(
                f"{path} ends inside a line: what belongs to it was left; ingest the file again when it is whole"
            )
        self._say_what_is_not_understood(path, kind, intake.parsed, first=before.state.resume is None)
        state = "stopped" if self._stopped.is_set() else "done"
        self.engine.submit(Commit(sources=[replace(intake.state, state="done")]))
        if before.already is not None:
            self.notes.append(
                f"{path}: {doubles} lines were stored already, as source {before.already.source} followed it"
            )
        parsed = intake.parsed
        return {
            "path": str(path), "source": intake.state.name, "format": kind, "state": state,
            "records": parsed.records + doubles, "duplicates": parsed.duplicates + doubles, "events": parsed.events,
            "unparsed": parsed.unparsed, "gaps": intake.gaps,
        }  # fmt: skip

    def _say_what_is_not_understood(self, path: Path, kind: str, parsed: Counts, *, first: bool) -> None:
        """A file without one record fails, if it is read for the first time: its format is likely to be another."""
        if not parsed.unparsed:
            return
        if parsed.events or parsed.duplicates or not first:
            said = f"{parsed.unparsed} of {parsed.records} lines are no records of format {kind}; they are kept as they are, see gaps"
            self.notes.append(_of_file(path, said))
        else:
            said = f"no line is a record of format {kind}; all are kept as they are, see gaps: is that its format?"
            self.failures.append(_of_file(path, said))

    def _failed(self, path: Path, reason: str) -> dict[str, Any]:
        self.failures.append(_of_file(path, reason))
        return {"path": str(path), "state": "failed", "reason": reason}

    def _before(self, path: Path, kind: str) -> _Before:
        """What is known of the file: from earlier back-fills of it, or from a source that followed it."""
        sibling, fd = looked_at(path)
        with open(fd, "rb"):  # noqa: PTH123 - a descriptor, closed with the block
            name = name_of(sibling)
            known = next((s for s in self.engine.store.sources() if s.name == name), None)
            found = already(self.engine, sibling) if known is None or known.resume is None else None
            state = replace(
                known or SourceState(name, kind, str(path), "live"), path=str(path), state="live", reason=""
            )
            if found is None:
                return _Before(state, None)
            lines, size = lines_before(fd, found.bytes)
        counts = Counts(read=lines, records=lines, duplicates=lines, bytes=size)
        resume = Resume(sibling.identity.text, size) if found.bytes is not None else None
        return _Before(replace(state, counts=counts, resume=resume), found)

    def _followed(self, path: Path, kind: str, before: _Before) -> dict[str, Any]:
        """A file that a configured source follows: what is not stored yet, it will store itself."""
        counts, source = before.state.counts, before.already.source if before.already else ""
        self.counts += counts
        self.notes.append(
            f"{path} is followed by source {source}: nothing was added; what is new in it is stored while the engine runs"
        )
        self.engine.submit(Commit(sources=[replace(before.state, state="done")]))
        return {"path": str(path), "source": before.state.name, "format": kind, "state": "done", "records": counts.records,
                "duplicates": counts.duplicates, "events": 0, "unparsed": 0, "gaps": 0}  # fmt: skip

    def _intake(self, path: Path, kind: str, before: _Before) -> Intake | RemoteIntake:
        engine, state, name = self.engine, before.state, before.state.name
        knowledge = knowledge_of(name, engine.store, engine.clock.now())
        gaps = [
            row[0] for row in engine.store.query_sql("select distinct detail from gaps where source = ?", [name]).rows
        ]
        if path.stat().st_size >= WORTH_BYTES:
            request = Request(
                str(path), kind, state, list(knowledge.sessions.values()), knowledge.names, dict(knowledge.host_names),
                gaps, engine.store.directories(name), engine.judge.next_event_id,
                raw=engine.judge.detector.needs_records,
            )  # fmt: skip
            return RemoteIntake(request, engine.take, engine.clock, self.reader)
        parsers = make_parser(name, kind, kind, knowledge)
        return Intake(
            ReadOnce(name, path, state.resume), parsers, state, engine.take, engine.clock, engine.trouble, live=False,
            known_gaps=frozenset(gaps),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Before:
    """A file to ingest: its source as it stands, and what a followed source has stored of it, if one did."""

    state: SourceState
    already: Already | None


def _of_file(path: Path, reason: str) -> str:
    """A sentence that names the file once."""
    return reason if str(path) in reason else f"{path}: {reason}"
