"""`seqwatch rules`: what is watched for, whether it can be seen, its hits; which files did not load (file, line, why)."""

from __future__ import annotations

import argparse

from seqwatch_tui.cli.backtest import backtest
from seqwatch_tui.cli.exits import Exit, note
from seqwatch_tui.cli.lists import show

COLUMNS = ("id", "level", "state", "source", "hits", "title", "file")


def run(options: argparse.Namespace) -> int:
    """List the rules (exit 1 when one did not load), or do what is asked with rules."""
    if options.do == "backtest":
        return backtest(options)
    if options.do != "list":
        from seqwatch_tui.cli import rule_files

        does = {"import": rule_files.import_files, "check": rule_files.check_files, "test": rule_files.test_samples}
        return does.get(options.do, rule_files.switch)(options)
    panel = show(options, "/v1/rules", COLUMNS)
    for failure in panel["failed"]:
        note(f"seqwatch: {failure['file']}:{failure['line']}: {failure['why']}")
    return int(Exit.FINDING if panel["failed"] else Exit.OK)
