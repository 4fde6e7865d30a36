"""The line after `:`: a command by name, with completion of names and arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqwatch_tui.console.commands.registry import COMMANDS, named
from seqwatch_tui.console.widgets.prompt import Question

if TYPE_CHECKING:
    from seqwatch_tui.console.app import Console


class CommandLine:
    """Asks for a command and runs it."""

    def __init__(self, app: Console) -> None:
        self._app = app

    def ask(self, start: str) -> None:
        """Open the command line."""
        self._app.ask(Question(":", self._run, value=start, complete=self._complete))

    def _run(self, line: str) -> None:
        self._app.close_prompt()
        name, _, argument = line.strip().partition(" ")
        if not name:
            return
        command = named(name)
        if command is None:
            self._app.say(f"there is no command {name!r}; ? lists them, Tab completes", "warn")
        else:
            self._app.perform(command, argument.strip())

    def _complete(self, line: str) -> str:
        name, space, argument = line.partition(" ")
        if not space:
            found = [command.name for command in COMMANDS if command.name.startswith(name)]
            return found[0] + " " if len(found) == 1 else _common(found) or line
        command = named(name)
        found = [choice for choice in command.choices(self._app) if choice.startswith(argument)] if command else []
        return f"{name} {_common(found) or argument}"


def _common(names: list[str]) -> str:
    """The longest beginning that all names share."""
    if not names:
        return ""
    low, high = min(names), max(names)
    same = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    return low[:same]
