"""Looking: filter, follow, detail, themes, help, copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqwatch_tui.console import theme
from seqwatch_tui.console.commands.base import DETAILS, LISTS, Command
from seqwatch_tui.console.views.base import Asks
from seqwatch_tui.console.views.roots import help_view, saved_view

if TYPE_CHECKING:
    from seqwatch_tui.console.app import Console


class Filter(Command):
    """Filter while typing: action=read user=svc-* !dataset=wgs-* allowed=no ip=10.0.0.0/8 since=10m path~bam,
    or a word."""

    name, keys, shown, word, rank, argument = "filter", ("slash",), "/", "filter", 24, "WORDS"
    where = LISTS | DETAILS | {"system", "sql"}

    def run(self, app: Console, argument: str) -> None:
        """Open the filter line, or set the filter."""
        if argument:
            app.search.sift(argument)
        else:
            app.search.ask(app.search.text)


class Inverse(Command):
    """Filter rows out: the filter line opens with ! (not)."""

    name, keys, shown, where = "inverse", ("exclamation_mark",), "!", LISTS

    def run(self, app: Console, argument: str) -> None:
        """Open the filter line."""
        app.search.ask(f"{app.search.text} !{argument}".lstrip())


class Since(Command):
    """Show the events since then: 10m, 2h, 3d."""

    name, argument = "since", "SPAN"

    def run(self, app: Console, argument: str) -> None:
        """Set the filter on the events."""
        app.go("events")
        app.search.sift(f"since={argument}" if argument else "")

    def choices(self, app: Console) -> list[str]:
        """Common spans."""
        del app
        return ["10m", "1h", "8h", "1d", "7d"]


class Follow(Command):
    """Follow the newest event, or pause and count what comes in."""

    name, keys, shown, word, rank = "follow", ("F", "space"), "F Space", "", 33
    where = frozenset({"overview", "events"})

    def run(self, app: Console, argument: str) -> None:
        """Turn it over."""
        del argument
        app.live.follow(not app.desk.following)


class Space(Command):
    """One page down."""

    name, keys, shown, group = "page", ("space",), "Space", "Move"
    where = (LISTS | DETAILS | {"system"}) - {"overview", "events", "saved"}

    def run(self, app: Console, argument: str) -> None:
        """Move."""
        del argument
        app.cursor.move("pagedown")


class Detail(Command):
    """Show or hide the detail of the row, below the list."""

    name, keys, shown, word, rank = "detail", ("p",), "p", "detail", 27
    where = LISTS - {"overview"}

    def run(self, app: Console, argument: str) -> None:
        """Turn it over."""
        del argument
        app.view.toggle_detail()


class Refresh(Command):
    """Ask the engine now, and draw all of the screen."""

    name, keys, shown = "refresh", ("r",), "r"

    def run(self, app: Console, argument: str) -> None:
        """Fetch without waiting for the next turn."""
        del argument
        app.refresh_now()


class Faster(Command):
    """Draw more often, up to 4 times a second."""

    name, keys, shown = "faster", ("plus", "equals_sign"), "+"

    def run(self, app: Console, argument: str) -> None:
        """One step."""
        del argument
        app.live.pace(1)


class Slower(Command):
    """Draw less often, down to every 2 seconds: for thin links."""

    name, keys, shown = "slower", ("minus",), "-"

    def run(self, app: Console, argument: str) -> None:
        """One step."""
        del argument
        app.live.pace(-1)


class Copy(Command):
    """Copy the row, or the text, to the clipboard of your terminal (OSC 52), with controls made visible."""

    name, keys, shown = "copy", ("y",), "y"

    def run(self, app: Console, argument: str) -> None:
        """Copy."""
        del argument
        app.copy()


class Theme(Command):
    """Change the colours: dark, light, high-contrast, colour-blind, none."""

    name, argument, group = "theme", "NAME", "Console"

    def run(self, app: Console, argument: str) -> None:
        """Switch, or say which themes there are."""
        app.dress.wear(argument)

    def choices(self, app: Console) -> list[str]:
        """The themes of this installation."""
        del app
        return theme.names()


class Help(Command):
    """Every key, on one page."""

    name, keys, shown, word, rank, group = "help", ("question_mark", "f1"), "? F1", "help", 16, "Console"

    def run(self, app: Console, argument: str) -> None:
        """Open it."""
        del argument
        if app.view.context != "help":
            app.push(help_view(app, app.view.context))


class CommandLine(Command):
    """Type a command by name; Tab completes."""

    name, keys, shown, word, rank, group = "command", ("colon",), ":", "command", 45, "Console"

    def run(self, app: Console, argument: str) -> None:
        """Open the line."""
        app.line.ask(argument)


class Palette(Command):
    """The same commands as a searchable list."""

    name, keys, shown, group = "palette", ("ctrl+p",), "Ctrl+P", "Console"

    def run(self, app: Console, argument: str) -> None:
        """Open it."""
        del argument
        app.action_command_palette()


class Saved(Command):
    """The saved queries: Enter puts one in the editor."""

    name, keys, shown, word, rank, group = "saved", ("f2",), "F2", "saved", 22, "SQL"
    where = frozenset({"sql"})

    def run(self, app: Console, argument: str) -> None:
        """Open the list."""
        del argument
        if isinstance(app.view, Asks):
            app.push(saved_view(app, app.view))


class RunQuery(Command):
    """Run the query in the editor; Esc stops it."""

    name, keys, shown, word, rank, group = "run", ("ctrl+j", "f5"), "Ctrl+J F5", "run", 21, "SQL"
    where = frozenset({"sql"})

    def run(self, app: Console, argument: str) -> None:
        """Run it."""
        del argument
        if isinstance(app.view, Asks):
            app.view.run_query()
