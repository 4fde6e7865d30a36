"""A table of any columns: an SQL result, the files of a dataset, gaps, actions. Left and right move over wide ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard

from textual import events
from textual.message import Message

from seqwatch_tui.console import when
from seqwatch_tui.console.answers import Panel
from seqwatch_tui.console.cells import width
from seqwatch_tui.console.desk import Desk
from seqwatch_tui.console.rows import FILE_STATE
from seqwatch_tui.console.widgets.drawn import Span
from seqwatch_tui.console.widgets.table import Col, PanelTable

_SAMPLE = 200
_WIDEST = 48
_LEAST = 10
"""Cells below which a column is rather left for the next slide."""


class ResultTable(PanelTable):
    """Columns as wide as the first rows need; those that do not fit are reached with left and right."""

    class Arranged(Message):
        """Other columns may be out of sight than before."""

    def __init__(self, desk: Desk, *, title: str = "", empty: str = "no rows", id: str | None = None) -> None:  # noqa: A002
        super().__init__(desk, (Col(""),), self._cells, title=title, empty=empty, id=id)
        self._skip = 0
        self._names: tuple[str, ...] = ()
        self._wide: tuple[int, ...] = ()
        self.times: frozenset[str] | None = None
        """Names of the columns that hold epoch seconds, where they are known; else names that the engine uses for such."""
        self.beyond = 0
        """Columns to the right that do not fit."""

    @property
    def sides(self) -> str:
        """How many columns are out of sight on either side: `← 1 · 3 more columns →`; empty when there is none."""
        left, right = self._skip, self.beyond
        if not left and not right:
            return ""
        columns = "column" if (right or left) == 1 else "columns"
        if not right:
            return f"← {left} more {columns}"
        return f"{f'← {left} · ' if left else ''}{right} more {columns} →"

    def fixed(self) -> list[list[Span]]:
        """As Table.fixed; a title is followed by the columns out of sight."""
        lines = super().fixed()
        if self.title and self.sides:
            (text, bar), *rest = lines[0]
            lines[0] = [(f"{text} {self.sides} ", bar), *rest]
        return lines

    def show(self, panel: Panel) -> bool:
        """Measure the columns, then show the rows."""
        if panel.columns != self.panel.columns:
            self._skip = 0
        if panel != self.panel:
            self._names = panel.columns
            self._wide = tuple(self._measure(panel, index) for index in range(len(panel.columns)))
            self._arrange()
        return super().show(panel)

    def slide(self, by: int) -> None:
        """Start `by` columns further on."""
        self._skip = min(max(self._skip + by, 0), max(len(self._names) - 1, 0))
        self._arrange()
        self.forget()

    def on_resize(self, event: events.Resize) -> None:
        """More columns may fit now."""
        self._arrange()
        super().on_resize(event)

    def _arrange(self) -> None:
        """Take the columns that fit; the last of them gets what is left."""
        left, taken = (self.size.width or 80) - 1, 0
        for cells in self._wide[self._skip :]:
            if taken and left < min(cells, _LEAST):
                break
            left -= cells + 1
            taken += 1
        end = self._skip + taken
        pairs = list(zip(self._names[self._skip : end], self._wide[self._skip : end], strict=True))
        last = tuple(Col(name) for name, _ in pairs[-1:])
        self.columns = (*(Col(name, cells) for name, cells in pairs[:-1]), *last) or (Col(""),)
        self.beyond = len(self._names) - end
        self.post_message(self.Arranged())

    def _measure(self, panel: Panel, index: int) -> int:
        texts = [self._text(panel.columns[index], row[index]) for row in panel.rows[:_SAMPLE]]
        return min(max(map(width, [panel.columns[index], *texts]), default=1), _WIDEST)

    def _cells(self, row: dict[str, Any]) -> Sequence[Span]:
        return [self._cell(column.title, row[column.title]) for column in self.columns]

    def _cell(self, name: str, value: object) -> Span:
        text = self._text(name, value)
        if value is None:
            return text, "dim"
        if name in ("verdict", "state") and isinstance(value, str):
            return text, FILE_STATE.get(value, value if value in ("pass", "warn", "fail", "unknown") else "text")
        return text, "text"

    def _text(self, name: str, value: object) -> str:
        if value is None:
            return "-"
        if self._is_time(value, name):
            return when.stamp(value, self.desk.zone)[:19]
        return str(value)

    def _is_time(self, value: object, name: str) -> TypeGuard[float]:
        if self.times is None:
            return when.is_time(value, name)
        return name in self.times and isinstance(value, (int, float))
