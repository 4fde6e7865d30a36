"""`seqwatch audit-rules`: print the audit rules for this site, or check that the kernel has them."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from seqwatch_tui.cli.exits import CommandError, Exit
from seqwatch_tui.cli.settings import load_settings
from seqwatch_tui.model.text import safe_text

if TYPE_CHECKING:
    from seqwatch_tui.engine.audit_check import Report
    from seqwatch_tui.engine.audit_rules import Wanted


def run(options: argparse.Namespace) -> int:
    """Write the rules, or the report on them, to stdout. 0 all there, 1 some are missing, 3 the kernel does not tell."""
    settings, config = load_settings(options)
    from seqwatch_tui.engine.audit_host import wanted_here
    from seqwatch_tui.engine.audit_rules import rules_text

    try:
        wanted = wanted_here(settings, Path(config).absolute())
    except ValueError as error:
        raise CommandError(Exit.USAGE, str(error), "rename the folder, or watch its parent") from error
    if options.check:
        return _check(wanted, options.format)
    if options.format == "json":
        rows = [{"rule": w.rule.text, "about": w.about, "obstacle": w.obstacle} for w in wanted]
        print(json.dumps(rows, indent=1))
    else:
        print(rules_text(settings, wanted, immutable=options.immutable), end="")
    return int(Exit.OK)


def _check(wanted: list[Wanted], form: str) -> int:
    from seqwatch_tui.engine.audit_check import check
    from seqwatch_tui.engine.audit_host import CannotAsk, ask_kernel

    told = ask_kernel()
    if isinstance(told, CannotAsk):
        raise CommandError(Exit.FAILED, told.why, told.do)
    report = check(wanted, told.listing, told.status)
    if form == "json":
        print(json.dumps({"complete": report.complete, **asdict(report)}, indent=1))
    else:
        _show(report)
    return int(Exit.OK if report.complete else Exit.FINDING)


def _show(report: Report) -> None:
    for fact in report.kernel:
        print(safe_text(f"{fact.state:8} {fact.name:22} {fact.seen}" + (f"; {fact.do}" if fact.do else "")))
    for rule in report.rules:
        print(safe_text(f"{rule.state:8} {rule.standing:22} {rule.about}: {rule.rule}"))
        for text in filter(None, (rule.why, rule.do)):
            print(safe_text(f"{'':31} {text}"))
    for text in report.extra:
        print(safe_text(f"{'n/a':8} {'extra':22} not asked for by this configuration: {text}"))
