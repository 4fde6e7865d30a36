"""`seqwatch alerts`: open alerts, one with its evidence, and an operator's word on it."""

from __future__ import annotations

import argparse
import json

from seqwatch_tui.cli.exits import CommandError, Exit
from seqwatch_tui.cli.session import engine_for
from seqwatch_tui.cli.settings import load_settings
from seqwatch_tui.cli.show import cell, show_panel

COLUMNS = ("alert_id", "level", "state", "last_ts", "rule_title", "actor", "dataset", "src_ip", "count", "summary")
_EVIDENCE = ("event_id", "ts", "action", "outcome", "user_name", "src_ip", "process", "path")


def run(options: argparse.Namespace) -> int:
    """List, show or change; exit 1 when there are open alerts or the one shown is open."""
    settings, config = load_settings(options)
    if (options.acknowledge or options.close) and not (options.alert and options.reason):
        raise CommandError(
            Exit.USAGE,
            "changing an alert needs its ID and --reason",
            "seqwatch alerts 12 --acknowledge --reason 'known job'",
        )
    with engine_for(settings, config) as client:
        if options.alert is None:
            panel = client.get("/v1/alerts", state="all" if options.all else "open", limit=1000)
            show_panel(panel, options.format, COLUMNS)
            return int(Exit.FINDING if panel["rows"] else Exit.OK)
        if options.acknowledge or options.close:
            state = "closed" if options.close else "acknowledged"
            client.post(f"/v1/alerts/{options.alert}", {"state": state, "reason": options.reason})
        found = client.get(f"/v1/alerts/{options.alert}")
    if options.format == "json":
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        for name, value in found["alert"].items():
            print(f"{name:12} {cell(name, value)}")
        print()
        show_panel(found["events"], options.format, _EVIDENCE)
    return int(Exit.OK if found["alert"]["state"] == "closed" else Exit.FINDING)
