"""`seqwatch doctor`: what this host can and cannot tell; exit 1 when something fails."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from seqwatch_tui.cli.client import Client
from seqwatch_tui.cli.exits import CommandError, Exit
from seqwatch_tui.cli.settings import load_settings
from seqwatch_tui.model.text import safe_text

if TYPE_CHECKING:
    from seqwatch_tui.config.settings import Settings
    from seqwatch_tui.engine.doctor import Check


def run(options: argparse.Namespace) -> int:
    """Examine and report."""
    settings, config = load_settings(options)
    from seqwatch_tui.engine.doctor import examine

    checks = [*examine(settings), *running_engine(settings)]
    if options.format == "json":
        print(json.dumps([asdict(c) for c in checks], indent=1, ensure_ascii=False))
    else:
        print(f"configuration {config}")
        for check in checks:
            print(safe_text(f"{check.state:8} {check.name:22} {check.seen}" + (f"; {check.do}" if check.do else "")))
    return int(Exit.FINDING if any(c.state == "fail" for c in checks) else Exit.OK)


def running_engine(settings: Settings) -> Iterator[Check]:
    """What only a running engine knows: whether it answers, and whether its pages go out."""
    from seqwatch_tui.engine.doctor import Check

    client = Client(settings.state_dir / "engine.sock", timeout=10.0)
    try:
        status = client.get("/v1/status")
    except CommandError as error:
        yield Check("engine", "unknown", error.text, "start it (seqwatch engine), or ask as one of its operators")
        return
    yield Check("engine", "pass", f"answers; {status['events']} events stored")
    for address in status["paging"]:
        seen = address["last"] or "no page so far"
        if address["dropped"]:
            seen += f"; {address['dropped']} alerts found no room"
        yield Check(f"page {address['label']}", address["state"], seen,
                    "" if address["state"] == "pass" else "seqwatch doctor --drill sends one; see docs/notify.md")  # fmt: skip
