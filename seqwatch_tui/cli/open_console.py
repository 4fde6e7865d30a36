"""`seqwatch`: the console on the configured site; starts an engine for itself when none runs."""

from __future__ import annotations

import argparse
import sys

from seqwatch_tui.cli.exits import CommandError, Exit


def run(options: argparse.Namespace) -> int:
    """Open the console; return its exit status."""
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise CommandError(Exit.USAGE, "the console needs a terminal", "for scripts: seqwatch events, alerts, sql, ...")
    options.screen.paint("seqwatch  opening the site")
    from seqwatch_tui.cli.session import engine_for
    from seqwatch_tui.cli.settings import load_settings

    settings, config = load_settings(options)
    with engine_for(settings, config, follow=True) as client:
        return int(options.screen.show(client.path, read_only=options.read_only, theme=options.theme))
