"""`seqwatch events`: the newest events, filtered; the twin of the Events screen."""

from __future__ import annotations

import argparse

from seqwatch_tui.cli.exits import Exit
from seqwatch_tui.cli.lists import show

COLUMNS = ("event_id", "ts", "action", "outcome", "user_name", "src_ip", "process", "dataset", "allowed", "path")


def run(options: argparse.Namespace) -> int:
    """Write the newest events that match."""
    show(options, "/v1/events", COLUMNS, limit=options.limit, filter=" ".join(options.filter) or None)
    return int(Exit.OK)
