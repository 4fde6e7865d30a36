"""A widget that draws its own lines from the desk, and a line that repaints only when its content changed."""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from seqwatch_tui.console.cells import fit, width
from seqwatch_tui.console.desk import Desk

Span = tuple[str, str]
"""A text and the role of its style."""


class Drawn(Widget):
    """A widget with the desk at hand; `relook` draws it again under another theme."""

    def __init__(self, desk: Desk, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.desk = desk

    def relook(self) -> None:
        """The theme changed."""
        self.refresh()

    def strip(self, spans: Iterable[Span], cells: int, ground: str = "text") -> Strip:
        """One line of exactly `cells` cells; `ground` is the role of the rest of the line."""
        segments, left = [], cells
        for text, role in spans:
            if left <= 0:
                break
            taken = min(width(text), left)
            segments.append(Segment(fit(text, taken), self.desk.look[role]))
            left -= taken
        if left > 0:
            segments.append(Segment(" " * left, self.desk.look[ground]))
        return Strip(segments, cells)


class Bar(Drawn):
    """Lines of spans that stay until their content changes: header, footer, message."""

    ground = "bar"

    def __init__(self, desk: Desk, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(desk, id=id)
        self._shown: list[list[Span]] = []

    def show(self, lines: list[list[Span]]) -> bool:
        """Draw `lines` if they differ from what is shown; return whether anything was drawn."""
        if lines == self._shown:
            return False
        self._shown = lines
        self.refresh()
        return True

    def render_line(self, y: int) -> Strip:
        """One line, cut to the width."""
        spans = self._shown[y] if y < len(self._shown) else []
        return self.strip(spans, self.size.width, self.ground)
