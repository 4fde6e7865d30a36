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
    """Examine and report; with `--drill`, have the engine prove the whole chain."""
    settings, config = load_settings(options)
    if options.drill:
        return _drill(settings, options.format)
    from seqwatch_tui.engine.doctor import examine

    checks = [*examine(settings), *running_engine(settings)]
    if options.format == "json":
        print(json.dumps([asdict(c) for c in checks], indent=1))
    else:
        print(f"configuration {config}")
        for check in checks:
            print(safe_text(f"{check.state:8} {check.name:22} {check.seen}" + (f"; {check.do}" if check.do else "")))
    return int(Exit.FINDING if any(c.state == "fail" for c in checks) else Exit.OK)


def _drill(settings: Settings, form: str) -> int:
    if settings.drill is None:
        raise CommandError(
            Exit.USAGE,
            "no drill is configured",
            "write e.g. drill: {canary: /data/seq/wgs-cohort-a/NA00000.bam} (docs/drill.md)",
        )
    report = Client(settings.state_dir / "engine.sock").post("/v1/drill", {}, timeout=settings.drill.within + 60.0)
    if form == "json":
        print(json.dumps(report, indent=1))
    else:
        print(safe_text(f"drill {report['number']} on {report['canary']}"))
        for leg in report["legs"]:
            took = "" if leg["seconds"] is None else f"{leg['seconds'] * 1000:9.1f} ms  (+{leg['after'] * 1000:.1f})"
            print(
                safe_text(
                    f"{leg['state']:8} {leg['name']:28} {took:28} {leg['seen']}"
                    + (f"; {leg['do']}" if leg["do"] else "")
                )
            )
        print(safe_text(("passed: " if report["passed"] else "FAILED: ") + report["said"]))
    return int(Exit.OK if report["passed"] else Exit.FINDING)


def running_engine(settings: Settings) -> Iterator[Check]:
    """What only a running engine knows: whether it answers, and whether its pages go out."""
    from seqwatch_tui.engine.doctor import Check, accounts

    client = Client(settings.state_dir / "engine.sock", timeout=10.0)
    try:
        status = client.get("/v1/status")
    except CommandError as error:
        yield Check("engine", "unknown", error.text, "start it (seqwatch engine), or ask as one of its operators")
        return
    yield Check("engine", "pass", f"answers; {status['events']} events stored")
    yield from accounts(status["sources"])
    if last := status["drill"]:
        done = last["outcome"] == "done"
        yield Check(
            "last drill",
            "pass" if done else "fail",
            last["detail"],
            "" if done else "seqwatch doctor --drill shows every link",
        )
    elif settings.drill is not None:
        yield Check("last drill", "unknown", "there was none yet", "seqwatch doctor --drill")
    for address in status["paging"]:
        seen = address["last"] or "no page so far"
        if address["dropped"]:
            seen += f"; {address['dropped']} alerts found no room"
        yield Check(f"page {address['label']}", address["state"], seen,
                    "" if address["state"] == "pass" else "seqwatch doctor --drill sends one; see docs/notify.md")  # fmt: skip
