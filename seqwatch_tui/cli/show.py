"""Panels of the API on stdout as a table, JSON or CSV."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

from seqwatch_tui.model.text import safe_text

_TIMES = {
    "ts",
    "first_ts",
    "last_ts",
    "checked",
    "start",
    "end",
    "started",
    "finished",
    "opened",
    "ended",
    "sealed",
    "begins",
    "ends",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def show_panel(
    panel: dict[str, Any], form: str, columns: tuple[str, ...] | None = None, out: TextIO | None = None
) -> None:
    """Write a panel; `columns` chooses and orders them for a table (JSON and CSV have all)."""
    out = out or sys.stdout
    if form == "json":
        rows = [dict(zip(panel["columns"], row, strict=True)) for row in panel["rows"]]
        json.dump(rows, out, indent=1)
        out.write("\n")
    elif form == "csv":
        writer = csv.writer(out)
        writer.writerow(panel["columns"])
        writer.writerows([[csv_cell(v) for v in row] for row in panel["rows"]])
    else:
        _table(panel, columns, out)


def csv_cell(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula gets a quote before it."""
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA) else value


def _table(panel: dict[str, Any], columns: tuple[str, ...] | None, out: TextIO) -> None:
    names = [c for c in columns if c in panel["columns"]] if columns else panel["columns"]
    places = [panel["columns"].index(n) for n in names]
    cells = [[cell(n, row[i]) for n, i in zip(names, places, strict=True)] for row in panel["rows"]]
    widths = [max([len(n), *(len(r[i]) for r in cells)]) for i, n in enumerate(names)]
    limit = shutil.get_terminal_size((160, 24)).columns if out.isatty() else None
    for line in [names, *cells]:
        text = "  ".join(value.ljust(width) for value, width in zip(line, widths, strict=True)).rstrip()
        out.write((text if limit is None or len(text) <= limit else text[: limit - 1] + "…") + "\n")
    if panel.get("cut"):
        sys.stderr.write(f"{len(panel['rows'])} of {panel.get('total', 'more')} rows shown\n")


def cell(name: str, value: Any) -> str:
    """One value as a person reads it; unknown is `-`, and who is not known is never shown as anybody."""
    if value is None:
        return "unattributed" if name == "user_name" else "-"
    if name in _TIMES and isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return safe_text(" ".join(map(str, value))) or "-"
    return safe_text(str(value))
