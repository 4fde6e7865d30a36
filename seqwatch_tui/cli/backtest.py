"""`seqwatch rules backtest RULE|FILE`: what a rule would have raised, before it is switched on or changed."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from seqwatch_tui.cli.exits import CommandError, Exit, note
from seqwatch_tui.cli.session import engine_for
from seqwatch_tui.cli.settings import load_settings
from seqwatch_tui.cli.show import show_panel
from seqwatch_tui.cli.snooze import seconds_of
from seqwatch_tui.model.text import safe_text

_COUNTS = ("alerts", "events", "true", "false", "expected", "open", "suppressed", "none")
_LARGEST = 256 << 10


def backtest(options: argparse.Namespace) -> int:
    """Show the hits per day and by actor; exit 0 whatever they are."""
    if not options.rule:
        raise CommandError(
            Exit.USAGE, "backtest needs a rule or a rule file", "seqwatch rules backtest bulk-read --since 90d"
        )
    settings, config = load_settings(options)
    asked = {**_target(options.rule), "since": seconds_of(options.since, "--since"), "timeout": options.timeout}
    with engine_for(settings, config) as client:
        results = client.post("/v1/rules/backtest", asked, options.timeout + 30)["results"]
    if options.format == "json":
        print(json.dumps(results, indent=1))
        return int(Exit.OK)
    for result in results:
        _show(result, options.format)
    return int(Exit.OK)


def _target(rule: str) -> dict[str, str]:
    path = Path(rule)
    if path.suffix not in (".yml", ".yaml") and "/" not in rule:
        return {"rule": rule}
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            raise CommandError(Exit.USAGE, f"{rule} is larger than {_LARGEST >> 10} KiB", "split the file")
        return {"text": raw.decode("utf-8-sig")}
    except OSError as error:
        raise CommandError(
            Exit.USAGE, f"{rule} cannot be read: {error.strerror}", "give the path of a rule file"
        ) from error
    except UnicodeDecodeError as error:
        raise CommandError(Exit.USAGE, f"{rule} is not UTF-8 text", "save it as UTF-8") from error


def _show(result: dict[str, Any], form: str) -> None:
    days = (result["until"] - result["since"]) / 86400
    judged = ", ".join(f"{n} {word}" for word, n in result["judged"].items() if n) or "nothing"
    note(f"{result['rule']} ({safe_text(result['title'])}): {result['alerts']} alerts from {result['events']} events in "
         f"{days:g} days; past alerts on the same events: {judged}; {result['seconds']:.1f} s")  # fmt: skip
    for name in ("days", "actors"):
        columns = [name[:-1], *_COUNTS]
        rows = [[row[column] for column in columns] for row in result[name]]
        show_panel({"columns": columns, "rows": rows, "total": len(rows), "cut": False}, form)
        print()
    if result["cut"]:
        note("seqwatch: there was more than could be counted; the figures are lower bounds")
    if result["gaps"]:
        note(f"seqwatch: {result['gaps']} gaps in the evidence are known; what was not seen raised nothing")
