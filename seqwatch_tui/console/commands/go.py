"""Going somewhere: screens, drilling in and out, leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqwatch_tui.console.commands.base import DETAILS, LISTS, Command
from seqwatch_tui.console.views.roots import sessions_view, unusual_view

if TYPE_CHECKING:
    from seqwatch_tui.console.app import Console


class Screen(Command):
    """Go to a screen."""

    group = "Screens"

    def run(self, app: Console, argument: str) -> None:
        """Show it."""
        del argument
        app.go(self.name)


class Overview(Screen):
    """All four panels at once."""

    name, keys, shown, word, rank = "overview", ("0", "o"), "0 o", "", 9


class Events(Screen):
    """Every access to a dataset, live."""

    name, keys, shown, word, rank = "events", ("1",), "1", "Events", 10


class Alerts(Screen):
    """Alerts, most urgent first."""

    name, keys, shown, word, rank = "alerts", ("2",), "2", "Alerts", 11


class Keys(Screen):
    """Encryption of the datasets, and the keys with their age."""

    name, keys, shown, word, rank = "keys", ("3",), "3", "Keys", 12


class Integrity(Screen):
    """Files against the manifest, and verification at work."""

    name, keys, shown, word, rank = "integrity", ("4",), "4", "Integrity", 13


class Sql(Screen):
    """Ask the tables in SQL, read-only."""

    name, keys, shown, word, rank = "sql", ("5", "semicolon"), "5 ;", "SQL", 14


class System(Screen):
    """Sources, gaps, actions, and the engine itself."""

    name, keys, shown, word, rank = "system", ("6",), "6", "System", 15


class Sessions(Command):
    """Who logged in, from where, until when, became whom, and what happened in each session."""

    name, keys, shown, word, rank, group = "sessions", ("s",), "s", "sessions", 25, "Screens"
    told = frozenset({"system"})

    def run(self, app: Console, argument: str) -> None:
        """Open the list."""
        del argument
        if app.view.context != "sessions":
            app.push(sessions_view(app))


class Unusual(Command):
    """Hours of the last 7 days in which somebody did much, and whether that is usual for them."""

    name, keys, shown, group = "unusual", ("u",), "u", "Screens"

    def run(self, app: Console, argument: str) -> None:
        """Open the list."""
        del argument
        if app.view.context != "unusual":
            app.push(unusual_view(app))


class Open(Command):
    """Drill into the row: alert, its evidence, the event, its raw records."""

    name, keys, shown, word, rank = "open", ("enter",), "Enter", "open", 40
    where, group = (
        LISTS | {"alert", "event", "files", "saved", "system", "listed", "snoozes", "sessions", "unusual"},
        "Move",
    )

    def run(self, app: Console, argument: str) -> None:
        """Open it, or say that there is nothing to open."""
        del argument
        view = app.view
        view.open()
        if app.view is view and not app.prompt.asking:
            app.say("there is nothing to open here", "warn")


class Back(Command):
    """Come back out; clears the filter first. Never quits."""

    name, keys, shown, word, rank = "back", ("escape",), "Esc", "back", 20
    where, group = DETAILS, "Move"

    def run(self, app: Console, argument: str) -> None:
        """Leave what is open, innermost first."""
        del argument
        app.back()

    @classmethod
    def applies(cls, context: str) -> bool:
        """Works everywhere; the footer names it where there is something to leave."""
        del context
        return True


class Next(Command):
    """The keyboard to the next panel of this screen."""

    name, keys, shown, group = "next-panel", ("tab",), "Tab", "Move"
    word, rank, where = "panel", 26, frozenset({"overview", "alert", "system", "sql"})

    def run(self, app: Console, argument: str) -> None:
        """Move the focus."""
        del argument
        app.screen.focus_next()


class Quit(Command):
    """Leave the console. The engine of a service keeps watching."""

    name, keys, shown, word, rank, group = "quit", ("q",), "q", "quit", 90, "Console"

    def run(self, app: Console, argument: str) -> None:
        """Exit with status 0."""
        del argument
        app.exit(return_code=0)
