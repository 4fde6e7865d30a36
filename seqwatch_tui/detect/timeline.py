"""One group's events in time order under a sliding window: the arithmetic of correlations, no groups, no batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from seqwatch_tui.detect.rule import MAX_THRESHOLD, Correlation

MAX_ENTRIES = 4 * MAX_THRESHOLD
"""Events kept; above that the last of each value (value_count), or the newer half and the last of each rule, stay."""


@dataclass(slots=True)
class Entry:
    """An event that a correlation looks at; `ts` is microseconds, `stage` the position of its rule there."""

    ts: int
    stage: int
    event_id: int
    row: tuple[Any, ...]
    """Whatever the caller wants back."""
    value: Any = None
    """Of the counted field."""
    also: tuple[int, ...] = ()
    """Event ids that stand behind this one, when it is a hit of another correlation."""
    taken: bool = False
    """It took part in a firing."""
    fired: bool = False
    """The correlation held at it."""


class Firing(NamedTuple):
    """The correlation holds at `entry`: the events that newly take part, and the value compared with the threshold."""

    entry: Entry
    took: tuple[Entry, ...]
    measure: int
    new: bool
    """It did not hold at this entry before."""


def place(entry: Entry) -> tuple[int, int]:
    """Where an event stands in time; of one instant, the earlier stage first."""
    return entry.ts, entry.stage


class Timeline:
    """The window over one group's events. `entries` reach one span further back than the window, for late events."""

    __slots__ = ("_at_least", "_counting", "_kind", "_last", "_left", "_mark", "_span", "_starts", "_values", "entries")

    def __init__(self, correlation: Correlation) -> None:
        self.entries: list[Entry] = []
        self._kind, self._at_least = correlation.kind, correlation.at_least
        self._counting = correlation.kind == "value_count"
        self._span = correlation.span * 1_000_000
        self._start()

    def _start(self) -> None:
        self.entries = []
        self._left = 0
        self._mark = 0  # entries before it were taken, or had left the window when it last fired
        self._values: dict[Any, int] = {}
        self._last: dict[int, int] = {}  # stage to ts of its last event
        self._starts: dict[int, int] = {}  # stage to the latest ts of stage 0 from which it was reached in order

    @property
    def first(self) -> int:
        """Microseconds from which on an event can still be put in its place: two spans before the newest."""
        return self.entries[-1].ts - 2 * self._span

    @property
    def last(self) -> int:
        """Microseconds up to which an event has something to do with those before: a span after the newest."""
        return self.entries[-1].ts + self._span

    def add(self, entries: Sequence[Entry]) -> list[Firing]:
        """Take events in order of `place`; late ones are put in their places and the window is played again."""
        newest = place(self.entries[-1]) if self.entries else (entries[0].ts, 0)
        if place(entries[0]) >= newest:
            return list(self._advance(entries))
        again = sorted([*self.entries, *entries], key=place)
        return self._replay(again)

    def shrink(self) -> int:
        """Give up what is no longer needed, and what is too much; return how many events not yet taken had to go."""
        self._trim()
        if len(self.entries) <= MAX_ENTRIES:
            return 0
        kept = self._essential()
        stay = set(map(id, kept))
        dropped = sum(not entry.taken for entry in self.entries if id(entry) not in stay)
        self._replay(kept)
        return dropped

    def _trim(self) -> None:
        """Forget what lies more than two spans back, when that is half of all."""
        half = len(self.entries) // 2
        if half and half < self._left and self.entries[half].ts < self.entries[-1].ts - 2 * self._span:
            del self.entries[:half]
            self._left -= half
            self._mark = max(0, self._mark - half)

    def _essential(self) -> list[Entry]:
        last = {(entry.value if self._counting else entry.stage): index for index, entry in enumerate(self.entries)}
        keep = set(last.values())
        if not self._counting:
            keep |= set(range(len(self.entries) - MAX_ENTRIES // 2, len(self.entries)))
        return [self.entries[index] for index in sorted(keep)[-MAX_ENTRIES // 2 :]]

    def _replay(self, entries: Sequence[Entry]) -> list[Firing]:
        self._start()
        return [firing for firing in self._advance(entries) if firing.new or firing.took]

    def _advance(self, new: Sequence[Entry]) -> Iterator[Firing]:
        """Move the window over events in order. One loop on local names: it runs for every event that matches."""
        entries, values, span = self.entries, self._values, self._span
        left = self._left
        for entry in new:
            entries.append(entry)
            floor = entry.ts - span
            while entries[left].ts < floor:
                self._forget(entries[left].value)
                left += 1
            value = entry.value
            if value is not None:
                values[value] = values.get(value, 0) + 1
            measure = len(values) if self._counting else self._measure(entry, len(entries) - left, floor)
            if measure >= self._at_least:
                yield self._fire(entry, left, measure)
        self._left = left

    def _forget(self, value: Any) -> None:
        if value is not None:
            if self._values[value] == 1:
                del self._values[value]
            else:
                self._values[value] -= 1

    def _measure(self, entry: Entry, inside: int, floor: int) -> int:
        if self._kind == "event_count":
            return inside
        self._last[entry.stage] = entry.ts
        start = entry.ts if entry.stage == 0 else self._starts.get(entry.stage - 1)
        if start is not None:
            self._starts[entry.stage] = start
        if self._kind == "temporal":
            return sum(ts >= floor for ts in self._last.values())
        done = entry.stage == self._at_least - 1 and self._starts.get(entry.stage, floor - 1) >= floor
        return self._at_least if done else 0

    def _fire(self, entry: Entry, left: int, measure: int) -> Firing:
        start = max(left, self._mark)
        since = (entry,) if start == len(self.entries) - 1 else self.entries[start:]
        took = tuple([each for each in since if not each.taken])
        for each in took:
            each.taken = True
        self._mark = len(self.entries)
        new, entry.fired = not entry.fired, True
        return Firing(entry, took, measure, new)
