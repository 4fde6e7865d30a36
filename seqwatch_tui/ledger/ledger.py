"""The open ledger: batches in, sealed segments out. One writer; readers may look from any thread.

The order of every change is what makes a stop at any instant harmless (docs/ledger.md): a batch is synced to the spool
before the store commits it; a segment is whole and chained before the store hears of it; its spool goes only after the
store has committed it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.ledger import chain, parquet
from seqwatch_tui.ledger.disk import Disk
from seqwatch_tui.ledger.filed import Filed
from seqwatch_tui.ledger.layout import Layout
from seqwatch_tui.ledger.lookup import segment_of
from seqwatch_tui.ledger.recover import Recovered, read_confirmed, recover
from seqwatch_tui.ledger.segment import Sealed, make
from seqwatch_tui.ledger.spool import encode, lean
from seqwatch_tui.ledger.values import Batch, LedgerError, LedgerFatal, Note, RawRecord, Segment
from seqwatch_tui.parse.schema import EVENT_SCHEMA, RECORD_SCHEMA
from seqwatch_tui.store.interface import LedgerMark, SegmentRow

SEAL_EVENTS = 10_000
SEAL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Held:
    """A batch of the open segment in memory, and the range of its event ids (None: it has no events)."""

    batch: Batch
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One consistent view: sealed segments, and the batches after them."""

    segments: tuple[Segment, ...]
    events: pa.Table
    records: pa.Table


@dataclass(frozen=True, slots=True)
class _View:
    """What readers see; replaced as a whole by the writer."""

    sealed: int
    chain: str
    held: tuple[_Held, ...] = ()

    @property
    def mark(self) -> LedgerMark:
        return LedgerMark(self.sealed + 1, len(self.held))


