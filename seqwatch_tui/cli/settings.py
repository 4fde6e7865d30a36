"""Find and load the configuration for a command; its errors become the command's."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from seqwatch_tui.cli.exits import CommandError, Exit
from seqwatch_tui.config.errors import ConfigError
from seqwatch_tui.config.settings import Settings, find, load


def load_settings(options: argparse.Namespace) -> tuple[Settings, Path]:
    """Return the settings and the file they came from; CommandError (exit 2) with every error found."""
    try:
        path = find(options.config, os.environ, Path.cwd(), Path.home())
        return load(path), path
    except ConfigError as error:
        raise CommandError(Exit.USAGE, str(error)) from error
