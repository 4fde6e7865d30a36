"""One group's events in time order under a sliding window: the arithmetic of correlations, no groups, no batches."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from seqwatch_tui.detect.rule import MAX_THRESHOLD, Correlation

MAX_ENTRIES = 4 * MAX_THRESHOLD
"""Events kept; above that the last of each value (value_count), or the newer half and the last of each rule, stay."""


@dataclass(slots=True)
class Entry:
    """An event that a correlation looks at; `ts` is microseconds, `stage` the position of its rule there."""

    ts: int
    stage: int
    event_id: int
    value: Any = None
    """Of the counted field."""
    row: Any = None
    """Whatever the caller wants back."""
    also: tuple[int, ...] = ()
    """Event ids that stand behind this one, when it is a hit of another correlation."""
    taken: bool = False
    """It took part in a firing."""
    fired: bool = False
    """The correlation held at it."""

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in time; of one instant, the earlier stage first."""
        return self.ts, self.stage


@dataclass(frozen=True, slots=True)
class Firing:
    """The correlation holds at `entry`: the events that newly take part, and the value compared with the threshold."""

    entry: Entry
    took: tuple[Entry, ...]
    measure: int
    new: bool
    """It did not hold at this entry before."""


@dataclass(slots=True)
class Timeline:
    """The window over one group's events. `entries` reach one span further back than the window, for late events."""

    correlation: Correlation
    entries: list[Entry] = field(default_factory=list)
    _late: list[Entry] = field(default_factory=list)
    _left: int = 0
    _mark: int = 0
    """Entries before it have been taken, or had left the window when it last fired."""
    _values: Counter[Any] = field(default_factory=Counter)
    _last: dict[int, int] = field(default_factory=dict)
    """Stage to ts of its last event."""
    _starts: dict[int, int] = field(default_factory=dict)
    """Stage to the latest ts of stage 0 from which the stages up to it followed in order."""

    @property
    def first(self) -> int:
        """Microseconds of the oldest event kept."""
        return self.entries[0].ts if self.entries else (self._late[0].ts if self._late else 0)

    @property
    def last(self) -> int:
        """Microseconds of the newest event."""
        return self.entries[-1].ts if self.entries else (self._late[-1].ts if self._late else 0)

    def push(self, entry: Entry) -> list[Firing]:
        """Take an event. A late one is kept aside until `settle`."""
        if self.entries and entry.place < self.entries[-1].place:
            self._late.append(entry)
            return []
        firing = self._advance(entry)
        return [firing] if firing else []

    def settle(self) -> list[Firing]:
        """Put late events in their places and play the window again; return what that adds."""
        if not self._late:
            return []
        again = sorted([*self.entries, *self._late], key=lambda entry: entry.place)
        self._late = []
        return self._replay(again)

    def shrink(self) -> int:
        """Give up what is no longer needed, and what is too much; return how many events not yet taken had to go."""
        reach = self.last - 2 * self.correlation.span * 1_000_000
        over = next((i for i, entry in enumerate(self.entries[: self._left]) if entry.ts >= reach), self._left)
        if over > len(self.entries) // 2:
            del self.entries[:over]
            self._left -= over
            self._mark = max(0, self._mark - over)
        if len(self.entries) <= MAX_ENTRIES:
            return 0
        kept = self._essential()
        lost = {id(entry) for entry in kept}
        dropped = sum(not entry.taken for entry in self.entries if id(entry) not in lost)
        self._replay(kept)
        return dropped

    def _essential(self) -> list[Entry]:
        counts_values = self.correlation.kind == "value_count"
        last = {(entry.value if counts_values else entry.stage): index for index, entry in enumerate(self.entries)}
        keep = set(last.values())
        if not counts_values:
            keep |= set(range(len(self.entries) - MAX_ENTRIES // 2, len(self.entries)))
        return [self.entries[index] for index in sorted(keep)[-MAX_ENTRIES // 2 :]]

    def _replay(self, entries: list[Entry]) -> list[Firing]:
        self.entries, self._left, self._mark = [], 0, 0
        self._values, self._last, self._starts = Counter(), {}, {}
        firings = [firing for entry in entries if (firing := self._advance(entry))]
        return [firing for firing in firings if firing.new or firing.took]

    def _advance(self, entry: Entry) -> Firing | None:
        self.entries.append(entry)
        floor = entry.ts - self.correlation.span * 1_000_000
        while self.entries[self._left].ts < floor:
            self._forget(self.entries[self._left].value)
            self._left += 1
        if entry.value is not None:
            self._values[entry.value] += 1
        self._follow(entry)
        measure = self._measure(entry, floor)
        return self._fire(entry, measure) if measure >= self.correlation.at_least else None

    def _forget(self, value: Any) -> None:
        if value is not None:
            self._values[value] -= 1
            if not self._values[value]:
                del self._values[value]

    def _follow(self, entry: Entry) -> None:
        self._last[entry.stage] = entry.ts
        start = entry.ts if entry.stage == 0 else self._starts.get(entry.stage - 1)
        if start is not None:
            self._starts[entry.stage] = start

    def _measure(self, entry: Entry, floor: int) -> int:
        match self.correlation.kind:
            case "event_count":
                return len(self.entries) - self._left
            case "value_count":
                return len(self._values)
            case "temporal":
                return sum(ts >= floor for ts in self._last.values())
            case "temporal_ordered":
                done = (
                    entry.stage == len(self.correlation.rules) - 1 and self._starts.get(entry.stage, floor - 1) >= floor
                )
                return self.correlation.at_least if done else 0

    def _fire(self, entry: Entry, measure: int) -> Firing:
        took = tuple(each for each in self.entries[max(self._left, self._mark) :] if not each.taken)
        for each in took:
            each.taken = True
        self._mark = len(self.entries)
        new, entry.fired = not entry.fired, True
        return Firing(entry, took, measure, new)
