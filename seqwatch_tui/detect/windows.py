"""Correlations on the live stream: per group a sliding window that survives batches, is bounded, and takes late events.

In order, an event costs the same however full its window is. A late one is put in its place and its window is played
again. Events of another time (a back-fill beside the live stream) get a window of their own. What is kept is bounded
(see MAX_TOTAL, timeline.MAX_ENTRIES); what had to go is counted, never silent. What has passed goes uncounted
(see PASSED_KEPT): no window reaches it any more, and a restart would not bring it back.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from seqwatch_tui.detect.rule import Correlation
from seqwatch_tui.detect.timeline import Entry, Firing, Timeline, place

MAX_TOTAL = 100_000
"""Events kept per correlation over all groups; above that the groups not touched for longest go."""
PASSED_KEPT = 5_000
"""Events kept per correlation for those that come late although their time has passed (see `Windows.passed`)."""
_TIMELINES = 4
"""Stretches of time kept per group: the current one, and those of back-fills that run beside it."""


class Windows:
    """The state of one correlation."""

    def __init__(self, correlation: Correlation) -> None:
        self._correlation = correlation
        self._groups: OrderedDict[tuple[Any, ...], list[Timeline]] = OrderedDict()
        self._total = 0
        self.dropped = 0
        """Events given up to stay within bounds; windows that held them may count too few."""

    def add(self, groups: Iterable[tuple[tuple[Any, ...], list[Entry]]]) -> list[Firing]:
        """Take events by group, in any order; return where the correlation holds now that it did not, or with more."""
        firings: list[Firing] = []
        for key, entries in groups:
            timelines = self._groups.setdefault(key, [])
            self._groups.move_to_end(key)
            before = _held(timelines)
            entries.sort(key=place)
            while entries:
                timeline, near = self._near(timelines, entries)
                firings += timeline.add(near)
                self.dropped += timeline.shrink()
            self._total += _held(timelines) - before
        self._evict()
        return firings

    def passed(self, before: int) -> None:
        """Give up groups whose windows have passed; all events now come after `before` (microseconds).

        An event may be late by two spans, as `Timeline.first` has it. The groups touched last stay whatever the time.
        """
        long_ago = before - 3 * self._correlation.span * 1_000_000
        while self._total > PASSED_KEPT:
            timelines = next(iter(self._groups.values()))
            if any(timeline.entries[-1].ts >= long_ago for timeline in timelines):
                return
            self._groups.popitem(last=False)
            self._total -= _held(timelines)

    @property
    def held(self) -> int:
        """Events kept over all groups."""
        return self._total

    def _near(self, timelines: list[Timeline], entries: list[Entry]) -> tuple[Timeline, list[Entry]]:
        """Take from the front of `entries` what one timeline can take at once; return both."""
        timeline = self._timeline(timelines, entries[0].ts)
        reach = entries[0].ts + self._correlation.span * 1_000_000
        end = len(entries)
        if entries[-1].ts > reach:
            end = next(index for index, entry in enumerate(entries) if entry.ts > reach)
        near = entries[:end]
        del entries[:end]
        return timeline, near

    def _timeline(self, timelines: list[Timeline], ts: int) -> Timeline:
        """The timeline whose stretch of time `ts` is in; else a new one in place of the one not used for longest.

        Timelines stand in the order of their last use.
        """
        fitting = [timeline for timeline in timelines if timeline.first <= ts <= timeline.last]
        found = max(fitting, key=lambda timeline: timeline.last, default=None)
        if found is None:
            found = Timeline(self._correlation)
            del timelines[: max(0, len(timelines) - _TIMELINES + 1)]
        else:
            timelines.remove(found)
        timelines.append(found)
        return found

    def _evict(self) -> None:
        while self._total > MAX_TOTAL and len(self._groups) > 1:
            _, timelines = self._groups.popitem(last=False)
            self._total -= _held(timelines)
            self.dropped += sum(not entry.taken for timeline in timelines for entry in timeline.entries)


def _held(timelines: list[Timeline]) -> int:
    return sum(len(timeline.entries) for timeline in timelines)
