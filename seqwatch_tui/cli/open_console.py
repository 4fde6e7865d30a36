"""`seqwatch`: the console on the configured site; starts an engine for itself when none runs.

The site is looked up in a process of its own while this one imports the console: the console is there sooner, and what
reads a configuration (YAML, msgspec, ssl) does not stay in its memory for as long as it is open.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from seqwatch_tui.cli.elsewhere import Elsewhere
from seqwatch_tui.cli.exits import CommandError, Exit


def run(options: argparse.Namespace) -> int:
    """Open the console; return its exit status."""
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise CommandError(Exit.USAGE, "the console needs a terminal", "for scripts: seqwatch events, alerts, sql, ...")
    options.screen.paint("seqwatch  opening the site")
    asked = Elsewhere(lambda: look(options))
    options.screen.load()
    config, socket, answers = asked.answer()
    if answers:
        return _show(options, Path(socket))
    from seqwatch_tui.cli.session import child_engine

    with child_engine(Path(config), Path(socket), follow=True) as client:
        return _show(options, client.path)


def look(options: argparse.Namespace) -> tuple[str, str, bool]:
    """Return the configuration's file, its engine's socket, and whether an engine answers there."""
    from seqwatch_tui.cli.session import runs, socket_path
    from seqwatch_tui.cli.settings import load_settings

    settings, config = load_settings(options)
    socket = socket_path(settings)
    return str(config), str(socket), runs(socket)


def _show(options: argparse.Namespace, socket: Path) -> int:
    return int(options.screen.show(socket, read_only=options.read_only, theme=options.theme))
