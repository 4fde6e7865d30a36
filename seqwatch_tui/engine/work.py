"""The values that travel between the engine's threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from seqwatch_tui.catalogue.catalogue import Catalogue
    from seqwatch_tui.detect.detector import Detector
    from seqwatch_tui.detect.life import Said
    from seqwatch_tui.engine.book import AlertBook
    from seqwatch_tui.ledger.filed import Filed
    from seqwatch_tui.model.action import Refused
    from seqwatch_tui.model.alert import Alert
    from seqwatch_tui.model.evidence import SourceState
    from seqwatch_tui.parse.interface import Parsed
    from seqwatch_tui.store.interface import Commit, LedgerMark


@dataclass(frozen=True, slots=True)
class Batch:
    """What one source handed over, with the source's state once it is stored. `received` is monotonic seconds."""

    parsed: Parsed
    state: SourceState
    received: float
    filed: Filed | None = None
    """Its raw lines, where they come as a file; `parsed` then has none."""


@dataclass(frozen=True, slots=True)
class Change:
    """Rows for the small tables, to be stored in order with everything else; `done` is set once they are."""

    commit: Commit
    done: Future[bool] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class AlertChange:
    """An operator's word on an alert, applied where the open alerts live; `action` is its row of `actions`.

    `stored` is the alert as it was read from the store, which holds only if it is not open. `done` is the refusal when
    the word does not fit; then nothing is stored.
    """

    stored: Alert
    said: Said
    action: Mapping[str, Any]
    done: Future[bool | Refused] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Swap:
    """Another policy and other rules from here on; `detector` is made once all before is stored, for it reads the store."""

    catalogue: Catalogue
    detector: Callable[[], Detector]
    book: Callable[[], AlertBook]
    done: Future[bool] = field(default_factory=Future)


Work = Batch | Change | AlertChange | Swap


@dataclass(frozen=True, slots=True)
class Ready:
    """A transaction whose raw lines are in the ledger already; storing it is all that is left."""

    commit: Commit
    mark: LedgerMark
    events: int
    oldest: float | None
    """Monotonic seconds at which its oldest byte was received; null when it holds no events."""
    done: tuple[Future[Any], ...] = ()


def concatenate(tables: list[pa.Table]) -> pa.Table:
    """Join tables of one schema into one chunk per column, with one dictionary per dictionary column."""
    if len(tables) == 1:
        return tables[0].combine_chunks()
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def shifted(column: pa.ChunkedArray, base: int) -> pa.ChunkedArray:
    """Add `base` to a column of row numbers; nulls stay null."""
    return pc.add(column, pa.scalar(base, pa.int64()))


def merge(first: Commit, second: Commit) -> Commit:
    """Join two transactions that follow each other into one."""
    before = {name: rows for name, rows in first.tables.items() if name not in second.replace}
    tables = {name: [*before.get(name, ()), *second.tables.get(name, ())] for name in {*before, *second.tables}}
    events = [c.events for c in (first, second) if c.events is not None and c.events.num_rows]
    return replace(
        second,
        events=pa.concat_tables(events) if events else None,
        gaps=[*first.gaps, *second.gaps],
        alerts=[*first.alerts, *second.alerts],
        evidence=[*first.evidence, *second.evidence],
        sources=[*first.sources, *second.sources],
        sessions=[*first.sessions, *second.sessions],
        ledger=second.ledger or first.ledger,
        segments=[*first.segments, *second.segments],
        tables=tables,
        replace=[*first.replace, *second.replace],
    )
