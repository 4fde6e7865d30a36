"""A command is a class: its docstring is the help, its attributes say keys, place and footer word."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from seqwatch_tui.console.app import Console

LISTS = frozenset({"overview", "events", "alerts", "keys", "integrity"})
DETAILS = frozenset(
    {"alert", "event", "records", "dataset", "files", "finding", "plan", "outcome", "help", "saved", "listed", "backtest",
     "sessions", "snoozes", "unusual"}
)  # fmt: skip
WITH_DATASET = LISTS | {"alert", "event", "dataset", "files", "finding", "listed", "outcome"}
ANYWHERE: frozenset[str] = frozenset()


class Command:
    """The base. An empty `where` means everywhere; `rank` orders the footer; without `word` a command is not in it."""

    name: ClassVar[str] = ""
    """What is typed after `:`."""
    keys: ClassVar[tuple[str, ...]] = ()
    """Names as Textual spells them."""
    shown: ClassVar[str] = ""
    """The keys as an operator reads them."""
    word: ClassVar[str] = ""
    where: ClassVar[frozenset[str]] = ANYWHERE
    rank: ClassVar[int] = 50
    told: ClassVar[frozenset[str]] = ANYWHERE
    """Where the footer names it, if not everywhere it works."""
    argument: ClassVar[str] = ""
    """Names the argument of the `:` form; empty when there is none."""
    acts: ClassVar[bool] = False
    """Changes something outside the console: asks first, absent under read-only."""
    group: ClassVar[str] = "View"

    def run(self, app: Console, argument: str) -> None:
        """Do it; `argument` is empty when a key was pressed."""
        raise NotImplementedError

    def choices(self, app: Console) -> list[str]:
        """What the argument may be, for completion."""
        del app
        return []

    @classmethod
    def help(cls) -> str:
        """The docstring as one line."""
        return " ".join((cls.__doc__ or "").split())

    @classmethod
    def applies(cls, context: str) -> bool:
        """Whether the keys work in a context."""
        return not cls.where or context in cls.where
