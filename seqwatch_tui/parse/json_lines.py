"""JSON and text lines into events: LAUREL objects through the same stages as auditd records, all else by a mapping.

One line is one event and one row of `records` (type JSON or TEXT), unless it holds a list of records: then each of them
is. A line that does not fit is kept as UNPARSED. Pure; knows no file and no policy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from seqwatch_tui.model.evidence import Resume
from seqwatch_tui.model.text import from_bytes, safe_text
from seqwatch_tui.parse.elements import Cut, cut_records
from seqwatch_tui.parse.event import row_of
from seqwatch_tui.parse.flat import Row, flat_rows, hear_logins, lost_events, wanted
from seqwatch_tui.parse.gaps import GapWatch
from seqwatch_tui.parse.identities import TEACHING, Identities
from seqwatch_tui.parse.interface import Knowledge, Parsed
from seqwatch_tui.parse.laurel import Stamp, facts_of_object, parts_of, stamp_of
from seqwatch_tui.parse.lines import JSON_LINE_LIMIT, Lines, LineSplitter
from seqwatch_tui.parse.lookup import Lookup, take_apart
from seqwatch_tui.parse.mapping import Mapping
from seqwatch_tui.parse.mapping_file import MappingError, load_mapping
from seqwatch_tui.parse.mark import Mark, read_mark, write_mark
from seqwatch_tui.parse.normalise import UNPARSED, W_LATE
from seqwatch_tui.parse.tables import Batch

__all__ = ["JsonParser", "Mapping", "MappingError", "load_mapping"]

JSON, TEXT = "JSON", "TEXT"
"""Record types of what is a whole event."""

_LIST_LINE_LIMIT = 4 * JSON_LINE_LIMIT
"""A file of records on one line (CloudTrail) is longer than any line that is one event."""

_DONE_LIMIT = 4_096

Tell = Callable[[int, str], None]
"""Told of a line that did not fit: its position and why."""


@dataclass(slots=True)
class _Run:
    """Records of consecutive lines on their way to rows, each with the object around it, its bytes and position."""

    records: list[dict[str, Any]] = field(default_factory=list)
    outers: list[dict[str, Any]] = field(default_factory=list)
    lines: list[tuple[bytes, int]] = field(default_factory=list)

    def add(self, record: dict[str, Any], outer: dict[str, Any], line: bytes, position: int) -> None:
        self.records.append(record)
        self.outers.append(outer)
        self.lines.append((line, position))


class JsonParser:
    """interface.Parser for lines that a mapping describes (load_mapping).

    `host` is shown where a record names none; `knowledge` is kept up to date in place; `tell` hears of every line that
    does not fit.
    """

    def __init__(
        self,
        source: str,
        host: str,
        mapping: Mapping,
        knowledge: Knowledge | None = None,
        resume: Resume | None = None,
        *,
        tell: Tell | None = None,
    ) -> None:
        self._source, self._host, self._mapping = source, host, mapping
        self._knowledge = knowledge if knowledge is not None else Knowledge()
        self._resume, self._tell = resume, tell
        mark, _ = read_mark(resume)
        limit = _LIST_LINE_LIMIT if mapping.records else JSON_LINE_LIMIT
        self._splitter = LineSplitter(limit, inside=mark is not None and mark.inside)
        self._gaps = GapWatch(source, self._knowledge, mark)
        self._identities = Identities(source, self._knowledge)
        self._batch = Batch(source)
        self._decoder = msgspec.json.Decoder()
        self._feed_run = {"json": self._read_json, "text": self._read_text, "laurel": self._read_laurel}[mapping.form]
        self._clock_ms: int | None = None
        self._done: dict[Stamp, bytes] = {}
        self._done_long: dict[Stamp, bytes] = {}

    def feed(self, data: bytes | memoryview, offset: int) -> None:
        """Take bytes that begin at `offset` of the file."""
        if self._splitter.upto is None and self._resume is not None and offset != self._resume.offset:
            self._splitter.inside = False
        for lines in self._splitter.feed(data, offset):
            self._feed_lines(lines)

    def take(self, *, now: float | None = None, final: bool = False) -> Parsed:  # noqa: ARG002 - nothing stays open
        """Hand over what was read (see interface.Parser); no event waits for another line, so `now` has no part."""
        if final:
            self._batch.parts -= self._splitter.inside  # what was cut last ends the line
            for lines in self._splitter.rest():
                self._feed_lines(lines)
        batch, self._batch = self._batch, Batch(self._source)
        gaps = self._gaps.take(self._clock_ms, final=final)
        changed = self._identities.take_changed()
        named = self._knowledge.places.take_changed(self._source, (self._clock_ms or 0) / 1000)
        switches = self._identities.take_switches()
        return Parsed(
            batch.events(), batch.records(), self._next_resume(), batch.counts(), gaps, changed, named, switches
        )

    def ends_whole(self) -> bool:
        """Whether the half line that is held is a whole JSON object: no part of one is an object itself."""
        return self._mapping.form != "text" and isinstance(self._decode(self._splitter.held), dict)

    def _next_resume(self) -> Resume:
        identity = self._resume.identity if self._resume else ""
        upto = self._splitter.upto
        if upto is None:
            return self._resume or Resume(identity, 0)
        mark = Mark(upto, "", self._splitter.inside, self._gaps.lost, self._gaps.holes)
        return write_mark(identity, upto, mark, [])

    def _feed_lines(self, lines: Lines) -> None:
        whole: list[tuple[bytes, int]] = []
        position = lines.start
        for index, line in enumerate(lines.lines):
            if lines.pieces and index in lines.pieces:
                self._refuse(
                    line, position, "is part of a line that is too long, or whose rest is elsewhere", piece=True
                )
            else:
                whole.append((line, position))
            position += len(line)
        if whole:
            self._feed_run(whole)

    def _refuse(self, line: bytes, position: int, why: str, *, piece: bool = False) -> None:
        if piece:
            self._batch.add_piece(line, position)
        else:
            self._batch.add_record(UNPARSED, line, position)
        self._gaps.unparsed(position, oversize=piece)
        if self._tell is not None:
            self._tell(position, why)

    def _decode(self, line: bytes) -> dict[str, Any] | str:
        """The object of a line, or why it is none."""
        try:
            value = self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return f"is not JSON: {safe_text(str(error), 120)}"
        return value if isinstance(value, dict) else f"is JSON, but no object: {safe_text(str(value), 40)}"

    # --- by a mapping ---------------------------------------------------------------------------------------------

    def _read_json(self, lines: list[tuple[bytes, int]]) -> None:
        run, lists = _Run(), self._mapping.records
        for line, position in lines:
            value = self._decode(line)
            if isinstance(value, str):
                self._refuse(line, position, value)
            elif lists and (cut := cut_records(line, value, lists)) is not None:
                self._add_elements(run, cut, value, position)
            else:
                run.add(value, value, line, position)
        self._finish(run, JSON)

    def _add_elements(self, run: _Run, cut: Cut, outer: dict[str, Any], position: int) -> None:
        self._batch.add_record(JSON, cut.rest, position)
        self._batch.parts += len(cut.elements)
        for offset, text, value in cut.elements:
            if isinstance(value, dict):
                run.add(value, outer, text, position + offset)
            else:
                self._refuse(text, position + offset, "is in a list of records, but no object")

    def _read_text(self, lines: list[tuple[bytes, int]]) -> None:
        run = _Run()
        parts = take_apart([from_bytes(line.rstrip(b"\r\n")) for line, _ in lines], self._mapping.pattern)
        for (line, position), part in zip(lines, parts, strict=True):
            if part is None:
                self._refuse(line, position, "does not match the pattern of the mapping")
            else:
                run.add(part, {}, line, position)
        self._finish(run, TEXT)

    def _finish(self, run: _Run, kind: str) -> None:
        if not run.records:
            return
        places = Lookup(self._mapping, run.records, run.outers)
        events = wanted(self._mapping, places)
        rows = flat_rows(self._mapping, places, self._host, self._identities)
        newest = self._clock_ms or 0
        for event, row, (line, position) in zip(events, rows, run.lines, strict=True):
            if not event:
                self._batch.add_record(kind, line, position)
            elif row is None:
                self._refuse(line, position, "has no time that can be read (fields.ts)")
            else:
                newest = max(newest, row[0] // 1000)  # type: ignore[operator]
                self._batch.add_event(row, [(kind, b"", line, position)])
        self._clock_ms = newest or None
        if self._mapping.logins is not None:
            hear_logins(self._mapping.logins, places, rows, self._identities)
        if self._mapping.lost:
            self._note_losses(rows, lost_events(self._mapping, places, self._identities))

    def _note_losses(self, rows: list[Row | None], lost: list[int | None]) -> None:
        for row, count in zip(rows, lost, strict=True):
            if count is not None and row is not None:
                self._gaps.dropped(row[0] / 1_000_000, count)  # type: ignore[operator]

    # --- LAUREL ---------------------------------------------------------------------------------------------------

    def _read_laurel(self, lines: list[tuple[bytes, int]]) -> None:
        for line, position in lines:
            value = self._decode(line)
            why = value if isinstance(value, str) else self._add_laurel(value, line, position)
            if why:
                self._refuse(line, position, why)

    def _add_laurel(self, value: dict[str, Any], line: bytes, position: int) -> str:
        """Add the event of an object; why it is none, else an empty text."""
        stamp = stamp_of(value)
        parts = parts_of(value)
        if stamp is None or not parts:
            return "has no ID of the form SECONDS.MS:SERIAL" if stamp is None else "holds no audit record"
        before = self._done.get(stamp) or self._done_long.get(stamp)
        if before == line:
            self._batch.duplicates += 1
            self._batch.duplicate_bytes += len(line)
            return ""
        if before is None:
            self._begin(stamp, parts[0].kind)
        self._remember(stamp, line)
        for part in parts:
            if part.kind in TEACHING:
                self._identities.learn(part.kind, part.fields, part.names, stamp.ts_ms / 1000, stamp.node or self._host)
            elif part.kind in ("KERNEL", "CONFIG_CHANGE") or part.kind.startswith("DAEMON_"):
                body = b" ".join(key.encode() + b"=" + token for key, token in part.fields.items())
                self._gaps.hear(part.kind, body, stamp.ts_ms / 1000)
        facts = facts_of_object(stamp, parts, self._host, (W_LATE,) if before is not None else ())
        self._batch.add_event(row_of(facts, self._identities, self._knowledge.places), [(JSON, b"", line, position)])
        return ""

    def _begin(self, stamp: Stamp, kind: str) -> None:
        self._clock_ms = max(self._clock_ms or 0, stamp.ts_ms)
        if not kind.startswith("DAEMON_") and self._gaps.see(stamp.node, stamp.serial, stamp.ts_ms):
            self._identities.reboot(stamp.ts_ms / 1000)
            self._knowledge.places.reboot()

    def _remember(self, stamp: Stamp, line: bytes) -> None:
        self._done[stamp] = line
        if len(self._done) >= _DONE_LIMIT:
            self._done_long, self._done = self._done, {}
