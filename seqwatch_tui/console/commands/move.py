"""Moving in a list or a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from seqwatch_tui.console.commands.base import LISTS, Command

if TYPE_CHECKING:
    from seqwatch_tui.console.app import Console


class Move(Command):
    """Move."""

    group = "Move"
    to: ClassVar[str] = ""

    def run(self, app: Console, argument: str) -> None:
        """Move the cursor, or scroll."""
        del argument
        app.cursor.move(self.to)


class Up(Move):
    """One row up; on the live list this pauses."""

    name, keys, shown, to = "up", ("up", "k"), "↑ k", "up"


class Down(Move):
    """One row down."""

    name, keys, shown, to = "down", ("down", "j"), "↓ j", "down"


class PageUp(Move):
    """One page up."""

    name, keys, shown, to = "page-up", ("pageup", "b"), "PgUp b", "pageup"


class PageDown(Move):
    """One page down."""

    name, keys, shown, to = "page-down", ("pagedown",), "PgDn", "pagedown"


class Home(Move):
    """The first row."""

    name, keys, shown, to = "home", ("home", "g"), "Home g", "home"


class End(Move):
    """The last row; on the live list this follows again."""

    name, keys, shown, to = "end", ("end", "G"), "End G", "end"


class Left(Command):
    """Earlier columns of a wide result."""

    name, keys, shown, group = "left", ("left", "h"), "← h", "Move"
    by: ClassVar[int] = -1
    where = frozenset({"sql", "files", "system", "listed", "snoozes"})

    def run(self, app: Console, argument: str) -> None:
        """Slide the table."""
        del argument
        app.cursor.slide(self.by)


class Right(Left):
    """Later columns of a wide result."""

    name, keys, shown, by = "right", ("right", "l"), "→ l", 1


class Seek(Command):
    """Find a row."""

    group = "Move"
    backwards: ClassVar[bool] = False
    states: ClassVar[tuple[str, ...]] = ()

    def run(self, app: Console, argument: str) -> None:
        """Go to it, or say that there is none among the rows in memory."""
        del argument
        app.search.seek(self.states, backwards=self.backwards)


class NextMatch(Seek):
    """Next row that holds the words of the last filter or search."""

    name, keys, shown = "next", ("n",), "n"


class PreviousMatch(Seek):
    """Previous row that holds the words of the last filter or search."""

    name, keys, shown, backwards = "previous", ("N",), "N", True


class NextCritical(Seek):
    """Next row marked !! (high or critical, forbidden)."""

    name, keys, shown, where, states = "next-critical", ("e",), "e", LISTS, ("fail",)


class PreviousCritical(Seek):
    """Previous row marked !!."""

    name, keys, shown, where, states = "previous-critical", ("E",), "E", LISTS, ("fail",)
    backwards = True


class NextWarning(Seek):
    """Next row marked ! or !!."""

    name, keys, shown, where, states = "next-warning", ("w",), "w", LISTS, ("fail", "warn")


class PreviousWarning(Seek):
    """Previous row marked ! or !!."""

    name, keys, shown, where, states = "previous-warning", ("W",), "W", LISTS, ("fail", "warn")
    backwards = True
