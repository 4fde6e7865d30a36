"""What the ledger hands out, and the ways in which it can be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from seqwatch_tui.store.interface import LedgerMark, SegmentRow


class LedgerError(Exception):
    """The ledger cannot do what was asked; nothing was changed. The text says what happened and what to do."""


class LedgerFatal(LedgerError):
    """What is on disk is no longer known (failed fsync, failed rename): exit and start again; never retry."""


class LedgerDamaged(LedgerError):
    """A file of the ledger is not what was written: an evidence incident. `seqwatch ledger verify` tells the extent."""


class LedgerBehind(LedgerError):
    """The store has committed what the ledger does not hold: an evidence incident (restored or deleted ledger)."""


class StoreBehind(LedgerError):
    """The ledger holds what the store does not: rebuild with `replay.replay(state_dir, mark)`, then open again."""

    def __init__(self, message: str, segments: tuple[int, ...]) -> None:
        super().__init__(message)
        self.segments = segments
        """Sealed segments that the store lacks wholly or in part; may be empty when only unsealed batches are."""


@dataclass(frozen=True, slots=True)
class Note:
    """The opaque bytes that came with one batch, and how many rows of the segment are that batch's."""

    events: int
    records: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch as appended: EVENT_SCHEMA, RECORD_SCHEMA and its note."""

    events: pa.Table
    records: pa.Table
    note: bytes


@dataclass(frozen=True, slots=True)
class Segment:
    """A sealed segment and its two files."""

    number: int
    events_path: Path
    records_path: Path


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One raw line of an event, as read from its source."""

    source: str | None
    seq: int | None
    type: str | None
    raw: bytes
    position: int | None
    """Byte offset of the line in its file."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """Batches to put into a store again, in order; commit `mark` and `sealed` with them."""

    events: pa.Table
    records: pa.Table
    notes: tuple[bytes, ...]
    mark: LedgerMark
    sealed: SegmentRow | None
    """The segment they come from; None for batches not yet sealed."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A segment that cannot be given back, and why; what it held is lost to the rebuild unless a source has it."""

    segment: int
    events: int
    reason: str
    mark: LedgerMark
    sealed: SegmentRow
