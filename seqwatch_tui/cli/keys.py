"""`seqwatch keys`: encryption at rest of every dataset and the age of every key; exit 1 when one fails."""

from __future__ import annotations

import argparse

from seqwatch_tui.cli.exits import Exit
from seqwatch_tui.cli.session import engine_for
from seqwatch_tui.cli.settings import load_settings
from seqwatch_tui.cli.show import show_panel

COLUMNS = ("kind", "id", "state", "age_days", "max_age_days", "checked", "detail")


def run(options: argparse.Namespace) -> int:
    """Write the encryption panel."""
    settings, config = load_settings(options)
    with engine_for(settings, config) as client:
        if options.survey:
            client.post("/v1/survey", {}, timeout=600)
        panel = client.get("/v1/encryption")
    show_panel(panel, options.format, COLUMNS)
    state = panel["columns"].index("state")
    return int(Exit.FINDING if any(row[state] == "fail" for row in panel["rows"]) else Exit.OK)
