"""`seqwatch`: the console on the configured site; starts an engine for itself when none runs."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from seqwatch_tui.cli.exits import CommandError, Exit

if TYPE_CHECKING:
    from seqwatch_tui.console.first_paint import FirstPaint


def run(options: argparse.Namespace) -> int:
    """Open the console; return its exit status."""
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise CommandError(
            Exit.USAGE, "the console needs a terminal", "for scripts there are `seqwatch events`, `alerts`, `sql`, ..."
        )
    from seqwatch_tui.console.first_paint import paint

    painted = paint("seqwatch  opening the site")
    try:
        return _open(options, painted)
    except BaseException:
        if painted is not None:
            painted.restore()
        raise


def _open(options: argparse.Namespace, painted: FirstPaint | None) -> int:
    from seqwatch_tui.cli.settings import load_settings

    settings, config = load_settings(options)
    from seqwatch_tui.cli.session import engine_for
    from seqwatch_tui.console.launch import run as run_console

    with engine_for(settings, config, follow=True) as client:
        return run_console(client.path, read_only=options.read_only, theme=options.theme, painted=painted)
