"""Correlations on the live stream: per group a sliding window that survives batches, is bounded, and takes late events.

In order, an event costs the same however full its window is. A late one is put in its place and its window is played
again. Events of another time (a back-fill beside the live stream) get a window of their own. What is kept is bounded
(see MAX_TOTAL, timeline.MAX_ENTRIES); what had to go is counted, never silent.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

from seqwatch_tui.detect.rule import Correlation
from seqwatch_tui.detect.timeline import Entry, Firing, Timeline

MAX_TOTAL = 100_000
"""Events kept per correlation over all groups; above that the groups not touched for longest go."""
_TIMELINES = 4


class Windows:
    """The state of one correlation."""

    def __init__(self, correlation: Correlation) -> None:
        self._correlation = correlation
        self._groups: OrderedDict[tuple[Any, ...], list[Timeline]] = OrderedDict()
        self._total = 0
        self.dropped = 0
        """Events given up to stay within bounds; windows that held them may count too few."""

    def add(self, groups: Iterable[tuple[tuple[Any, ...], Sequence[Entry]]]) -> list[Firing]:
        """Take events by group, in any order; return where the correlation holds now that it did not, or with more."""
        firings: list[Firing] = []
        for key, entries in groups:
            timelines = self._groups.setdefault(key, [])
            self._groups.move_to_end(key)
            before = sum(len(timeline.entries) for timeline in timelines)
            for entry in sorted(entries, key=lambda entry: entry.place):
                firings += self._place(timelines, entry).push(entry)
            for timeline in timelines:
                firings += timeline.settle()
                self.dropped += timeline.shrink()
            self._total += sum(len(timeline.entries) for timeline in timelines) - before
        self._evict()
        return firings

    def _place(self, timelines: list[Timeline], entry: Entry) -> Timeline:
        """The timeline within whose reach the event is; else one that is over, else a new one for the least recent."""
        reach = self._correlation.span * 1_000_000
        for timeline in timelines:
            if timeline.first - reach <= entry.ts <= timeline.last + reach:
                return timeline
        if len(timelines) >= _TIMELINES:
            self.dropped += sum(not entry.taken for entry in timelines.pop(0).entries)
        timelines.append(Timeline(self._correlation))
        return timelines[-1]

    def _evict(self) -> None:
        while self._total > MAX_TOTAL and len(self._groups) > 1:
            _, timelines = self._groups.popitem(last=False)
            self._total -= sum(len(timeline.entries) for timeline in timelines)
            self.dropped += sum(len(timeline.entries) for timeline in timelines)
