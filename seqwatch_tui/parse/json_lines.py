"""JSON lines into events: LAUREL objects through the same stages as auditd records, flat objects by a mapping.

One line is one event and one row of `records` (type JSON); a line that is no object with a time is kept as UNPARSED.
Pure; knows no file and no policy.
"""

from __future__ import annotations

from typing import Any

import msgspec

from seqwatch_tui.model.evidence import Resume
from seqwatch_tui.parse.event import row_of
from seqwatch_tui.parse.flat import flat_row
from seqwatch_tui.parse.gaps import GapWatch
from seqwatch_tui.parse.identities import TEACHING, Identities
from seqwatch_tui.parse.interface import Knowledge, Parsed
from seqwatch_tui.parse.laurel import Stamp, facts_of_object, parts_of, stamp_of
from seqwatch_tui.parse.lines import JSON_LINE_LIMIT, Lines, LineSplitter
from seqwatch_tui.parse.mapping import Mapping, MappingError, load_mapping
from seqwatch_tui.parse.mark import Mark, read_mark, write_mark
from seqwatch_tui.parse.normalise import UNPARSED, W_LATE
from seqwatch_tui.parse.tables import Batch

__all__ = ["JsonParser", "Mapping", "MappingError", "load_mapping"]

JSON = "JSON"
"""Record type of a line that is a whole event."""

_DONE_LIMIT = 4_096


class JsonParser:
    """interface.Parser for JSON lines. `mapping` says what the fields mean (load_mapping).

    `host` is shown where an object names none; `knowledge` is kept up to date in place.
    """

    def __init__(
        self,
        source: str,
        host: str,
        mapping: Mapping,
        knowledge: Knowledge | None = None,
        resume: Resume | None = None,
    ) -> None:
        self._source, self._host, self._mapping = source, host, mapping
        self._knowledge = knowledge if knowledge is not None else Knowledge()
        self._resume = resume
        mark, _ = read_mark(resume)
        self._splitter = LineSplitter(JSON_LINE_LIMIT, inside=mark is not None and mark.inside)
        self._gaps = GapWatch(source, self._knowledge, mark)
        self._identities = Identities(source, self._knowledge)
        self._batch = Batch(source)
        self._decoder = msgspec.json.Decoder()
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
            for lines in self._splitter.rest():
                self._feed_lines(lines)
        batch, self._batch = self._batch, Batch(self._source)
        gaps = self._gaps.take(self._clock_ms, final=final)
        changed = self._identities.take_changed()
        named = self._knowledge.places.take_changed(self._source, (self._clock_ms or 0) / 1000)
        return Parsed(batch.events(), batch.records(), self._next_resume(), batch.counts(), gaps, changed, named)

    def _next_resume(self) -> Resume:
        identity = self._resume.identity if self._resume else ""
        upto = self._splitter.upto
        if upto is None:
            return self._resume or Resume(identity, 0)
        mark = Mark(upto, "", self._splitter.inside, self._gaps.lost, self._gaps.holes)
        return write_mark(identity, upto, mark, [])

    def _feed_lines(self, lines: Lines) -> None:
        position = lines.start
        add = self._add_laurel if self._mapping.format == "laurel" else self._add_flat
        for index, line in enumerate(lines.lines):
            value = None if lines.pieces and index in lines.pieces else self._decode(line)
            if value is None or not add(value, line, position):
                self._batch.add_record(UNPARSED, line, position)
                self._gaps.unparsed(position, oversize=bool(lines.pieces) and index in lines.pieces)
            position += len(line)

    def _decode(self, line: bytes) -> dict[str, Any] | None:
        try:
            value = self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return value if isinstance(value, dict) else None

    def _add_flat(self, value: dict[str, Any], line: bytes, position: int) -> bool:
        row = flat_row(value, self._mapping, self._host, self._identities)
        if row is None:
            return False
        ts = row[0]
        if isinstance(ts, int):
            self._clock_ms = max(self._clock_ms or 0, ts // 1000)
        self._batch.add_event(row, [(JSON, b"", line, position)])
        return True

    def _add_laurel(self, value: dict[str, Any], line: bytes, position: int) -> bool:
        stamp = stamp_of(value)
        parts = parts_of(value)
        if stamp is None or not parts:
            return False
        before = self._done.get(stamp) or self._done_long.get(stamp)
        if before == line:
            self._batch.duplicates += 1
            self._batch.duplicate_bytes += len(line)
            return True
        if before is None:
            self._begin(stamp, parts[0].kind)
        self._remember(stamp, line)
        for part in parts:
            if part.kind in TEACHING:
                self._identities.learn(part.kind, part.fields, part.names, stamp.ts_ms / 1000)
            elif part.kind in ("KERNEL", "CONFIG_CHANGE") or part.kind.startswith("DAEMON_"):
                body = b" ".join(key.encode() + b"=" + token for key, token in part.fields.items())
                self._gaps.hear(part.kind, body, stamp.ts_ms / 1000)
        facts = facts_of_object(stamp, parts, self._host, (W_LATE,) if before is not None else ())
        self._batch.add_event(row_of(facts, self._identities, self._knowledge.places), [(JSON, b"", line, position)])
        return True

    def _begin(self, stamp: Stamp, kind: str) -> None:
        self._clock_ms = max(self._clock_ms or 0, stamp.ts_ms)
        if not kind.startswith("DAEMON_") and self._gaps.see(stamp.node, stamp.serial, stamp.ts_ms):
            self._identities.reboot()
            self._knowledge.places.reboot()

    def _remember(self, stamp: Stamp, line: bytes) -> None:
        self._done[stamp] = line
        if len(self._done) >= _DONE_LIMIT:
            self._done_long, self._done = self._done, {}
