"""`seqwatch ledger [verify|status]`: is everything recorded still as it was recorded; exit 1 when it is not."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

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
    from seqwatch_tui.ledger.replay import replay
    from seqwatch_tui.ledger.values import LedgerError, Replayed
    from seqwatch_tui.ledger.verify import verify
    from seqwatch_tui.store.interface import LedgerMark

    try:
        report = verify(settings.state_dir)
        rest = [
            part
            for part in replay(settings.state_dir, LedgerMark(report.segments + 1, 0))
            if isinstance(part, Replayed)
        ]
        unsealed = sum(part.events.num_rows for part in rest)
    except (OSError, LedgerError) as error:
        raise CommandError(
            Exit.FAILED, f"the ledger cannot be read: {error}", "is state_dir right, and may you read it?"
        ) from error
    if options.format == "json":
        print(
            json.dumps(
                {**asdict(report), "events": report.events + unsealed, "unsealed": unsealed, "ok": report.ok},
                indent=1,
                default=str,
            )
        )
    else:
        lines = [f"{report.segments} sealed segments, {report.events} events, {report.records} raw lines; "
                 + ("the chain holds" if report.ok else "THE CHAIN DOES NOT HOLD"),
                 f"head {report.head}", *map(str, report.problems), *report.remarks,
                 f"{unsealed} more events are not sealed yet: only their own checksums protect them"]  # fmt: skip
        print("\n".join(safe_text(line) for line in lines))
    return int(Exit.OK if report.ok else Exit.FINDING)
