"""The overview: the four live panels at once, at any size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.containers import Container

from seqwatch_tui.console import rows
from seqwatch_tui.console.desk import Desk
from seqwatch_tui.console.host import Host
from seqwatch_tui.console.views.alert import AlertView
from seqwatch_tui.console.views.base import View
from seqwatch_tui.console.views.details import DatasetView, EventView, FilesView, FindingView
from seqwatch_tui.console.widgets.drawn import Span
from seqwatch_tui.console.widgets.events import EventList
from seqwatch_tui.console.widgets.lines import Lines
from seqwatch_tui.console.widgets.table import Col, PanelTable

_CRAMPED = 14
"""Rows of the body below which encryption and integrity are left to their words in the header."""
_ROOMY = 32
"""Rows of the body from which titles have lines of their own."""
Shape = Callable[[Desk, rows.Row], Sequence[Span]]


class Lower(Container):
    """The three panels under the events."""

    def on_resize(self, event: events.Resize) -> None:
        """Side by side when there is room for three."""
        self.set_class(event.size.width >= 120, "abreast")


class OverviewView(View):
    """0: all four panels at once; stacked when narrow, three below the events when wide."""

    context, crumb = "overview", "Overview"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.events = EventList(self.desk, titled=True, id="ov-events")
        self.tables = {
            "alerts": self._table("2 Alerts", rows.ALERTS, rows.alert, "alerts", "no open alert"),
            "encryption": self._table("3 Encryption and keys", rows.ENCRYPTION, rows.encryption, "encryption"),
            "integrity": self._table("4 Integrity", rows.INTEGRITY, rows.integrity, "integrity"),
        }

    def compose(self) -> ComposeResult:
        """Events over the full width, so that the terminal can scroll them; the others below."""
        yield self.events
        with Lower(id="lower"):
            yield from self.tables.values()

    def _table(
        self, title: str, columns: tuple[Col, ...], shape: Shape, name: str, empty: str = "nothing here"
    ) -> PanelTable:
        return PanelTable(self.desk, columns, partial(shape, self.desk), title=title, empty=empty, id=f"ov-{name}")

    def on_resize(self, event: events.Resize) -> None:
        """Where rows are dear, a panel's title and headings share a line."""
        self.set_class(event.size.height < _CRAMPED, "cramped")
        for table in (self.events, *self.tables.values()):
            table.compact = event.size.height < _ROOMY
            table.forget()

    def update(self) -> bool:
        """Draw what changed in each panel."""
        drawn = self.events.arrived()
        if self.desk.snapshot is not None:
            for name, table in self.tables.items():
                drawn = table.show(getattr(self.desk.snapshot, name)) or drawn
            jobs = self.desk.snapshot.status.jobs
            if jobs != getattr(self, "_jobs", ()):
                self.tables["integrity"].forget()
                self._jobs, drawn = jobs, True
        return drawn

    def row(self) -> dict[str, Any] | None:
        """The row under the cursor of the panel that has the keyboard."""
        lines = self.lines()
        return lines.row() if isinstance(lines, (EventList, PanelTable)) else None

    def dataset(self) -> str | None:
        """As View.dataset; in the panel of keys a dataset is the row's id."""
        row = self.row() or {}
        return str(row["id"]) if row.get("kind") == "dataset" else super().dataset()

    def open(self) -> None:
        """Open the row as its own screen would."""
        if (alert := self.alert_id()) is not None:
            self.host.push(AlertView(self.host, alert))
        elif (event := self.event_id()) is not None:
            self.host.push(EventView(self.host, event))
        elif (dataset := self.dataset()) is not None:
            files = self.lines() is self.tables["integrity"]
            self.host.push((FilesView if files else DatasetView)(self.host, dataset))
        elif (row := self.row()) is not None:
            self.host.push(FindingView(self.host, f"key {row.get('id')}", row))

    def sift(self, words: str) -> None:
        """The filter line filters the events of the overview."""

    def main(self) -> Lines | None:
        """The events."""
        return self.events
