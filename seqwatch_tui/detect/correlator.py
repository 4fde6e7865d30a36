"""Correlations over a batch: the rows of plain rules and the firings of other correlations, into windows by group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from seqwatch_tui.detect.fields import FIELDS
from seqwatch_tui.detect.hits import KNOWN, Batch
from seqwatch_tui.detect.matching import Hits
from seqwatch_tui.detect.rule import Correlation, Rule
from seqwatch_tui.detect.slots import has_slot, slots
from seqwatch_tui.detect.timeline import Entry, Firing
from seqwatch_tui.detect.windows import Windows

Matched = Mapping[str, Hits]
"""Rule id of a plain rule to where it holds."""


class Correlator:
    """The windows of all correlations of a rule set."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._bodies = {rule.rule_id: rule.body for rule in rules if isinstance(rule.body, Correlation)}
        self._rules = {rule.rule_id: rule for rule in rules}
        named = [name for body in self._bodies.values() for name in slots(body, self._rules)]
        self._names = tuple(dict.fromkeys([*KNOWN, *named]))
        self._place = {name: index for index, name in enumerate(self._names)}
        self._windows = {rule_id: Windows(body) for rule_id, body in self._bodies.items()}

    @property
    def asked(self) -> tuple[str, ...]:
        """Fields that are no columns of events: views have to give them."""
        return tuple(name for name in self._names if name not in FIELDS)

    @property
    def feeding(self) -> frozenset[str]:
        """Ids of the rules that correlations refer to."""
        return frozenset(name for body in self._bodies.values() for name in body.rules)

    @property
    def dropped(self) -> int:
        """Events given up to stay within bounds since the start."""
        return sum(windows.dropped for windows in self._windows.values())

    @property
    def held(self) -> int:
        """Events kept in all windows."""
        return sum(windows.held for windows in self._windows.values())

    def passed(self, before: int) -> None:
        """Give up windows that have passed: all events now come after `before` (microseconds)."""
        for windows in self._windows.values():
            windows.passed(before)

    @property
    def longest(self) -> int:
        """Seconds of events that have to be replayed for every window to be as full as it was."""
        return max(map(self._reach, self._bodies), default=0)

    def _reach(self, rule_id: str) -> int:
        body = self._bodies.get(rule_id)
        return body.span + max(map(self._reach, body.rules)) if body else 0

    def feed(self, rule_id: str, batch: Batch, matched: Matched, fired: Mapping[str, list[Firing]]) -> list[Firing]:
        """Give one correlation what this batch holds for it; `fired` has the firings of those before it."""
        body = self._bodies[rule_id]
        groups: dict[tuple[Any, ...], list[Entry]] = defaultdict(list)
        for stage, source in enumerate(body.rules):
            keys = [self._place[body.source(name, source)] for name in body.group_by]
            value = self._place[body.source(body.field, source)] if body.field else None
            for entry in self._entries(stage, source, batch, matched, fired):
                row = entry.row
                entry.value = None if value is None else row[value]
                groups[tuple([row[key] for key in keys])].append(entry)
        return self._windows[rule_id].add(groups.items()) if groups else []

    def _entries(
        self, stage: int, source: str, batch: Batch, matched: Matched, fired: Mapping[str, list[Firing]]
    ) -> Iterator[Entry]:
        for firing in fired.get(source, ()):
            if firing.new:
                at = firing.entry
                behind = tuple(event_id for entry in firing.took for event_id in (*entry.also, entry.event_id))
                yield Entry(at.ts, stage, at.event_id, at.row, also=behind)
        hits = matched.get(source)
        if hits is not None:
            times, ids = batch.ts[hits.rows].tolist(), batch.event_ids[hits.rows].tolist()
            rows = zip(*(self._values(source, name, batch, hits) for name in self._names), strict=True)
            for ts, event_id, row in zip(times, ids, rows, strict=True):
                yield Entry(ts, stage, event_id, row)

    def _values(self, source: str, name: str, batch: Batch, hits: Hits) -> list[Any]:
        """What a rule's hits have in one slot."""
        if name in FIELDS:
            return batch.values(name, hits.rows)
        if not has_slot(self._rules[source], name):
            return [None] * len(hits.at)
        column = hits.view[name]
        return [None if value is None else str(value) for value in column.at(column.codes[hits.at])]
