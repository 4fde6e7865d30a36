"""The ledger read from the beginning, or from a mark on, to put a lost or damaged store together again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from seqwatch_tui.ledger import chain
from seqwatch_tui.ledger.layout import Layout
from seqwatch_tui.ledger.parquet import read_events, read_records
from seqwatch_tui.ledger.spool import Frame, decode, frames
from seqwatch_tui.ledger.values import LedgerDamaged, Replayed, Unreadable
from seqwatch_tui.store.interface import LedgerMark


def replay(state_dir: Path, after: LedgerMark | None = None) -> Iterator[Replayed | Unreadable]:
    """Yield what the ledger holds beyond `after` (None: everything), sealed segments first, then unsealed batches.

    Of a segment that the store has in part only the rest comes. Hashes are checked before a file is parsed; a segment
    that fails comes as Unreadable. LedgerDamaged when the chain itself cannot be followed. Nothing is changed.
    """
    layout, begin = Layout.of(state_dir), after or LedgerMark(1, 0)
    number, value = 0, chain.START
    for line in chain.read_lines(layout.chain) if layout.chain.exists() else ():
        number += 1
        if line is None or line.entry.segment != number or line.chain != chain.link(value, line.entry):
            raise LedgerDamaged(f"{layout.chain}: line {number} breaks the chain; run `seqwatch ledger verify`")
        if number >= begin.segment:
            yield _segment(layout, line.entry, value, begin.batch if number == begin.segment else 0)
        value = line.chain
    yield from _unsealed(layout, number + 1, begin.batch if number + 1 == begin.segment else 0)


def unsealed(state_dir: Path) -> int:
    """Return how many events are in whole batches beyond the sealed segments, whatever state the chain is in.

    OSError or LedgerDamaged when they cannot be counted.
    """
    layout = Layout.of(state_dir)
    lines, _ = chain.count(layout.chain)
    return sum(part.events.num_rows for part in _unsealed(layout, lines + 1, 0))


def _segment(layout: Layout, entry: chain.Entry, previous: str, skip: int) -> Replayed | Unreadable:
    files, mark, row = layout.segment(entry.segment), LedgerMark(entry.segment + 1, 0), entry.row(previous)
    try:
        events, notes = read_events(_checked(files.events_path, entry.events_sha256))
        records = read_records(_checked(files.records_path, entry.records_sha256))
    except (OSError, pa.ArrowException, LedgerDamaged) as error:
        return Unreadable(entry.segment, entry.events, str(error), mark, row)
    done = notes[:skip]
    events = events.slice(sum(note.events for note in done))
    records = records.slice(sum(note.records for note in done))
    return Replayed(events, records, tuple(note.data for note in notes[skip:]), mark, row)


def _checked(path: Path, expected: str) -> pa.Buffer:
    data = path.read_bytes()
    actual = hashlib.sha256(data).hexdigest()
    if actual != expected:
        raise LedgerDamaged(f"{path}: SHA-256 is {actual}, sealed as {expected}")
    return pa.py_buffer(data)


def _unsealed(layout: Layout, segment: int, skip: int) -> Iterator[Replayed]:
    for frame in frames(layout.spool(segment), segment):
        if isinstance(frame, Frame) and frame.number > skip:
            batch = decode(frame.payload)
            yield Replayed(batch.events, batch.records, (batch.note,), LedgerMark(segment, frame.number), None)
