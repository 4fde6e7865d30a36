"""What the command line asks of a console, without knowing which one."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Screen(Protocol):
    """A console: drawn first, shown later, and given back when something fails in between."""

    def paint(self, title: str) -> None:
        """Show one line at once, before anything heavy is imported."""

    def load(self) -> None:
        """Import what `show` needs, while something else is waited for; `show` does it when this was not called."""

    def show(self, socket: Path, *, read_only: bool, theme: str | None) -> int:
        """Show the console on an engine's socket until the operator leaves; return the exit status."""

    def restore(self) -> None:
        """Give the terminal back if `paint` took it and `show` was not reached; else without effect."""
