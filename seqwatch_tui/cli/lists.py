"""What the read-only twins of the screens share: fetch one panel, show it."""

from __future__ import annotations

import argparse
from typing import Any

from seqwatch_tui.cli.session import engine_for
from seqwatch_tui.cli.settings import load_settings
from seqwatch_tui.cli.show import show_panel


def fetch(options: argparse.Namespace, path: str, **query: Any) -> Any:
    """Return the answer to one GET."""
    settings, config = load_settings(options)
    with engine_for(settings, config) as client:
        return client.get(path, **query)


def show(
    options: argparse.Namespace, path: str, columns: tuple[str, ...] | None = None, **query: Any
) -> dict[str, Any]:
    """Fetch one panel and write it; return it."""
    panel: dict[str, Any] = fetch(options, path, **query)
    show_panel(panel, options.format, columns)
    return panel
