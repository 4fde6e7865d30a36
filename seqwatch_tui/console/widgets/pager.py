"""Text that is read: wrapped to the width, scrolled, searched. The text has passed the client and is never markup."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.strip import Strip

from seqwatch_tui.console.cells import wrap
from seqwatch_tui.console.desk import Desk
from seqwatch_tui.console.widgets.drawn import Span
from seqwatch_tui.console.widgets.lines import Lines

Paragraph = tuple[str, str, str]
"""A label (may be empty), a text that may have several lines, and the role of its style."""
LABEL = 16


class Pager(Lines):
    """Paragraphs with labels in a column of their own."""

    selectable = False

    def __init__(self, desk: Desk, *, id: str | None = None, indent: int = LABEL) -> None:  # noqa: A002
        super().__init__(desk, id=id)
        self._indent = indent
        self._paragraphs: list[Paragraph] = []
        self._lines: list[list[Span]] = []
        self._cells = 0
        self.title = ""
        """A bar above the text when not empty."""

    def fixed(self) -> list[list[Span]]:
        """The bar, if any."""
        return [[(f" {self.title}", "title"), ("", "title")]] if self.title else []

    def show(self, paragraphs: Iterable[Paragraph]) -> bool:
        """Show other paragraphs; return whether anything was drawn."""
        paragraphs = list(paragraphs)
        if paragraphs == self._paragraphs:
            return False
        self._paragraphs = paragraphs
        self._flow()
        self.forget()
        return True

    @property
    def length(self) -> int:
        """Lines at the present width."""
        return len(self._lines)

    def end(self) -> int:
        """Serial number after the last line."""
        return len(self._lines)

    def draw(self, serial: int, cells: int, ground: str) -> Strip:
        """One line."""
        return self.strip(self._lines[serial], cells, ground)

    def text_of(self, serial: int) -> str:
        """One line as text."""
        return "".join(text for text, _ in self._lines[serial]).strip()

    def whole(self) -> str:
        """Everything, unwrapped, for copy."""
        return "\n".join(f"{label}: {text}" if label.strip() else text for label, text, _ in self._paragraphs)

    def on_resize(self, event: events.Resize) -> None:
        """Wrap anew when the width changed."""
        self._reflow()
        super().on_resize(event)

    def render_line(self, y: int) -> Strip:
        """One line, wrapped to the width the widget has now."""
        self._reflow()
        return super().render_line(y)

    def _reflow(self) -> None:
        if self.size.width != self._cells:
            self._flow()
            self._cache.clear()
            self._fit()

    def _flow(self) -> None:
        self._cells = self.size.width
        self._lines = []
        for label, text, role in self._paragraphs:
            indent = 1 + (self._indent if label else 0)
            for number, line in enumerate(self._broken(text, indent)):
                head = f" {label:<{self._indent}}" if label and not number else " " * indent
                self._lines.append([(head, "dim"), (line, role)])

    def _broken(self, text: str, indent: int) -> list[str]:
        room = max(self._cells - indent - 1, 10)
        return [line for part in text.split("\n") for line in wrap(part, room)]


class Detail(Pager, can_focus=False):
    """What is known of a row, in the few lines below its list. Its bar says when that is not all."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.add_class("detail")

    def fixed(self) -> list[list[Span]]:
        """The bar."""
        cut = self.length > self.size.height - 1
        return [[(" detail, cut here: Enter opens it" if cut else " detail", "title"), ("", "title")]]
