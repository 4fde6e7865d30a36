"""`seqwatch rules`: what is watched for, and which rule files did not load (file, line, why)."""

from __future__ import annotations

import argparse

from seqwatch_tui.cli.backtest import backtest
from seqwatch_tui.cli.exits import Exit, note
from seqwatch_tui.cli.lists import show


def run(options: argparse.Namespace) -> int:
    """List the rules (exit 1 when one did not load), or test one against history."""
    if options.do == "backtest":
        return backtest(options)
    panel = show(options, "/v1/rules")
    for failure in panel["failed"]:
        note(f"seqwatch: {failure['file']}:{failure['line']}: {failure['why']}")
    return int(Exit.FINDING if panel["failed"] else Exit.OK)
