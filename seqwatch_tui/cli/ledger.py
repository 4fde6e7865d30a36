"""`seqwatch ledger [verify|status]`: is everything recorded still as it was recorded; exit 1 when it is not."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from seqwatch_tui.cli.exits import CommandError, Exit
from seqwatch_tui.cli.lists import fetch
from seqwatch_tui.cli.settings import load_settings
from seqwatch_tui.model.text import safe_text


def run(options: argparse.Namespace) -> int:
    """Verify from the files alone (no engine needed), or ask the engine how far the ledger is."""
    if options.do == "status":
        print(json.dumps(fetch(options, "/v1/ledger"), indent=1))
        return int(Exit.OK)
    settings, _ = load_settings(options)
    from seqwatch_tui.ledger.verify import verify

    try:
        report = verify(settings.state_dir, options.head)
    except OSError as error:
        raise CommandError(
            Exit.FAILED, f"the ledger cannot be read: {error}", "is state_dir right, and may you read it?"
        ) from error
    unsealed, said = _unsealed(settings.state_dir)
    fine = report.ok and unsealed is not None
    if options.format == "json":
        print(
            json.dumps(
                {**asdict(report), "events": report.events + (unsealed or 0), "unsealed": unsealed, "ok": fine},
                indent=1,
                default=str,
            )
        )
    else:
        lines = [f"{report.segments} sealed segments, {report.events} events, {report.records} raw lines; "
                 + ("the chain holds" if report.ok else "THE CHAIN DOES NOT HOLD"),
                 f"head {report.segments}:{report.head}", *map(str, report.problems), *report.remarks, said]  # fmt: skip
        print("\n".join(safe_text(line) for line in lines))
    return int(Exit.OK if fine else Exit.FINDING)


def _unsealed(state_dir: Path) -> tuple[int | None, str]:
    """How many events are not sealed yet, null when that cannot be told, and the sentence that says so."""
    from seqwatch_tui.ledger.replay import unsealed
    from seqwatch_tui.ledger.values import LedgerError

    try:
        count = unsealed(state_dir)
    except (OSError, LedgerError) as error:
        return None, f"how many more events are not sealed yet is not known: {error}"
    return count, f"{count} more events are not sealed yet: only their own checksums protect them"
