"""The parser of the command line; every command's code is imported only when it runs."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import sys
from pathlib import Path

from seqwatch_tui import __version__
from seqwatch_tui.cli.options import COMMANDS, Command
from seqwatch_tui.cli.screen import Screen, ended


def run(arguments: list[str], screen: Screen) -> int:
    """Run one command; return its exit status. `screen` is the console, for the commands that show it."""
    options = parsed(arguments, screen)
    command: Command = options.command_spec
    return ended(screen, lambda: importlib.import_module(f"seqwatch_tui.cli.{command.module}").run(options))


def parsed(arguments: list[str], screen: Screen) -> argparse.Namespace:
    """Return the options; SystemExit for what is refused, which is said once the terminal is given back."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return build_parser().parse_args(arguments, argparse.Namespace(screen=screen))
    except SystemExit:
        screen.restore()
        sys.stderr.write(said.getvalue())
        raise


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with every command of `options.COMMANDS`."""
    parser = argparse.ArgumentParser(
        prog="seqwatch",
        description="Watch who touches genomic datasets, what is abnormal, and whether all is still encrypted and intact.",
        epilog="Without a command: the console. Exit status: 0 fine, 1 a finding, 2 usage or configuration, 3 failed.",
    )
    parser.add_argument("--version", action="version", version=f"seqwatch {__version__}")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="configuration file (default: see docs/configuration.md)"
    )
    console = next(c for c in COMMANDS if c.name == "console")
    console.arguments(parser)
    parser.set_defaults(command_spec=console)
    sub = parser.add_subparsers(metavar="COMMAND")
    for command in COMMANDS:
        if command.name != "console":
            child = sub.add_parser(command.name, help=command.help, description=command.help)
            command.arguments(child)
            child.set_defaults(command_spec=command)
    return parser
