"""What the command line asks of a console, without knowing which one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from seqwatch_tui.cli.exits import CommandError, Exit, show_error


class Screen(Protocol):
    """A console: drawn first, shown later, and given back when something fails in between."""

    def paint(self, title: str) -> None:
        """Show one line at once, before anything heavy is imported."""

    def load(self) -> None:
        """Import what `show` needs, while something else is waited for; `show` does it when this was not called."""

    def show(
        self, socket: Path, *, read_only: bool, theme: str | None, child: Callable[[], int | None] | None = None
    ) -> int:
        """Show the console on an engine's socket until the operator leaves; return the exit status.

        `child` tells how an engine that was started for this console ended, None while it runs.
        """

    def restore(self) -> None:
        """Give the terminal back if `paint` took it and `show` was not reached; else without effect."""


def ended(screen: Screen, command: Callable[[], int]) -> int:
    """Run a command; return its exit status. However it ends, the terminal is given back before anything is said."""
    try:
        return int(command())
    except CommandError as error:
        screen.restore()
        return show_error(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.OK)
    except KeyboardInterrupt:
        return 130
    finally:
        screen.restore()
