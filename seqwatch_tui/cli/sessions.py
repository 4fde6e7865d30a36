"""`seqwatch sessions`: who logged in, from where, until when, and what happened in each session."""

from __future__ import annotations

import argparse
from typing import Any

from seqwatch_tui.cli.exits import Exit
from seqwatch_tui.cli.lists import fetch
from seqwatch_tui.cli.show import cell, show_panel

COLUMNS = (
    "opened", "ended", "state", "user_name", "account", "session_id", "src_ip", "tty", "program", "events", "reads",
    "writes", "forbidden", "denied", "alerts", "became", "datasets",
)  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Write the sessions of the window; in a table and CSV the switches are one text."""
    found = fetch(
        options, "/v1/sessions", since=options.since, user=options.user, open="yes" if options.open else None,
        limit=options.limit,
    )  # fmt: skip
    show_panel(found if options.format == "json" else _with_became(found), options.format, COLUMNS)
    return int(Exit.OK)


def _with_became(panel: dict[str, Any]) -> dict[str, Any]:
    place = panel["columns"].index("switches")
    rows = [[*row[:place], _became(row[place]), *row[place + 1 :]] for row in panel["rows"]]
    return {**panel, "columns": [*panel["columns"][:place], "became", *panel["columns"][place + 1 :]], "rows": rows}


def _became(switches: list[dict[str, Any]]) -> str | None:
    """`10:48:19 sudo root>bob: cat x`, one after the other; null when nobody became anyone."""
    said = []
    for switch in switches:
        who = f"{switch['from_user'] or '?'}>{switch['to_user'] or '?'}"
        refused = "" if switch["outcome"] != "failure" else " refused"
        command = f": {switch['command']}" if switch["command"] else ""
        said.append(f"{cell('ts', switch['ts'])[11:]} {switch['program']} {who}{refused}{command}")
    return "; ".join(said) or None
