"""The live list of events: follows the newest row, or stands still while the operator looks."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from seqwatch_tui.console import rows, when
from seqwatch_tui.console.desk import Desk
from seqwatch_tui.console.widgets.drawn import Span
from seqwatch_tui.console.widgets.table import Col, Table


class EventList(Table):
    """Draws the desk's event window. While following there is no cursor: the newest row is the current one."""

    columns = rows.EVENTS

    def __init__(self, desk: Desk, *, id: str | None = None, titled: bool = False) -> None:  # noqa: A002
        super().__init__(desk, id=id)
        self._titled = titled
        self._generation = desk.window.generation
        self._drawn_end = desk.window.end
        self._said = ""

    @property
    def title(self) -> str:  # type: ignore[override]
        """The bar above the headings, in the overview."""
        if not self._titled:
            return ""
        paused = "" if self.desk.following else "  paused"  # how many came is in the header
        return f"1 Events{'  ' + self.desk.filter if self.desk.filter else ''}{paused}"

    @property
    def shows_cursor(self) -> bool:
        """Only while paused."""
        return not self.desk.following

    def begin(self) -> int:
        """Serial number of the oldest row in memory."""
        return self.desk.window.first

    def end(self) -> int:
        """Serial number after the newest row in memory."""
        return self.desk.window.end

    def headings(self) -> tuple[Col, ...]:
        """The column of times names its zone."""
        name = f"time {when.offset(self.desk.now, self.desk.zone)}"
        return (Col(name, 12, least=50), *self.columns[1:])

    def cells_of(self, serial: int) -> Sequence[Span]:
        """The cells of one event."""
        return rows.event(self.desk, self.row_at(serial))

    def row_at(self, serial: int) -> rows.Row:
        """One event as a mapping from column to value."""
        window = self.desk.window
        return dict(zip(window.columns, window.row(serial), strict=False))

    def row(self) -> rows.Row | None:
        """The current event: under the cursor, or the newest while following."""
        if self.begin() == self.end():
            return None
        return self.row_at(self.end() - 1 if self.desk.following else self.cursor)

    def arrived(self) -> bool:
        """Take in what changed in the window; return whether anything was drawn."""
        window = self.desk.window
        old_end, self._drawn_end = self._drawn_end, window.end
        if self._generation != window.generation or (self._said and self._said != self._empty()):
            self._generation = window.generation
            self.tail()
            return True
        if old_end == window.end or not self.desk.following:
            return False
        old_top = self.top
        self.cursor = window.end - 1
        self.top = max(window.end - self.room, window.first)
        return self.scroll_from(old_top, range(old_end, window.end))

    def tail(self) -> None:
        """Show the newest rows."""
        self.cursor = max(self.end() - 1, self.begin())
        self.forget()

    def render_line(self, y: int) -> Strip:
        """As Lines.render_line; an empty list says so in its first line."""
        self._said = self._empty()
        if self._said and y == self.head:
            return self.strip([(f" {self._said}", "dim")], self.size.width)
        return super().render_line(y)

    def _empty(self) -> str:
        """What an empty list says, nothing while there are rows."""
        if self.begin() < self.end():
            return ""
        if self.desk.snapshot is None:
            return "waiting for the engine"
        return "no event matches the filter" if self.desk.filter else "no events yet"
