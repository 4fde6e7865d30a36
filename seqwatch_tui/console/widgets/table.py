"""Rows of cells in columns that fit the width: which columns show, how wide, and what is cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rich.segment import Segment
from textual.strip import Strip

from seqwatch_tui.console.answers import EMPTY, Panel
from seqwatch_tui.console.cells import fit, fit_end, fit_right
from seqwatch_tui.console.desk import Desk
from seqwatch_tui.console.widgets.drawn import Span
from seqwatch_tui.console.widgets.lines import Lines

_NAMES = ("event_id", "alert_id", "action_id", "gap_id", "kind", "id", "dataset", "path", "name")
"""Columns that name a row."""


@dataclass(frozen=True, slots=True)
class Col:
    """One column: `cells` wide (0 = a share of what is left), shown when the list is at least `least` wide."""

    title: str
    cells: int = 0
    least: int = 0
    keep: str = "start"
    """Which part of a long text stays: `start`, `end`, or `right` for numbers aligned to the right."""
    share: int = 1
    most: int = 100_000
    """Not shown when the list is wider than this."""


_FITTERS: dict[str, Callable[[str, int], str]] = {"start": fit, "end": fit_end, "right": fit_right}


@lru_cache(maxsize=64)
def widths(columns: tuple[Col, ...], cells: int) -> tuple[int, ...]:
    """Width of every column in a list `cells` wide, 0 for one that is not shown; one space between, one before."""
    shown = [column for column in columns if column.least <= cells <= column.most]
    rest = cells - 1 - sum(column.cells for column in shown) - max(len(shown) - 1, 0)
    shares = sum(column.share for column in shown if not column.cells)
    given = {c: c.cells or max(rest * c.share // max(shares, 1), 1) for c in shown}
    spare = rest - sum(given[c] for c in shown if not c.cells)
    flexible = [c for c in shown if not c.cells]
    if flexible:
        given[flexible[-1]] += max(spare, 0)
    return tuple(given.get(column, 0) for column in columns)


class Table(Lines):
    """Lines made of cells; a kind of table gives `cells_of` a row."""

    columns: tuple[Col, ...] = ()
    title = ""
    """Shown in a bar of its own above the headings when not empty."""
    compact = False
    """Title and headings share one line: where rows are dear."""

    def cells_of(self, serial: int) -> Sequence[Span]:
        """The cells of one row, each with the role of its style; one per column."""
        raise NotImplementedError

    def headings(self) -> tuple[Col, ...]:
        """The columns as headed now."""
        return self.columns

    def fixed(self) -> list[list[Span]]:
        """The title bar, if any, and the headings; one line for both when `compact`."""
        lines: list[list[Span]] = []
        title, bar = f" {self.title} ", "focused" if self.has_focus else "title"
        words = self._heading_words()
        if self.title and self.compact:
            return [[(title, bar), (_after(words, len(title)), "heading"), ("", "heading")]]
        if self.title:
            lines.append([(title, bar), ("", "title")])
        if words:
            lines.append([(_after(words, 0), "heading"), ("", "heading")])
        return lines

    def _heading_words(self) -> list[tuple[int, str]]:
        """The headings that show, each with the cell it begins at."""
        at, words = 1, []
        for column, cells in zip(self.headings(), widths(self.columns, self.size.width), strict=True):
            if cells:
                word = _FITTERS["right" if column.keep == "right" else "start"](column.title, cells)
                words.append((at + len(word) - len(word.lstrip()), word.strip()))
                at += cells + 1
        return [(start, word) for start, word in words if word]

    def draw(self, serial: int, cells: int, ground: str) -> Strip:
        """The cells side by side; neighbours of one style become one segment."""
        segments: list[Segment] = []
        text, role = " ", "text"
        shown = zip(self.columns, widths(self.columns, cells), self.cells_of(serial), strict=True)
        for column, given, (cell, cell_role) in shown:
            if not given:
                continue
            fitted = _FITTERS[column.keep](cell, given) + " "
            if cell_role == role or not fitted.strip():
                text += fitted
            else:
                segments.append(Segment(text, self.style_on(role, ground)))
                text, role = fitted, cell_role
        segments.append(Segment(text, self.style_on(role, ground)))
        return Strip(segments).adjust_cell_length(cells, self.style_on("text", ground))

    def style_on(self, role: str, ground: str) -> Any:
        """The style of a role on a ground: under the cursor the ground wins."""
        look = self.desk.look
        if ground == "cursor":
            return look["cursor"]
        return look[role] if ground == "text" else look[role] + look["over.resting"]

    def text_of(self, serial: int) -> str:
        """All cells, whole, also those that are not shown."""
        return "  ".join(text.strip() for text, _ in self.cells_of(serial) if text.strip())


class PanelTable(Table):
    """A table of a panel's rows; `shape` turns a row into cells. Filters by plain words on this side."""

    def __init__(
        self, desk: Desk, columns: tuple[Col, ...], shape: Callable[[dict[str, Any]], Sequence[Span]],
        *, title: str = "", empty: str = "nothing here", id: str | None = None,  # noqa: A002
    ) -> None:  # fmt: skip
        super().__init__(desk, id=id)
        self.columns, self._shape = columns, shape
        self.name_, self.title, self.empty = title, title, empty
        self.panel = EMPTY
        self.rows: list[dict[str, Any]] = []
        self.words = ""
        self.held = False
        """Somebody has chosen the row under the cursor: the cursor stays on it, also on the first."""

    def go(self, serial: int) -> None:
        """As Lines.go; from now on the cursor stays on the row."""
        self.held = True
        super().go(serial)

    def show(self, panel: Panel) -> bool:
        """Show another panel; return whether anything was drawn."""
        if panel == self.panel:
            return False
        self.panel = panel
        self._sift()
        return True

    def sift(self, words: str) -> None:
        """Keep the rows that hold every word (`!word`: do not hold it)."""
        if words != self.words:
            self.words = words
            self._sift()

    @property
    def hidden(self) -> int:
        """Rows that the filter hides."""
        return len(self.panel.rows) - len(self.rows)

    def row(self) -> dict[str, Any] | None:
        """The row under the cursor, None when there is none."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def end(self) -> int:
        """One line for an empty table: it says so."""
        return len(self.rows) or 1

    def cells_of(self, serial: int) -> Sequence[Span]:
        """The cells of one row."""
        return self._shape(self.rows[serial]) if self.rows else [("", "dim")] * len(self.columns)

    def draw(self, serial: int, cells: int, ground: str) -> Strip:
        """A row, or the sentence of an empty table."""
        if self.rows:
            return super().draw(serial, cells, ground)
        hidden = f"no row matches the filter; {self.hidden} hidden" if self.hidden else self.empty
        return self.strip([(f" {hidden}", "dim")], cells)

    def text_of(self, serial: int) -> str:
        """As Table.text_of; an empty table has no text."""
        return super().text_of(serial) if self.rows else ""

    def _sift(self) -> None:
        before = self.row()
        self._fill()
        if before is not None and (self.cursor or self.held):
            same = (n for n, row in enumerate(self.rows) if _identity(row) == _identity(before))
            self.cursor = next(same, self.cursor)
        self.forget()

    def _fill(self) -> None:
        rows = [dict(zip(self.panel.columns, row, strict=False)) for row in self.panel.rows]
        self.rows = [row for row in rows if holds(" ".join(map(str, row.values())), self.words)]
        if self.name_:
            more = self.panel.total - len(self.panel.rows)
            count = f"{len(self.rows)}" if not self.hidden else f"{len(self.rows)} of {len(self.panel.rows)}"
            self.title = f"{self.name_}  {count}" + (f" and {more} more" if more > 0 else "")


def _identity(row: dict[str, Any]) -> tuple[object, ...]:
    """What stays the same when a row moves: the cursor stays on the dataset, not on the line."""
    return tuple(row.get(name) for name in _NAMES)


def _after(words: list[tuple[int, str]], start: int) -> str:
    """The words at their places, as a line that begins at cell `start`; those that begin before it are left out."""
    line = ""
    for at, word in words:
        if at >= start + len(line) + bool(line or start):
            line = line.ljust(at - start) + word
    return line


def holds(text: str, words: str) -> bool:
    """Whether `text` holds every word of `words`, and none that is written `!word`; case does not matter."""
    text = text.casefold()
    return all((word.lstrip("!") in text) != word.startswith("!") for word in words.casefold().split())
