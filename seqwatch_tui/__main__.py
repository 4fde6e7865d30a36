"""Entry point: joins the command line and the console, which do not know each other, and imports what is needed late."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from seqwatch_tui.console.first_paint import FirstPaint


class _Screen:
    """The console as the command line sees it (cli.screen.Screen)."""

    def __init__(self) -> None:
        self._painted: FirstPaint | None = None
        self._colourless: bool | None = None

    def paint(self, title: str) -> None:
        from seqwatch_tui.console.first_paint import paint

        if self._painted is None:
            self._painted = paint(title)

    @property
    def painted(self) -> bool:
        return self._painted is not None

    def load(self) -> None:
        from seqwatch_tui.console.launch import load

        self._colourless = load()

    def show(
        self, socket: Path, *, read_only: bool, theme: str | None, child: Callable[[], int | None] | None = None
    ) -> int:
        from seqwatch_tui.console.launch import run

        painted, self._painted = self._painted, None
        return run(
            socket, read_only=read_only, theme=theme, engine_child=child, painted=painted, colourless=self._colourless
        )

    def restore(self) -> None:
        if self._painted is not None:
            self._painted.restore()
            self._painted = None


def main() -> int:
    """Run seqwatch with the process's arguments; return the exit status."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's threads for matrices would cost every start
    screen, arguments = _Screen(), sys.argv[1:]
    asked = surely_shows(arguments)
    if asked:
        screen.paint("seqwatch")  # before even the command line is understood: what it refuses gives the terminal back
    if asked == "console" and screen.painted:
        from seqwatch_tui.cli.open_console import start

        return start(arguments, screen)
    from seqwatch_tui.cli.main import run

    return run(arguments, screen)


def surely_shows(arguments: list[str]) -> str:
    """What these arguments surely ask for: "console" (no command), "demo" with its screen, else nothing."""
    takes_value, words = {"--config", "--theme"}, []
    rest = iter(arguments)
    for argument in rest:
        if argument in takes_value:
            next(rest, None)
        elif argument in ("-h", "--help", "--version", "--headless"):
            return ""
        elif not argument.startswith("-"):
            words.append(argument)
    return "console" if not words else "demo" if words == ["demo"] else ""


if __name__ == "__main__":
    sys.exit(main())
