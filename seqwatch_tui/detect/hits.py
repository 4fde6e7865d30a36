"""Rows of a batch that matched, to hits per actor and dataset (plain rules); firings of correlations to hits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.detect.coded import Columns
from seqwatch_tui.detect.folding import MAX_EVIDENCE, UNATTRIBUTED, Hit
from seqwatch_tui.detect.matcher import Rows
from seqwatch_tui.detect.rule import Rule
from seqwatch_tui.detect.summary import words_of
from seqwatch_tui.detect.timeline import Firing

FACTS = (
    "user_name", "role", "dataset", "src_ip", "process", "exe", "path", "action", "outcome", "command_line", "reason",
    "context",
)  # fmt: skip
"""Columns that an alert's sentence can speak of."""
OWNER = ("user_name", "dataset")
"""Columns that say whose alert it is."""
_ASKED = (*OWNER, "src_ip")
"""Columns that are looked at whatever the sentence says."""
KNOWN = (*OWNER, "exe", "uid_name")
"""Columns that decide whether a hit is quiet; the rows of a correlation's entries begin with them."""


class Batch:
    """A batch of events with its columns decoded on demand, once, and only for the rows that matched."""

    def __init__(self, events: pa.Table) -> None:
        self.table = events
        self.columns = Columns(events)

    @cached_property
    def ts(self) -> Rows:
        """Microseconds since the epoch, UTC."""
        return np.asarray(pc.fill_null(self.table.column("ts").cast(pa.int64()), 0).to_numpy(), np.int64)

    @cached_property
    def event_ids(self) -> Rows:
        """The final event ids."""
        return np.asarray(self.table.column("event_id").to_numpy(), np.int64)

    @cached_property
    def places(self) -> Mapping[int, int]:
        """Event id to row."""
        ids = self.event_ids
        if len(ids) and (np.diff(ids) == 1).all():
            first = int(ids[0])
            return _Through(range(first, first + len(ids)))
        return {event_id: row for row, event_id in enumerate(ids.tolist())}

    def values(self, name: str, rows: Rows) -> list[Any]:
        """Return the values of a column at `rows`, None for null."""
        column = self.columns[name]
        return column.at(column.codes[rows])

    def rows(self, names: Sequence[str], rows: Rows) -> list[tuple[Any, ...]]:
        """Return the values of the columns `names` at `rows`, one tuple a row."""
        return list(zip(*(self.values(name, rows) for name in names), strict=True))


class _Through(Mapping[int, int]):
    """The place of each number of a range."""

    def __init__(self, numbers: range) -> None:
        self._numbers = numbers

    def __getitem__(self, number: int) -> int:
        if number not in self._numbers:
            raise KeyError(number)
        return number - self._numbers.start

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


def plain_hits(batch: Batch, rows: Rows, rule: Rule) -> Iterator[Hit]:
    """Yield a plain rule's hits: its rows by actor and dataset, apart where more than its `fold` seconds lie between."""
    rows, first, last = _runs(batch, rows, rule.fold)
    ts, event_ids = batch.ts[rows], batch.event_ids[rows].tolist()
    spoken = words_of(rule.summary)
    names = (*_ASKED, *(name for name in FACTS if name in spoken and name not in _ASKED))
    newest = [dict(zip(names, row, strict=True)) for row in batch.rows(names, rows[last])]
    begin, finish = (ts[first] / 1e6).tolist(), (ts[last] / 1e6).tolist()
    for facts, since, until, start, end in zip(newest, begin, finish, first.tolist(), (last + 1).tolist(), strict=True):
        ids = event_ids[start : min(end, start + MAX_EVIDENCE)]
        yield Hit(facts["user_name"] or UNATTRIBUTED, facts["dataset"], since, until, end - start, ids, facts)


def _runs(batch: Batch, rows: Rows, fold: int) -> tuple[Rows, Rows, Rows]:
    """Sort rows by actor, dataset and time; return them with the first and last position of each run."""
    if len(rows) == 1:
        return rows, np.zeros(1, np.int64), np.zeros(1, np.int64)
    actors, datasets = batch.columns["user_name"], batch.columns["dataset"]
    key = actors.codes[rows] * (datasets.size + 1) + datasets.codes[rows]
    ts = batch.ts[rows]
    order = np.lexsort((ts, key))
    apart = (key[order][1:] != key[order][:-1]) | (ts[order][1:] - ts[order][:-1] > fold * 1_000_000)
    starts = np.flatnonzero(apart) + 1
    return rows[order], np.concatenate(([0], starts)), np.concatenate((starts - 1, [len(rows) - 1]))


def firing_hits(batch: Batch, firings: Sequence[Firing], fold: int) -> Iterator[Hit]:
    """Yield a correlation's hits: the events that newly take part, by actor and dataset of where it held.

    An entry's row begins with KNOWN, and so with OWNER. Firings more than `fold` seconds apart are hits of their own.
    """
    groups: dict[tuple[Any, ...], list[list[Firing]]] = {}
    for firing in sorted((each for each in firings if each.took), key=lambda each: each.entry.ts):
        runs = groups.setdefault(firing.entry.row[: len(OWNER)], [])
        if runs and firing.took[0].ts - runs[-1][-1].entry.ts <= fold * 1_000_000:
            runs[-1].append(firing)
        else:
            runs.append([firing])
    for (actor, dataset), runs in groups.items():
        for run in runs:
            yield _firing_hit(batch, actor or UNATTRIBUTED, dataset, run)


def _firing_hit(batch: Batch, actor: str, dataset: str | None, run: Sequence[Firing]) -> Hit:
    took = [entry for firing in run for entry in firing.took]
    ids = list(dict.fromkeys(event_id for entry in took for event_id in (*entry.also, entry.event_id)))
    times = [entry.ts / 1e6 for entry in took]
    here = [entry for entry in (*(firing.entry for firing in run), *took) if entry.event_id in batch.places]
    newest = max(here, key=lambda entry: entry.ts, default=None)
    facts: Mapping[str, Any] = {}
    if newest is not None:
        facts = dict(zip(FACTS, batch.rows(FACTS, np.array([batch.places[newest.event_id]]))[0], strict=True))
    return Hit(actor, dataset, min(times), max(times), len(ids), ids, facts, max(firing.measure for firing in run))
