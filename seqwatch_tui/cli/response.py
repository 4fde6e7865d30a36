"""`seqwatch quarantine` and `release`: the plan, the typed name, what was done."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from seqwatch_tui.cli.exits import CommandError, Exit
from seqwatch_tui.cli.session import engine_for
from seqwatch_tui.cli.settings import load_settings
from seqwatch_tui.model.text import safe_text


def run(options: argparse.Namespace) -> int:
    """Plan, show, ask, carry out; exit 1 when refused or not proved."""
    settings, config = load_settings(options)
    verb = options.command_spec.name
    with engine_for(settings, config) as client:
        plan = client.post("/v1/plans", {"verb": verb, "dataset": options.dataset, "reason": options.reason})
        if options.dry_run:
            _show_plan(plan, options.format)
            return int(Exit.OK)
        if options.format == "table":
            _show_plan(plan, "table")
        typed = options.dataset if options.yes else _ask(options.dataset)
        outcome = client.post(f"/v1/plans/{plan['plan_id']}", {"typed": typed}, timeout=600)
    _show_outcome(outcome, options.format)
    return int(Exit.OK if outcome["state"] == "done" and outcome["proved"] != "no" else Exit.FINDING)


def _ask(dataset: str) -> str:
    if not sys.stdin.isatty():
        raise CommandError(
            Exit.USAGE,
            "nobody can type the dataset's name: stdin is not a terminal",
            "add --yes, or --dry-run to see the plan only",
        )
    sys.stderr.write(f"Type {dataset} to carry it out, anything else to leave it: ")
    sys.stderr.flush()
    typed = sys.stdin.readline().strip()
    if typed != dataset:
        raise CommandError(Exit.FINDING, "left as it is; nothing was changed")
    return typed


def _show_plan(plan: dict[str, Any], form: str) -> None:
    if form == "json":
        print(json.dumps(plan, indent=1))
        return
    print(safe_text(f"{plan['verb']} {plan['dataset']} ({plan['path']}) because: {plan['reason']}"))
    for line in (*(f"warning: {w}" for w in plan["warnings"]), *(f"affects: {b}" for b in plan["blast_radius"])):
        print("  " + safe_text(line))
    for step in plan["steps"][:20]:
        print(safe_text(f"  {step['number']:3}. {step['text']}   (undo: {step['undo']})"))
    if len(plan["steps"]) > 20:
        print(f"       and {len(plan['steps']) - 20} more steps like these (--dry-run --format json shows all)")


def _show_outcome(outcome: dict[str, Any], form: str) -> None:
    if form == "json":
        print(json.dumps(outcome, indent=1))
        return
    done = sum(s["state"] in ("done", "undone") for s in outcome["steps"])
    print(
        safe_text(
            f"{outcome['verb']} of {outcome['dataset']}: {outcome['state']}, {done} of {len(outcome['steps'])} steps"
        )
    )
    for step in outcome["steps"]:
        if step["state"] in ("failed", "skipped"):
            print(safe_text(f"  {step['state']}: {step['text']}: {step['detail']}"))
    print(safe_text(f"  probe: {outcome['probe']} (proved: {outcome['proved']})"))
