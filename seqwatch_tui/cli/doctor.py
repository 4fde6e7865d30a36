"""`seqwatch doctor`: what this host can and cannot tell; exit 1 when something fails."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from seqwatch_tui.cli.exits import Exit
from seqwatch_tui.cli.settings import load_settings
from seqwatch_tui.model.text import safe_text


def run(options: argparse.Namespace) -> int:
    """Examine and report."""
    settings, config = load_settings(options)
    from seqwatch_tui.engine.doctor import examine

    checks = list(examine(settings))
    if options.format == "json":
        print(json.dumps([asdict(c) for c in checks], indent=1, ensure_ascii=False))
    else:
        print(f"configuration {config}")
        for check in checks:
            print(safe_text(f"{check.state:8} {check.name:22} {check.seen}" + (f"; {check.do}" if check.do else "")))
    return int(Exit.FINDING if any(c.state == "fail" for c in checks) else Exit.OK)
