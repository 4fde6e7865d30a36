"""`seqwatch unusual`: hours in which somebody did far more than usual; exit 1 when there are any."""

from __future__ import annotations

import argparse
from typing import Any

from seqwatch_tui.cli.exits import Exit, note
from seqwatch_tui.cli.lists import fetch
from seqwatch_tui.cli.show import show_panel

_COLUMNS = ("verdict", "score", "text")


def run(options: argparse.Namespace) -> int:
    """Write the hours that stand out, each with what it is compared with."""
    found: dict[str, Any] = fetch(
        options, "/v1/unusual", since=options.since, user=options.user or "", dataset=options.dataset or ""
    )
    place = found["columns"].index("verdict")
    verdicts = [row[place] for row in found["rows"]]
    unusual = verdicts.count("unusual")
    if not options.all:
        found = {**found, "rows": [row for row in found["rows"] if row[place] == "unusual"]}
    show_panel(found, options.format, _COLUMNS)
    unknown = sum(verdict.startswith("unknown") for verdict in verdicts)
    if unknown:
        note(f"{unknown} busy hours cannot be judged: less than four weeks of history; --all lists them")
    return int(Exit.FINDING if unusual else Exit.OK)
