"""`seqwatch`: the console on the configured site; starts an engine for itself when none runs.

Arguments and site are looked up in a process of its own while this one imports the console: the console is there sooner,
and what reads a command line and a configuration (argparse, YAML, msgspec, ssl) does not stay in its memory for as long
as it is open.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from seqwatch_tui.cli.elsewhere import Elsewhere
from seqwatch_tui.cli.exits import CommandError, Exit
from seqwatch_tui.cli.screen import Screen, ended

if TYPE_CHECKING:
    import argparse


class Wanted(NamedTuple):
    """What was asked for: file of the configuration, its engine's socket, whether one answers there, how to show it."""

    config: str
    socket: str
    answers: bool
    read_only: bool
    theme: str | None


def start(arguments: list[str], screen: Screen) -> int:
    """Open the console from a command line that asks for nothing else; return the exit status."""

    def there() -> Wanted:
        from seqwatch_tui.cli.main import build_parser

        with contextlib.redirect_stderr(io.StringIO()):  # what is refused is said here, by whoever has the terminal
            options = build_parser().parse_args(arguments)
        return look(options)

    def here() -> Wanted:
        from seqwatch_tui.cli.main import parsed

        return look(parsed(arguments, screen))

    return ended(screen, lambda: _open(screen, Elsewhere(there, here)))


def run(options: argparse.Namespace) -> int:
    """Open the console; return its exit status."""
    return _open(options.screen, Elsewhere(lambda: look(options)))


def _open(screen: Screen, asked: Elsewhere) -> int:
    screen.paint("seqwatch  opening the site")
    screen.load()
    wanted = Wanted(*asked.answer())
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise CommandError(Exit.USAGE, "the console needs a terminal", "for scripts: seqwatch events, alerts, sql, ...")
    if wanted.answers:
        return _show(screen, wanted)
    from seqwatch_tui.cli.session import child_engine

    with child_engine(Path(wanted.config), Path(wanted.socket), follow=True) as child:
        return _show(screen, wanted, child.status)


def look(options: argparse.Namespace) -> Wanted:
    """Find and read the configuration, and see whether its engine runs."""
    from seqwatch_tui.cli.session import runs, socket_path
    from seqwatch_tui.cli.settings import load_settings

    settings, config = load_settings(options)
    socket = socket_path(settings)
    return Wanted(str(config), str(socket), runs(socket), options.read_only, options.theme)


def _show(screen: Screen, wanted: Wanted, child: Callable[[], int | None] | None = None) -> int:
    return screen.show(Path(wanted.socket), read_only=wanted.read_only, theme=wanted.theme, child=child)
