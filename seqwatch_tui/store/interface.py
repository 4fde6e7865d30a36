"""What goes into the store at once, and what comes out: the words between the engine and the importer of duckdb."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from seqwatch_tui.model.alert import Alert, Evidence
from seqwatch_tui.model.evidence import Gap, Session, SourceState


class StoreError(Exception):
    """The store cannot do what was asked: what happened, which file, what to do next."""


class StoreLocked(StoreError):
    """Another process holds `engine.lock`; the text names its pid."""


class StoreFatal(StoreError):
    """The instance is invalid (failed fsync, disk full in a checkpoint): exit and restart; never retry."""


@dataclass(frozen=True, slots=True)
class LedgerMark:
    """How far the ledger has what is being committed: spool of segment `segment`, batch `batch` in it."""

    segment: int
    batch: int


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A sealed segment, as recorded in `checkpoints` in the transaction that follows its rename."""

    segment: int
    events: int
    records: int
    first_event_id: int | None
    last_event_id: int | None
    sha256: str
    """Hex digest over the sealed segment (see ledger)."""
    chain: str
    """Hex chain hash after this segment."""
    sealed: float


@dataclass(frozen=True, slots=True)
class Commit:
    """One transaction: all of it is stored, or nothing."""

    events: pa.Table | None = None
    """EVENT_SCHEMA with final event ids."""
    gaps: Sequence[Gap] = ()
    alerts: Sequence[Alert] = ()
    """New or changed; the last value of an alert_id wins."""
    evidence: Sequence[Evidence] = ()
    sources: Sequence[SourceState] = ()
    sessions: Sequence[Session] = ()
    ledger: LedgerMark | None = None
    segments: Sequence[SegmentRow] = ()
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Rows for the small state tables by name (actions, files, verifications, keys, findings, datasets, grants);
    rows replace those with the same key (see schema). Times are epoch seconds or UTC datetimes; an action without
    action_id gets the next one."""
    replace: Sequence[str] = ()
    """Names of small tables that are emptied first, in the same transaction: `tables` then holds all their rows."""


@dataclass(frozen=True, slots=True)
class Rows:
    """An answer: column names, rows as tuples of plain Python values, and whether it was cut at the limit."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class EventsPage:
    """Events for a screen, oldest first: `matched` of the `looked_at` newest events in range match the filter.

    `newest` is the highest event id stored. `cut` says that more may match before the first row.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    cut: bool
    newest: int
    matched: int
    looked_at: int
