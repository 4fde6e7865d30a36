"""Which segment holds an event: a binary search over the chain's lines."""

from __future__ import annotations

from typing import BinaryIO

from seqwatch_tui.ledger.chain import Entry, read_line
from seqwatch_tui.ledger.layout import Layout
from seqwatch_tui.ledger.values import LedgerDamaged, Segment


def segment_of(layout: Layout, event_id: int, sealed: int) -> Segment | None:
    """Return the segment, among the first `sealed`, whose range of event ids holds `event_id`, if one does.

    Ids grow from segment to segment; segments without events have no range and are stepped over.
    """
    if not sealed:
        return None
    with layout.chain.open("rb") as file:
        low, high = 1, sealed
        while low <= high:
            middle = (low + high) // 2
            entry = _at_or_before(layout, file, middle, low)
            if entry is None:  # nothing with events between low and middle
                low = middle + 1
            elif entry.first_event_id is None or entry.last_event_id is None or event_id < entry.first_event_id:
                high = entry.segment - 1
            elif event_id > entry.last_event_id:
                low = middle + 1
            else:
                return layout.segment(entry.segment)
    return None


def _at_or_before(layout: Layout, file: BinaryIO, number: int, low: int) -> Entry | None:
    """Return the nearest entry with events at `number` or before it, not before `low`."""
    for candidate in range(number, low - 1, -1):
        line = read_line(file, candidate)
        if line is None:
            raise LedgerDamaged(
                f"{layout.chain}: the line of segment {candidate} is damaged; run `seqwatch ledger verify`"
            )
        if line.entry.first_event_id is not None:
            return line.entry
    return None
