"""`seqwatch events`: the newest events, filtered; the twin of the Events screen."""

from __future__ import annotations

import argparse

from seqwatch_tui.cli.exits import Exit
from seqwatch_tui.cli.lists import note_begin, show

COLUMNS = ("event_id", "ts", "action", "outcome", "user_name", "src_ip", "process", "dataset", "allowed", "path")


def run(options: argparse.Namespace) -> int:
    """Write the newest events that match; say where they begin, when the answer goes back that far."""
    panel = show(options, "/v1/events", COLUMNS, limit=options.limit, filter=" ".join(options.filter) or None)
    if not panel["cut"]:
        note_begin(panel.get("begins"))
    return int(Exit.OK)
