"""Lists that are asked for by name: incidents, snoozes, what was kept quiet, rules. Enter goes on to what a row is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from textual.app import ComposeResult

from seqwatch_tui.console import rows
from seqwatch_tui.console.answers import Panel
from seqwatch_tui.console.desk import Desk
from seqwatch_tui.console.host import Host
from seqwatch_tui.console.views.base import View
from seqwatch_tui.console.views.details import FindingView
from seqwatch_tui.console.widgets.drawn import Span
from seqwatch_tui.console.widgets.result import ResultTable
from seqwatch_tui.console.widgets.table import Col, PanelTable

LISTS: dict[str, tuple[str, str]] = {
    "incidents": ("/v1/incidents", "no incident is open"),
    "snoozes": ("/v1/snoozes", "no snooze is in force; S on an alert makes one"),
    "quiet": ("/v1/quiet", "nothing was kept quiet"),
    "rules": ("/v1/rules", "no rule is loaded"),
}
"""Name of a list -> where it is fetched, and what an empty one says."""


SHAPES: dict[str, tuple[tuple[Col, ...], Callable[[Desk, rows.Row], Sequence[Span]]]] = {
    "/v1/alerts": (rows.ALERTS, rows.alert), "/v1/incidents": (rows.INCIDENTS, rows.incident),
    "/v1/snoozes": (rows.SNOOZES, rows.snooze),
}  # fmt: skip
"""Where it is fetched -> columns and cells of a row; the others show every column as it is called."""


class ListedView(View):
    """One panel of the API as a table."""

    context = "listed"

    def __init__(self, host: Host, crumb: str, path: str, empty: str) -> None:
        super().__init__(host)
        self.crumb, self._path, self._empty = crumb, path, empty
        columns, shape = SHAPES.get(path.partition("?")[0], ((), None))
        if crumb == "snoozes":
            self.context = "snoozes"
        self.table: PanelTable = ResultTable(self.desk, empty="fetching ...")
        if shape is not None:
            self.table = PanelTable(self.desk, columns, partial(shape, self.desk), empty="fetching ...")

    @classmethod
    def of(cls, host: Host, name: str) -> ListedView:
        """Return one of LISTS; KeyError for another name."""
        path, empty = LISTS[name]
        return cls(host, name, path, empty)

    def compose(self) -> ComposeResult:
        """The table."""
        yield self.table

    def on_mount(self) -> None:
        """Fetch it."""
        self.fetch_again()

    def fetch_again(self) -> None:
        """Fetch it."""
        self.ask(lambda client: client.get(self._path, Panel.of), self._arrived)

    def seen_again(self) -> None:
        """What was opened from here may have changed: an alert was closed, a snooze ended."""
        self.fetch_again()

    def snooze_id(self) -> int | None:
        """The snooze under the cursor."""
        number = (self.row() or {}).get("snooze_id")
        return int(number) if number is not None else None

    def rule_id(self) -> str | None:
        """The rule under the cursor."""
        row = self.row() or {}
        name = row.get("rule_id") or (row.get("id") if "raises" in row else None)
        return str(name) if name is not None else None

    def open(self) -> None:
        """Go on: from an incident to its alerts, from an alert to its evidence, from a rule to its backtest."""
        row: dict[str, Any] = self.row() or {}
        if row.get("alert_id") is not None:
            from seqwatch_tui.console.views.alert import AlertView

            self.host.push(AlertView(self.host, int(row["alert_id"])))
        elif row.get("incident_id") is not None:
            number = int(row["incident_id"])
            path = f"/v1/alerts?incident={number}"
            self.host.push(ListedView(self.host, f"incident {number}", path, "no alert of it is left"))
        elif "raises" in row and self.rule_id() is not None:
            from seqwatch_tui.console.views.whatif import WhatIfView

            self.host.push(WhatIfView(self.host, str(self.rule_id())))
        elif row:
            self.host.push(FindingView(self.host, rows.text(next(iter(row.values()))), row))

    def _arrived(self, panel: Panel) -> None:
        self.table.empty = self._empty
        self.table.show(panel)
        self.table.forget()
