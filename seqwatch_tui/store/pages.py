"""A page of events for a screen: windows of event numbers bound it, so that it costs the same at any size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from seqwatch_tui.store.filter import Filter
from seqwatch_tui.store.interface import EventsPage, Rows
from seqwatch_tui.store.saved import SavedQuery

LOOK_AT_MOST = 2_000_000
"""Events looked at for one page; a rarer filter wants a saved query or SQL."""
_FIRST_WINDOW = 8_192
_SLOT = "/* filter */"

Run = Callable[[str, dict[str, Any]], Rows]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The newest `limit` events with after < event_id < before that match `wanted`."""

    limit: int
    before: int | None = None
    after: int | None = None
    wanted: Filter = field(default_factory=Filter)


@dataclass(frozen=True, slots=True)
class Pager:
    """Makes pages from the saved queries `events_window` and `events_matched`; `run` runs SQL with `$name` values."""

    window: SavedQuery
    matched: SavedQuery
    run: Run

    def page(self, request: PageRequest, newest: int) -> EventsPage:
        """Return a page, oldest event first; `newest` is the highest event id stored."""
        last = newest if request.before is None else min(newest, request.before - 1)
        lowest = 1 if request.after is None else max(1, request.after + 1)
        columns = self.run(_with(self.window, Filter()), {"first": 1, "last": 0, "limit": 0}).columns
        rows: list[tuple[Any, ...]] = []
        matched, first = 0, last + 1
        for low, high in _windows(lowest, last, _first_window(request)):
            found = self._rows(request, low, high, request.limit - len(rows))
            rows, first = found + rows, low
            matched += self._matched(request.wanted, low, high, len(found))
            if len(rows) >= request.limit:
                break
        cut = matched > len(rows) or first > lowest
        return EventsPage(columns, rows, cut, newest, matched, max(last - first + 1, 0))

    def _rows(self, request: PageRequest, low: int, high: int, limit: int) -> list[tuple[Any, ...]]:
        values = {"first": low, "last": high, "limit": limit, **request.wanted.params}
        return self.run(_with(self.window, request.wanted), values).rows

    def _matched(self, wanted: Filter, low: int, high: int, found: int) -> int:
        if found == high - low + 1:
            return found
        return int(self.run(_with(self.matched, wanted), {"first": low, "last": high, **wanted.params}).rows[0][0])


def _first_window(request: PageRequest) -> int:
    return request.limit if request.wanted.sql == "true" else max(request.limit, _FIRST_WINDOW)


def _with(query: SavedQuery, wanted: Filter) -> str:
    return query.sql.replace(_SLOT, f"and ({wanted.sql})")


def _windows(lowest: int, last: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield windows from the newest down, each four times the one before, until LOOK_AT_MOST events are covered."""
    floor = max(lowest, last - LOOK_AT_MOST + 1)
    while last >= floor:
        low = max(floor, last - size + 1)
        yield low, last
        last, size = low - 1, size * 4
