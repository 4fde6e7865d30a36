"""What a view is: a part of the screen with a name for its keys, a crumb, and a list that has the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from textual.containers import Vertical

from seqwatch_tui.console.client import Client, EngineError
from seqwatch_tui.console.errands import Errand
from seqwatch_tui.console.host import Host
from seqwatch_tui.console.widgets.lines import Lines
from seqwatch_tui.console.widgets.table import PanelTable

T = TypeVar("T")


class View(Vertical):
    """The base: a view knows its host and answers what the commands ask about the row under the cursor."""

    context = ""
    """Selects the commands that work here."""
    crumb = ""

    def __init__(self, host: Host, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.host = host
        self.desk = host.desk

    @property
    def typing(self) -> bool:
        """Whether what is typed goes into a text of the view."""
        return False

    def main(self) -> Lines | None:
        """The list that gets the keyboard when the view opens."""
        return next(iter(self.query(Lines)), None)

    def lines(self) -> Lines | None:
        """The list that has the keyboard, else the main one."""
        return next((lines for lines in self.query(Lines) if lines.has_focus), None) or self.main()

    def update(self) -> bool:
        """Take in what changed on the desk; return whether anything was drawn."""
        return False

    def alert_row(self) -> dict[str, Any]:
        """Rule, actor and dataset of the alert that `alert_id` names."""
        return self.row() or {}

    def snooze_id(self) -> int | None:
        """The snooze under the cursor, if the rows are snoozes."""
        return None

    def row(self) -> dict[str, Any] | None:
        """The row under the cursor as column → value, None when there is none."""
        table = self.lines()
        return table.row() if isinstance(table, PanelTable) else None

    def hold(self) -> None:
        """The row under the cursor is being dealt with: the cursor stays on it when rows come or go."""
        table = self.lines()
        if isinstance(table, PanelTable):
            table.held = True

    def open(self) -> None:
        """Enter: drill into the row."""

    def event_id(self) -> int | None:
        """The event under the cursor."""
        return _number(self.row(), "event_id")

    def alert_id(self) -> int | None:
        """The alert under the cursor."""
        return _number(self.row(), "alert_id")

    def dataset(self) -> str | None:
        """The dataset under the cursor, for quarantine and verify."""
        found = (self.row() or {}).get("dataset")
        return str(found) if found else None

    def copy(self) -> str:
        """What `y` copies: the row under the cursor."""
        lines = self.lines()
        if lines is None or lines.begin() == lines.end():
            return ""
        return lines.text_of(lines.cursor if lines.selectable else lines.top)

    def sift(self, words: str) -> None:
        """Filter the list under the keyboard; a text is searched instead (n, N)."""
        table = self.lines()
        if isinstance(table, PanelTable):
            table.sift(words)

    def hidden(self) -> int:
        """Rows of this view that a filter hides."""
        return sum(table.hidden for table in self.query(PanelTable))

    def toggle_detail(self) -> None:
        """`p`: show or hide the detail strip, where there is one."""

    def describe(self) -> bool:
        """The cursor moved: draw the detail strip, where there is one; return whether anything was drawn."""
        return False

    def fetch_again(self) -> None:
        """`r`, and when the engine answers again: ask anew for what the snapshot does not hold."""

    def seen_again(self) -> None:
        """What was drilled into from here is left; it may have changed what this view shows."""

    def ask(self, call: Callable[[Client], T], arrived: Callable[[T], None], *, timeout: float = 20.0) -> Errand:
        """Ask the engine; why there is no answer is said, and stands where the answer would."""

        def failed(error: EngineError) -> None:
            self.unanswered(f"{error.told.rstrip('.')}; r asks again")
            self.host.say(error.told, "warn")

        return self.host.errand(call, arrived, failed=failed, timeout=timeout)

    def unanswered(self, why: str) -> None:
        """Say it in every table that has no rows."""
        for table in self.query(PanelTable):
            table.empty = why
            table.forget()


class Asks(View):
    """A view in which a query is written and run."""

    def run_query(self) -> None:
        """Run what the editor holds."""
        raise NotImplementedError

    def cancel(self) -> bool:
        """Stop the running query; False when none runs."""
        raise NotImplementedError

    def leave_editor(self) -> None:
        """The keyboard to the result, so that the keys of the console work."""
        raise NotImplementedError

    def load(self, saved: dict[str, Any]) -> None:
        """Put a saved query (docs/api.md, /v1/saved) in the editor."""
        raise NotImplementedError


def _number(row: dict[str, Any] | None, column: str) -> int | None:
    value = (row or {}).get(column)
    return value if isinstance(value, int) else None
