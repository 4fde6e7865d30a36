"""The table of keys as markdown, for the README: `python -m seqwatch_tui.console.keytable`."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from seqwatch_tui.console.commands.registry import COMMANDS


def table() -> Iterable[str]:
    """The lines of the table."""
    yield "| key | `:` | does | where |"
    yield "|---|---|---|---|"
    for command in COMMANDS:
        keys = " ".join(f"`{key}`" for key in command.shown.split()) if command.shown else ""
        typed = f"`:{command.name}{' ' + command.argument if command.argument else ''}`"
        where = ", ".join(sorted(command.where)) if command.where else "everywhere"
        yield f"| {keys} | {typed} | {command.help().replace('|', ' ')} | {where} |"


if __name__ == "__main__":
    sys.stdout.write("\n".join(table()) + "\n")
