"""The columnar auditd parser: equal to the reference parser, row for row, and several times faster on bulk.

Bytes are collected; a piece of at least a mebibyte is cut where every serial before is below every serial after.
Usual events in it become columns (`bulk_layout`, `bulk_values`), everything else in it goes through the reference
parser's stages line by line (`bulk_walk`), and a piece that is not worth while goes there as a whole. Which way a line
goes never changes what comes out. Knows no file and no clock.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.model.evidence import Counts, Resume
from seqwatch_tui.parse.auditd import AuditdParser
from seqwatch_tui.parse.bulk_admission import Admissions, SeenBefore
from seqwatch_tui.parse.bulk_asks import left_of, may_be_answered
from seqwatch_tui.parse.bulk_index import MARGIN, Bools, Index
from seqwatch_tui.parse.bulk_layout import Lines, Unusual, Usual, classify, upto_boundary, usual_events
from seqwatch_tui.parse.bulk_memory import Memory
from seqwatch_tui.parse.bulk_node import name_of
from seqwatch_tui.parse.bulk_past import Handled
from seqwatch_tui.parse.bulk_tables import Merge
from seqwatch_tui.parse.bulk_values import Values, read_values
from seqwatch_tui.parse.bulk_walk import Stages, Walk
from seqwatch_tui.parse.group import Group
from seqwatch_tui.parse.identities import TEACHING, same_host
from seqwatch_tui.parse.interface import Knowledge, Parsed
from seqwatch_tui.parse.schema import EVENT_SCHEMA, RECORD_SCHEMA
from seqwatch_tui.parse.tables import Batch

PIECE = 1 << 20
"""Bytes that are collected for the columnar way; the more at once, the cheaper."""

_AT_AN_END = 5
"""A part so small is worth the start-up where nothing more is waited for: at the end of a file, or of what is there now."""

_WORTH = 4
"""One in so many of the usual events has to be one by its values too; else all of them go to the reference stages."""

_PIECES_PASSED_BY = 4
"""After a piece that was not: what reads below descriptors goes on for a while (tar, rsync)."""

_PADDING = b"\n" * MARGIN

_Part = tuple[pa.Table, pa.Table, Counts]


class BulkAuditdParser(AuditdParser):
    """interface.Parser for audit.log in bulk; arguments as AuditdParser, `piece` is how much is parsed at once (bytes).

    `take` without `now` and `final` may keep back the last lines fed (less than a piece) for the next piece; they are
    fed again after a restart, for `resume` lies before them. The next `take` without a piece in between has them.
    """

    def __init__(
        self, source: str, host: str, knowledge: Knowledge | None = None, resume: Resume | None = None, *,
        piece: int = PIECE,
    ) -> None:  # fmt: skip
        super().__init__(source, host, knowledge, resume)
        self._piece = piece
        self._memory = Memory(self._records)
        self._held: list[bytes] = []
        self._held_from = self._held_size = 0
        self._in_bulk = False
        self._pass_by = 0
        self._fed_upto: int | None = None
        """End of what the reference stages have been given."""
        self._walk: Walk | None = None
        self._admissions = Admissions(self._done)
        self._ready: list[_Part] = []
        self.columnar_events = 0
        """Events that went the columnar way, for tests and profiling."""

    # Collecting.

    def feed(self, data: bytes | memoryview, offset: int) -> None:
        """Take bytes that begin at `offset` of the file."""
        if self._held_size and offset != self._held_from + self._held_size:
            self._give_held()
        if not self._held_size:
            rest = self._finish_line(bytes(data), offset)
            offset += len(data) - len(rest)
            data = rest
        if not data:
            return
        if not self._held_size:
            self._held_from = offset
        self._held.append(bytes(data))
        self._held_size += len(data)
        if self._held_size >= self._piece:
            self._digest()

    def _finish_line(self, data: bytes, offset: int) -> bytes:
        """Give the reference stages the rest of the line they are in; return what is left."""
        if self._fed_upto != offset:
            self._give(b"", offset)
        if self._splitter.upto == offset and not self._splitter.inside:
            return data
        stop = data.find(b"\n") + 1 or len(data)
        self._give(data[:stop], offset)
        return data[stop:]

    def _give(self, data: bytes, offset: int) -> None:
        super().feed(data, offset)
        self._fed_upto = offset + len(data)

    def _give_held(self) -> None:
        data, self._held = b"".join(self._held), []
        self._held_size = 0
        self._give(data, self._held_from)

    def _digest(self) -> None:
        """Make the most of what is held; what follows the last safe cut stays."""
        held, self._held = self._held, []
        padded = b"".join([*held, _PADDING])
        data = memoryview(padded)[:-MARGIN]
        size = padded.rfind(b"\n", 0, len(data)) + 1
        try:
            done = self._columnar(padded, size) if size else 0
        except SeenBefore as seen:
            self._give(bytes(data[: seen.upto]), self._held_from)
            self._hold(data, seen.upto)
            if self._held_size >= self._piece // _AT_AN_END:
                self._digest()
            return
        if done:
            self._fed_upto = self._splitter.upto = self._held_from + done
            self._in_bulk = True
        else:
            done = size or len(data)
            self._give(bytes(data[:done]), self._held_from)
        self._hold(data, done)

    def _hold(self, data: memoryview, done: int) -> None:
        """Keep what is left of `data`, which began where the held bytes do."""
        self._held_from += done
        self._held_size = len(data) - done
        self._held = [bytes(data[done:])] if self._held_size else []

    # The columnar way.

    def _columnar(self, data: bytes, size: int) -> int:
        """Parse the whole lines in the first `size` bytes; returns how many bytes were, 0 where it is not to be done."""
        if self._held_from < self._upto:
            return 0
        if self._pass_by:
            self._pass_by -= 1
            return 0
        self._memory.make_room()
        index = Index(data, size, nodes=True)
        node = name_of(index.node)
        host = node or self._host
        try:
            lines = classify(index, index.heads())
            count = upto_boundary(lines)
            known = self._gaps._serials.get(node)
            last = known.last if known is not None else None
            clock = self._admissions[node].check(index, lines, count, reassembler=self._reassembler, last=last)
            usual = usual_events(index, lines, count, clock)
        except Unusual:
            return 0
        values = read_values(index, usual, self._memory, self._records)
        if len(values.asks.line):
            values.asked = self._placed(index, lines, count, usual=usual, values=values, host=host)
            values.lessons.leave_out(values.asked)
        if int(values.unusual.sum()) * _WORTH > len(usual) * (_WORTH - 1):
            self._pass_by = _PIECES_PASSED_BY
            return 0
        if values.unusual.any():
            usual, values = usual.without(values.unusual), values.of(np.flatnonzero(~values.unusual))
        self._flush_batch()
        self._walk = Walk(
            self._stages(host, node), index, usual, values, self._memory, clock=clock, serial=lines.serial, millis=lines.millis,
            position=self._held_from,
        )  # fmt: skip
        self._walk.run()
        self._keep(index, lines, count, usual=usual, values=values, walk=self._walk)
        self._walk = None
        return int(index.end[count - 1]) + 1

    def _stages(self, host: str, node: str) -> Stages:
        """What the walk hands its events on to; `node` is the host that the lines name, empty where they name none."""
        foreign = bool(node) and not same_host(node, self._host)
        places = self._knowledge.places
        return Stages(self._reassembler, self._gaps, self._identities, places, self._records, host, node, foreign)

    def _placed(self, index: Index, lines: Lines, count: int, *, usual: Usual, values: Values, host: str) -> Bools:
        """Usual events that may be resolved by what is known of places, or will be within the piece."""
        slow = np.append(values.unusual, True)[usual.event[:count]]
        left = left_of(index, lines, slow, self._reassembler._open.values(), self._records)
        if left is None:
            return np.isin(np.arange(len(usual)), values.asks.event)
        return may_be_answered(
            values.asks, index, left, pid=values.numbers["pid"], lessons=values.lessons,
            places=self._knowledge.places, host=host, records=self._records,
        )  # fmt: skip

    def _keep(self, index: Index, lines: Lines, count: int, *, usual: Usual, values: Values, walk: Walk) -> None:
        merge = Merge(usual, walk.slow)
        millis, serial = lines.millis[usual.syscall], lines.serial[usual.syscall]
        host = walk.node or self._host
        events = merge.events(values, walk.columns, source=self._source, host=host, millis=millis, serial=serial)
        records, counts = merge.records(index, lines, count, source=self._source, position=self._held_from)
        self._ready.append((events, records, counts))
        self._admissions[walk.node].note(int(lines.serial[:count][lines.counted[:count]].max()), own=False)
        self.columnar_events += len(usual)

    # What the reference stages tell while they are given lines.

    def on_begin(self, group: Group, kind: str, position: int) -> None:
        """Note serials for later pieces; a boot of another node may change who is who."""
        other = self._walk if self._walk is not None and group.node != self._walk.node else None
        if other is not None:
            other.teach()
        super().on_begin(group, kind, position)
        self._admissions[group.node].note(group.serial, own=kind.startswith("DAEMON_"))
        if other is not None:
            other.learnt(None)

    def on_record(self, group: Group) -> None:
        """Events that ended before this record keep what was known before it."""
        super().on_record(group)
        if self._walk is not None and group.records[-1][0] in TEACHING and self._identities.news:
            self._walk.learnt(self._identities.news)

    def on_end(self, group: Group) -> None:
        """Within a piece the row waits for its place among the columns."""
        if self._walk is None:
            super().on_end(group)
        else:
            if group.call is not None:
                self._walk.teach()
            self._walk.ended(self._row(group), group.records)

    # Handing over.

    def _flush_batch(self) -> None:
        """Turn the rows collected so far into tables; strays wait for the end, as in the reference parser."""
        batch, self._batch = self._batch, Batch(self._source)
        self._batch._strays, batch._strays = batch._strays, []
        self._batch.parts, batch.parts = batch.parts, 0
        counts = batch.counts()
        if counts.records:
            self._ready.append((batch.events(), batch.records(), counts))

    def take(self, *, now: float | None = None, final: bool = False) -> Parsed:
        """Hand over what is complete (see interface.Parser)."""
        if (final or now is not None) and self._held_size >= self._piece // _AT_AN_END:
            self._digest()
        if self._held_size and (final or now is not None or not self._in_bulk):
            self._give_held()
        self._in_bulk = False
        last = super().take(now=now, final=final)
        ahead = sum(piece.count(b"\n") for piece in self._held)
        if not self._ready:
            return replace(last, ahead=ahead)
        parts, self._ready = self._ready, []
        if last.counts != Counts() or not parts:
            parts.append((last.events, last.records, last.counts))
        events, records, counts = _joined(parts)
        return Parsed(
            events, records, last.resume, counts, last.gaps, last.sessions, last.directories, last.switches, last.held,
            ahead,
        )  # fmt: skip

    def _next_resume(self) -> Resume:
        """As the reference parser: usual events matter only while an event that began before them is open."""
        first = self._reassembler.first_open
        self._handled += self._expanded(first)
        return super()._next_resume()

    def _expanded(self, first: int | None) -> list[tuple[int, bytes]]:
        out: list[tuple[int, bytes]] = []
        handled = cast("list[tuple[int, bytes | Handled]]", self._reassembler.take_handled())
        for last, stamp in handled:
            if isinstance(stamp, Handled):
                out.extend(stamp.after(first if first is not None else last + 1))
            else:
                out.append((last, stamp))
        return out


def _joined(parts: list[_Part]) -> _Part:
    """All parts as one, events numbered through."""
    events, records, counts = [], [], Counts()
    for more_events, more_records, more in parts:
        base = counts.events
        numbers = pa.array(np.arange(base, base + more_events.num_rows))
        events.append(more_events.set_column(0, EVENT_SCHEMA.field(0), numbers))
        owner = pc.add(more_records.column(0), pa.scalar(base, pa.int64()))
        records.append(more_records.set_column(0, RECORD_SCHEMA.field(0), owner))
        counts += more
    return pa.concat_tables(events), pa.concat_tables(records), counts
