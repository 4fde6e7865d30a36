"""What the read-only twins of the screens share: fetch one panel, show it."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

from seqwatch_tui.cli.exits import note
from seqwatch_tui.cli.session import engine_for
from seqwatch_tui.cli.settings import load_settings
from seqwatch_tui.cli.show import show_panel


def fetch(options: argparse.Namespace, path: str, **query: Any) -> Any:
    """Return the answer to one GET."""
    settings, config = load_settings(options)
    with engine_for(settings, config) as client:
        return client.get(path, **query)


def note_begin(begins: float | None) -> None:
    """Say from when on the store has events, where older ones have left it: what is not listed did happen."""
    if begins is not None:
        day = datetime.fromtimestamp(begins, UTC).strftime("%Y-%m-%d")
        note(
            f"seqwatch: the store begins at {day} UTC (retention.store_days); older events are in the ledger,"
            " which `seqwatch sql` reads"
        )


def show(
    options: argparse.Namespace, path: str, columns: tuple[str, ...] | None = None, **query: Any
) -> dict[str, Any]:
    """Fetch one panel and write it; return it."""
    panel: dict[str, Any] = fetch(options, path, **query)
    show_panel(panel, options.format, columns)
    return panel