class Ledger:
    """The ledger of one state directory. `append`, `append_bulk`, `seal`, `committed` and `close` from one thread."""

    def __init__(self, layout: Layout, disk: Disk, state: Recovered, now: float) -> None:
        self._layout = layout
        self._disk = disk
        self._view = _View(state.sealed, state.chain, tuple(_held(batch) for batch in state.batches))
        self._spool: int | None = None
        self._spool_size = state.spool_size
        self._confirmed = read_confirmed(layout)
        self._since: float | None = now if state.batches else None
        self._dead: str | None = None

    @staticmethod
    def open(state_dir: Path, mark: LedgerMark | None, now: float, disk: Disk | None = None) -> Ledger:
        """Open the ledger at the store's mark (None: a new store), after whatever stop.

        Raises StoreBehind (rebuild the store, then open with the mark of the rebuild), LedgerBehind, LedgerDamaged, or
        LedgerError when the folder cannot be used. The caller holds the engine's lock.
        """
        layout, disk = Layout.of(state_dir), disk or Disk()
        try:
            return Ledger(layout, disk, recover(layout, disk, mark), now)
        except OSError as error:
            raise LedgerError(f"the ledger in {layout.root} cannot be opened: {error}") from error

    @property
    def mark(self) -> LedgerMark:
        """How far the ledger is: commit this with the next transaction."""
        return self._view.mark

    def append(self, events: pa.Table, records: pa.Table, note: bytes) -> LedgerMark:
        """Put one batch (EVENT_SCHEMA, RECORD_SCHEMA, opaque note) on disk, synced; return the mark to commit with it.

        LedgerError when the disk is full (nothing was changed; try again later), LedgerFatal when it failed.
        """
        self._check_alive()
        held = _held(Batch(lean(events), lean(records), note))
        view = self._view
        self._to_spool(encode(view.sealed + 1, len(view.held) + 1, held.batch), view.sealed + 1)
        self._view = replace(view, held=(*view.held, held))
        return self._view.mark

    def append_bulk(
        self, events: pa.Table, records: pa.Table | Filed, note: bytes, now: float
    ) -> tuple[LedgerMark, list[SegmentRow]]:
        """Put a large batch on disk as a sealed segment of its own, after sealing what is open.

        Return the mark and the rows to commit with it, in one transaction. `now` is epoch seconds.
        """
        self._check_alive()
        rows = [row for row in (self.seal(now),) if row]
        rows.append(self._seal(events, records, [Note(events.num_rows, records.num_rows, note)], now))
        return self._view.mark, rows

    def due(self, now: float) -> bool:
        """Say whether to seal: 10,000 events, or 60 s since this was first asked with something open."""
        held = self._view.held
        if not held:
            return False
        if self._since is None or now < self._since:
            self._since = now
        return now - self._since >= SEAL_SECONDS or sum(h.batch.events.num_rows for h in held) >= SEAL_EVENTS

    def seal(self, now: float) -> SegmentRow | None:
        """Seal the open segment, if it has batches; commit the row and `mark` next. `now` is epoch seconds."""
        self._check_alive()
        held = self._view.held
        if not held:
            return None
        notes = [Note(h.batch.events.num_rows, h.batch.records.num_rows, h.batch.note) for h in held]
        return self._seal(*_together(held), notes, now)

    def committed(self, mark: LedgerMark) -> None:
        """The store has committed `mark`: spools of the segments before it are no longer needed."""
        if mark.segment - 1 <= self._confirmed:
            return
        try:
            self._disk.replace(self._layout.confirmed, b"%d\n" % (mark.segment - 1))
            for number in range(self._confirmed + 1, mark.segment):
                self._disk.remove(self._layout.spool(number))
        except OSError as error:
            raise self._fatal("confirming a segment", error) from error
        self._confirmed = mark.segment - 1

    def hot(self) -> tuple[pa.Table, pa.Table]:
        """Return events and records not yet sealed, from memory."""
        return _together(self._view.held)

    def segments(self) -> list[Segment]:
        """Return the sealed segments, oldest first. Their files never change."""
        return [self._layout.segment(number) for number in range(1, self._view.sealed + 1)]

    def snapshot(self) -> Snapshot:
        """Return segments and unsealed rows of one instant: nothing is in both or in neither."""
        view = self._view
        segments = tuple(self._layout.segment(number) for number in range(1, view.sealed + 1))
        return Snapshot(segments, *_together(view.held))

    def records_of(self, event_id: int) -> list[RawRecord]:
        """Return the raw lines of an event in the order they were read; empty when there is no such event."""
        view = self._view
        for held in view.held:
            if held.first is not None and held.last is not None and held.first <= event_id <= held.last:
                return parquet.rows_of(held.batch.records, event_id)
        segment = segment_of(self._layout, event_id, view.sealed)
        return parquet.find_records(segment.records_path, event_id) if segment else []

    def records_from(self, event_id: int) -> pa.Table:
        """Return the records of `event_id` and all later events (RECORD_SCHEMA), oldest first."""
        now = self.snapshot()
        hot = now.records
        tables = [hot.filter(pc.greater_equal(hot.column("event_id"), event_id))]
        for segment in reversed(now.segments):
            table, more = parquet.records_from(segment.records_path, event_id)
            tables.insert(0, table)
            if not more:
                break
        return pa.concat_tables(tables).unify_dictionaries()

    def close(self) -> None:
        """Let go of the spool. What is in it stays, synced."""
        if self._spool is not None:
            os.close(self._spool)
            self._spool = None

    def _seal(self, events: pa.Table, records: pa.Table | Filed, notes: Sequence[Note], now: float) -> SegmentRow:
        """Write, chain and vouch for a segment; the open spool is left behind until the store has committed."""
        view = self._view
        sealed = make(view.sealed + 1, events, records, notes, now)
        self._stage(sealed)
        row = sealed.entry.row(view.chain)
        try:
            self._publish(sealed, chain.Line(sealed.entry, row.chain))
        except OSError as error:
            raise self._fatal(f"sealing segment {sealed.entry.segment}", error) from error
        self.close()
        self._spool_size, self._since = 0, None
        self._view = _View(row.segment, row.chain)
        return row

    def _stage(self, sealed: Sealed) -> None:
        """Write the two files under temporary names; a full disk undoes this and leaves the ledger as it was."""
        files = sealed.files(self._layout)
        try:
            self._disk.make_folder(self._layout.shard(sealed.entry.segment))
            for file in files:
                self._disk.create(file.temporary, file.data)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise self._fatal(f"writing segment {sealed.entry.segment}", error) from error
            for file in files:
                self._disk.remove(file.temporary)
            raise LedgerError(f"no room to seal segment {sealed.entry.segment}: {error}; free space") from error

    def _publish(self, sealed: Sealed, line: chain.Line) -> None:
        for file in sealed.files(self._layout):
            self._disk.rename(file.temporary, file.path)
        self._disk.sync_folder(self._layout.shard(sealed.entry.segment))
        fd = self._disk.open_append(self._layout.chain)
        try:
            self._disk.write(fd, line.bytes)
            self._disk.sync(fd)
        finally:
            os.close(fd)
        self._disk.replace(self._layout.head, chain.head_bytes(line.entry.segment, line.chain))

    def _to_spool(self, frame: bytes, segment: int) -> None:
        path = self._layout.spool(segment)
        if self._spool is None:
            self._spool = self._open_spool(path)
        try:
            self._disk.write(self._spool, frame)
        except OSError as error:
            self._take_back(path, error)
        try:
            self._disk.sync(self._spool)
        except OSError as error:
            raise self._fatal(f"syncing {path}", error) from error
        self._spool_size += len(frame)

    def _open_spool(self, path: Path) -> int:
        try:
            fd = self._disk.open_append(path)
        except OSError as error:
            raise LedgerError(f"{path} cannot be opened: {error}") from error
        try:
            self._disk.sync_folder(path.parent)
        except OSError as error:
            os.close(fd)
            raise self._fatal(f"syncing {path.parent}", error) from error
        return fd

    def _take_back(self, path: Path, error: OSError) -> None:
        """After a failed write: back to the size before, so that the next batch does not follow half a frame."""
        try:
            self._disk.truncate(path, self._spool_size)
        except OSError as second:
            raise self._fatal(f"taking back a write to {path}", second) from second
        raise LedgerError(f"a batch cannot be written to {path}: {error}; it was taken back") from error

    def _check_alive(self) -> None:
        if self._dead is not None:
            raise LedgerFatal(self._dead)

    def _fatal(self, doing: str, error: OSError) -> LedgerFatal:
        self._dead = f"{doing} failed: {error}; the ledger stops here, start the engine again"
        return LedgerFatal(self._dead)


def _held(batch: Batch) -> _Held:
    ends = pc.min_max(batch.events.column("event_id")).as_py()
    return _Held(batch, ends["min"], ends["max"])


def _together(held: Sequence[_Held]) -> tuple[pa.Table, pa.Table]:
    if not held:
        return EVENT_SCHEMA.empty_table(), RECORD_SCHEMA.empty_table()
    return pa.concat_tables([h.batch.events for h in held]), pa.concat_tables([h.batch.records for h in held])
