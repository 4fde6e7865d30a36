"""What the arrow keys do: the list or text with the keyboard moves, and the live list pauses or follows with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqwatch_tui.console.widgets.events import EventList
from seqwatch_tui.console.widgets.result import ResultTable

if TYPE_CHECKING:
    from seqwatch_tui.console.app import Console


class Cursor:
    """Moves in whatever the view on top shows."""

    def __init__(self, app: Console) -> None:
        self._app = app

    def move(self, where: str) -> None:
        """Move the list with the keyboard; up on the live list pauses it, the end follows again."""
        app, lines = self._app, self._app.view.lines()
        if isinstance(lines, EventList):
            if where == "end":
                app.live.follow(True)
                return
            if app.desk.following:
                if where in ("down", "pagedown"):
                    app.say("this is the newest event; ↑ or Space pauses")
                    return
                app.live.follow(False)
        if lines is not None:
            lines.move(where)
            app.search.page_back(lines)
            app.view.describe()

    def slide(self, by: int) -> None:
        """Move over the columns of a wide table."""
        lines = self._app.view.lines()
        if isinstance(lines, ResultTable):
            lines.slide(by)

    def tail(self) -> None:
        """Every live list shows the newest rows."""
        for lines in self._app.query(EventList):
            lines.tail()
