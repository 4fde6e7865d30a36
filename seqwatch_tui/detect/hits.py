"""Rows of a batch that matched, to hits per actor and dataset (plain rules); firings of correlations to hits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.detect.coded import Coded, coded
from seqwatch_tui.detect.folding import MAX_EVIDENCE, UNATTRIBUTED, Hit
from seqwatch_tui.detect.matcher import Rows
from seqwatch_tui.detect.timeline import Firing

FACTS = (
    "user_name", "role", "dataset", "src_ip", "process", "exe", "path", "action", "outcome", "command_line", "reason",
)  # fmt: skip
"""Columns that an alert's sentence can speak of."""


class Batch:
    """A batch of events with its columns decoded on demand, once, and only for the rows that matched."""

    def __init__(self, events: pa.Table) -> None:
        self._events = events
        self._columns: dict[str, tuple[Coded, list[Any]]] = {}

    @cached_property
    def ts(self) -> Rows:
        """Microseconds since the epoch, UTC."""
        return np.asarray(pc.fill_null(self._events.column("ts").cast(pa.int64()), 0).to_numpy(), np.int64)

    @cached_property
    def event_ids(self) -> Rows:
        """The final event ids."""
        return np.asarray(self._events.column("event_id").to_numpy(), np.int64)

    def codes(self, name: str) -> Coded:
        """Return a column by codes."""
        return self._column(name)[0]

    def values(self, name: str, rows: Rows) -> list[Any]:
        """Return the values of a column at `rows`, None for null."""
        column, values = self._column(name)
        return [values[code] for code in column.codes[rows].tolist()]

    def rows(self, names: Sequence[str], rows: Rows) -> list[tuple[Any, ...]]:
        """Return the values of the columns `names` at `rows`, one tuple a row."""
        return list(zip(*(self.values(name, rows) for name in names), strict=True))

    def _column(self, name: str) -> tuple[Coded, list[Any]]:
        if name not in self._columns:
            column = coded(self._events.column(name))
            self._columns[name] = column, [*column.values, None]
        return self._columns[name]


def plain_hits(batch: Batch, rows: Rows, fold: int) -> Iterator[Hit]:
    """Yield a plain rule's hits: its rows by actor and dataset, apart where more than `fold` seconds lie between."""
    actors, datasets = batch.codes("user_name"), batch.codes("dataset")
    key = actors.codes[rows] * (len(datasets.values) + 1) + datasets.codes[rows]
    ts = batch.ts[rows]
    order = np.lexsort((ts, key))
    rows, key, ts = rows[order], key[order], ts[order]
    apart = np.flatnonzero((np.diff(key) != 0) | (np.diff(ts) > fold * 1_000_000)) + 1
    for group in np.split(rows, apart):
        newest = dict(zip(FACTS, batch.rows(FACTS, group[-1:])[0], strict=True))
        times = batch.ts[group[[0, -1]]] / 1e6
        yield Hit(
            actor=newest["user_name"] or UNATTRIBUTED, dataset=newest["dataset"], first=float(times[0]),
            last=float(times[1]), count=len(group), event_ids=batch.event_ids[group[:MAX_EVIDENCE]].tolist(),
            facts=newest,
        )  # fmt: skip


def firing_hit(firing: Firing) -> Hit:
    """Return the hit of a correlation: the events that newly take part, under the actor and dataset of the last one.

    The entry's row begins with FACTS.
    """
    facts: Mapping[str, Any] = dict(zip(FACTS, firing.entry.row, strict=False))
    ids = list(dict.fromkeys(event_id for entry in firing.took for event_id in (*entry.also, entry.event_id)))
    return Hit(
        actor=facts["user_name"] or UNATTRIBUTED, dataset=facts["dataset"],
        first=min(entry.ts for entry in firing.took) / 1e6, last=max(entry.ts for entry in firing.took) / 1e6,
        count=len(ids), event_ids=ids, facts=facts, measure=firing.measure,
    )  # fmt: skip
