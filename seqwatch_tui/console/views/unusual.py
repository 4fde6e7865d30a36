"""`u`: hours in which somebody did far more than usual, each with what it is compared with (`seqwatch unusual`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from textual.app import ComposeResult

from seqwatch_tui.console import when
from seqwatch_tui.console.answers import Panel
from seqwatch_tui.console.desk import Desk
from seqwatch_tui.console.host import Host
from seqwatch_tui.console.rows import glyph, text
from seqwatch_tui.console.views.base import View
from seqwatch_tui.console.views.details import FindingView
from seqwatch_tui.console.widgets.drawn import Span
from seqwatch_tui.console.widgets.table import Col, PanelTable

COLUMNS = (
    Col("", 2), Col("hour", 11, least=50), Col("who", 10), Col("dataset", share=1, least=40), Col("did", 11, keep="right"),
    Col("usual", 9, keep="right", least=60), Col("weeks", 5, keep="right", least=70), Col("score", 6, keep="right", least=90),
    Col("verdict", 8, least=64),
)  # fmt: skip
_STATES = {"unusual": "warn", "usual": "pass"}
_UNITS = {"exes": "programs"}


class UnusualView(View):
    """One table, fetched when it is opened and on `r`."""

    context, crumb = "unusual", "busy hours of the last 7 days"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.table = PanelTable(self.desk, COLUMNS, partial(busy_hour, self.desk), empty="fetching ...")

    def compose(self) -> ComposeResult:
        """The table alone."""
        yield self.table

    def on_mount(self) -> None:
        """Fetch them."""
        self.fetch_again()

    def fetch_again(self) -> None:
        """Get the hours anew; the engine first counts what has come since."""
        self.ask(lambda client: client.get("/v1/unusual", Panel.of), self._arrived)

    def open(self) -> None:
        """Open one hour in full, with the sentence that says what it is compared with."""
        row = self.row()
        if row is not None:
            self.host.push(FindingView(self.host, f"hour of {text(row.get('user_name'))}", row))

    def _arrived(self, panel: Panel) -> None:
        self.table.empty = "no hour of the last 7 days was busy: 20 files, 1 GB, 3 datasets or 5 programs make one"
        self.table.show(panel)
        self.table.forget()


def busy_hour(desk: Desk, row: dict[str, Any]) -> Sequence[Span]:
    """The cells of an hour, in the order of COLUMNS; what cannot be judged yet is unknown, never usual."""
    verdict, measure = text(row.get("verdict")).partition(":")[0], text(row.get("measure"))
    state = _STATES.get(verdict, "unknown")
    return (
        glyph(state), (_hour(desk, row.get("hour")), "text"), (text(row.get("user_name")), "strong"),
        (text(row.get("dataset"), "all datasets"), "text"), (_amount(measure, row.get("value"), _UNITS.get(measure, measure)), "text"),
        (_amount(measure, row.get("median")), "dim"), (text(row.get("weeks")), "dim"), (text(row.get("score")), "text"),
        (verdict, state),
    )  # fmt: skip


def _hour(desk: Desk, value: object) -> str:
    return when.stamp(value, desk.zone)[5:16] if isinstance(value, (int, float)) else text(value)


def _amount(measure: str, value: object, unit: str = "") -> str:
    if not isinstance(value, (int, float)):
        return "-"
    return when.size(value) if measure == "bytes" else f"{value:g} {unit}".rstrip()
