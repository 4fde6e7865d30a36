"""Words on an alert, and the lists around them: incidents, snoozes, rules and their backtests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqwatch_tui.console.commands.base import Command

if TYPE_CHECKING:
    from seqwatch_tui.console.app import Console

ON_ALERT = frozenset({"alerts", "alert", "overview", "listed"})
TOLD = frozenset({"alerts", "alert"})


class Word(Command):
    """A word on the alert under the cursor; asks for a reason."""

    where, acts, group, word_said = ON_ALERT, True, "Alerts", ""

    def run(self, app: Console, argument: str) -> None:
        """Ask."""
        del argument
        app.acts.alerts.say(self.word_said or self.name)


class Acknowledge(Word):
    """Acknowledge the alert: asks for a reason."""

    name, keys, shown, word, rank, told = "acknowledge", ("a",), "a", "ack", 21, TOLD | {"overview"}


class Contain(Word):
    """Mark the alert as contained: it goes on no more, and is not closed yet."""

    name, keys, shown, rank = "contain", ("K",), "K", 38


class Close(Word):
    """Close the alert: t true, f false alarm, e expected; then a reason."""

    name, keys, shown, word, rank, told = "close", ("X",), "X", "close", 21, TOLD

    def run(self, app: Console, argument: str) -> None:
        """Ask for the verdict."""
        del argument
        app.acts.alerts.close()


class Reopen(Word):
    """Open a closed or suppressed alert again."""

    name, keys, shown, rank = "reopen", ("O",), "O", 38


class Assign(Word):
    """Give the alert an owner."""

    name, keys, shown, rank = "assign", ("A",), "A", 38

    def run(self, app: Console, argument: str) -> None:
        """Ask for the owner."""
        del argument
        app.acts.alerts.assign()


class Note(Word):
    """Write a note on the alert."""

    name, keys, shown, rank = "note", ("M",), "M", 38


class Snooze(Word):
    """Keep rule, actor and dataset of the alert quiet for a while; it ends by itself, and what it hides is counted."""

    name, keys, shown, word, rank, told = "snooze", ("S",), "S", "snooze", 23, TOLD

    def run(self, app: Console, argument: str) -> None:
        """Ask for how long."""
        del argument
        app.acts.alerts.snooze()


class Unsnooze(Word):
    """End the snooze under the cursor (in :snoozes)."""

    name, keys, shown, word, rank = "unsnooze", ("D",), "D", "end snooze", 24
    where = frozenset({"snoozes"})

    def run(self, app: Console, argument: str) -> None:
        """Ask."""
        del argument
        app.acts.alerts.unsnooze()


class Listed(Command):
    """A list by name."""

    group = "Alerts"

    def run(self, app: Console, argument: str) -> None:
        """Show it."""
        from seqwatch_tui.console.views.roots import listed_view

        del argument
        app.push(listed_view(app, self.name))


class Incidents(Listed):
    """Alerts of one actor on one dataset as one; Enter lists them."""

    name, keys, shown, word, rank = "incidents", ("i",), "i", "incidents", 25
    where, told = frozenset({"alerts", "alert", "overview"}), frozenset({"alerts"})


class Snoozes(Listed):
    """What operators keep quiet, until when, and how much it was."""

    name = "snoozes"


class QuietList(Listed):
    """What was suppressed, by window, job and snooze."""

    name = "quiet"


class Rules(Listed):
    """The rules; Enter tests one against the last 90 days."""

    name = "rules"


class Backtest(Command):
    """What a rule would have raised over the last 90 days, and how its past alerts were judged."""

    name, argument, group = "backtest", "RULE", "Alerts"

    def run(self, app: Console, argument: str) -> None:
        """Test it; without a name, show the list to choose from."""
        from seqwatch_tui.console.views.roots import listed_view, whatif_view

        app.push(whatif_view(app, argument) if argument else listed_view(app, "rules"))
