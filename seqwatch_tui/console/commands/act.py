"""Acts: each asks before anything happens, says the command line it equals, and is absent under read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqwatch_tui.console.commands.base import WITH_DATASET, Command

if TYPE_CHECKING:
    from seqwatch_tui.console.app import Console


class Act(Command):
    """An act on a dataset."""

    acts, group, argument = True, "Act", "DATASET"

    def choices(self, app: Console) -> list[str]:
        """The datasets on screen."""
        return app.desk.datasets


class Quarantine(Act):
    """Quarantine the dataset: reason, plan, then its name typed in full. Default is no."""

    name, keys, shown, word, rank, where = "quarantine", ("Q",), "Q", "quarantine", 22, WITH_DATASET
    told = frozenset({"events", "alerts", "alert", "event", "dataset"})

    def run(self, app: Console, argument: str) -> None:
        """Ask."""
        app.acts.plan("quarantine", argument)


class Release(Act):
    """Release the dataset from quarantine: reason, plan, then its name typed in full."""

    name, keys, shown, rank, where = "release", ("U",), "U", 37, WITH_DATASET

    def run(self, app: Console, argument: str) -> None:
        """Ask."""
        app.acts.plan("release", argument)


class Verify(Act):
    """Verify the files of the dataset against its manifest, in the background."""

    name, keys, shown, word, rank, where = "verify", ("V",), "V", "verify", 22, WITH_DATASET
    told = frozenset({"integrity", "files", "dataset"})

    def run(self, app: Console, argument: str) -> None:
        """Ask."""
        app.acts.verify(argument)


class Pause(Act):
    """Pause the verification of the dataset, or go on with it."""

    name, keys, shown, word, rank = "pause", ("P",), "P", "pause", 23
    where = frozenset({"integrity", "files", "dataset"})

    def run(self, app: Console, argument: str) -> None:
        """Ask."""
        app.acts.job("pause", argument)


class Cancel(Act):
    """Cancel the verification of the dataset."""

    name, keys, shown, word, rank = "cancel", ("C",), "C", "cancel", 24
    where = frozenset({"integrity", "files", "dataset"})

    def run(self, app: Console, argument: str) -> None:
        """Ask."""
        app.acts.job("cancel", argument)


class Confirm(Act):
    """Carry out the plan on screen: type the dataset's name."""

    name, keys, shown, word, rank, argument = "carry-out", ("enter",), "Enter", "carry out ...", 17, ""
    where = frozenset({"plan"})

    def run(self, app: Console, argument: str) -> None:
        """Ask for the name."""
        del argument
        app.view.open()
