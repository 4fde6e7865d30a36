"""The full-screen panels: a live list with the detail of its row below (Events, Alerts, Keys, Integrity)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from textual import events
from textual.app import ComposeResult

from seqwatch_tui.console import rows, when
from seqwatch_tui.console.answers import Panel
from seqwatch_tui.console.host import Host
from seqwatch_tui.console.views.alert import AlertView
from seqwatch_tui.console.views.base import View
from seqwatch_tui.console.views.details import DatasetView, EventView, FilesView, FindingView
from seqwatch_tui.console.widgets.events import EventList
from seqwatch_tui.console.widgets.pager import Detail, Paragraph
from seqwatch_tui.console.widgets.table import PanelTable

_CRAMPED = 14
"""Rows of the body below which the detail is hidden."""


class ListView(View):
    """A list and, below it, what is known about the row at the cursor (`p` shows and hides it)."""

    detailed = True
    """Whether the detail is shown at first."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.strip = Detail(self.desk)
        self._described: object = None

    def on_mount(self) -> None:
        """The detail starts as the kind of list wants it."""
        self.strip.display = self.detailed

    def on_resize(self, event: events.Resize) -> None:
        """Where rows are dear, the list goes first; `p` still shows the detail."""
        if event.size.height < _CRAMPED:
            self.strip.display = False

    def toggle_detail(self) -> None:
        """Show or hide the detail."""
        self.strip.display = not self.strip.display
        self._described = None
        self.describe()

    def describe(self) -> bool:
        """Draw the detail of the row at the cursor; return whether anything was drawn."""
        if not self.strip.display:
            return False
        row = self.row()
        self.strip.top = 0
        return self.strip.show(self.paragraphs(row) if row else [("", "nothing under the cursor", "dim")])

    def paragraphs(self, row: dict[str, Any]) -> Iterable[Paragraph]:
        """What the detail says about a row."""
        raise NotImplementedError


class EventsView(ListView):
    """1: every access, live."""

    context, detailed = "events", False

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.events = EventList(self.desk)

    def compose(self) -> ComposeResult:
        """The list and the detail."""
        yield self.events
        yield self.strip

    @property
    def crumb(self) -> str:  # type: ignore[override]
        """Says the filter, or that there is none."""
        return f"Events > {self.desk.filter or 'all'}"

    def row(self) -> dict[str, Any] | None:
        """The event under the cursor, or the newest while following."""
        return self.events.row()

    def update(self) -> bool:
        """Draw what arrived."""
        drawn = self.events.arrived()
        return self.describe() or drawn

    def open(self) -> None:
        """Open the event."""
        event_id = self.event_id()
        if event_id is not None:
            self.host.push(EventView(self.host, event_id))

    def paragraphs(self, row: dict[str, Any]) -> Iterable[Paragraph]:
        """Policy and origin of the event; the path last, since a long one takes what room is left."""
        word, role = rows.result(str(row.get("outcome")), row.get("allowed"))
        origin = [f"{name} {row[key]}" for name, key in (("from", "src_ip"), ("with", "process")) if row.get(key)]
        yield "event", f"{row.get('event_id')}  {when.stamp(row.get('ts'), self.desk.zone)}", "text"
        yield "policy", f"{word}: {rows.text(row.get('reason'), 'no reason given')}", role
        yield "who", f"{rows.text(row.get('user_name'), 'unattributed')} {' '.join(origin)}", "text"
        yield "dataset", f"{rows.text(row.get('dataset'))}  as {rows.text(row.get('role'), 'no role')}", "text"
        yield "path", rows.text(row.get("path")), "strong"


class PanelView(ListView):
    """A panel of the snapshot on a screen of its own."""

    panel = ""
    columns: tuple[Any, ...] = ()
    shape: Any = None
    empty = "nothing here"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.table = PanelTable(self.desk, self.columns, partial(type(self).shape, self.desk), empty=self.empty)

    def compose(self) -> ComposeResult:
        """The table and the detail."""
        yield self.table
        yield self.strip

    def update(self) -> bool:
        """Show the newest snapshot's panel."""
        if self.desk.snapshot is None:
            return False
        panel: Panel = getattr(self.desk.snapshot, self.panel)
        drawn = self.table.show(panel)
        return self.describe() or drawn


class AlertsView(PanelView):
    """2: alerts, most urgent first."""

    context, crumb, panel, columns, shape = "alerts", "Alerts", "alerts", rows.ALERTS, rows.alert
    empty = "no open alert"

    def open(self) -> None:
        """Open the alert with its evidence."""
        alert_id = self.alert_id()
        if alert_id is not None:
            self.host.push(AlertView(self.host, alert_id))

    def paragraphs(self, row: dict[str, Any]) -> Iterable[Paragraph]:
        """The alert in a sentence, and its span."""
        zone = self.desk.zone
        told = f"risk {rows.text(row.get('risk'))}  incident {rows.text(row.get('incident_id'))}"
        told += f"  owner {rows.text(row.get('owner'), 'nobody')}"
        yield "alert", f"{row.get('alert_id')}  {row.get('level')}  {row.get('state')}  {told}", "text"
        yield "summary", rows.text(row.get("summary")), "strong"
        yield "seen", f"{when.stamp(row.get('first_ts'), zone)} to {when.clock(row.get('last_ts'), zone)}", "text"
        measure = row.get("measure")
        count = f"{row.get('count')} events" + (f", measure {measure}" if measure is not None else "")
        yield "count", f"{count}, from {rows.text(row.get('src_ip'))}", "text"


class KeysView(PanelView):
    """3: encryption of the datasets, and the keys."""

    context, crumb, panel, columns, shape = "keys", "Keys", "encryption", rows.ENCRYPTION, rows.encryption

    def dataset(self) -> str | None:
        """The dataset of the row, none for a key."""
        row = self.row() or {}
        return str(row["id"]) if row.get("kind") == "dataset" else None

    def open(self) -> None:
        """Open the dataset, or the finding about the key."""
        row, dataset = self.row(), self.dataset()
        if dataset is not None:
            self.host.push(DatasetView(self.host, dataset))
        elif row is not None:
            self.host.push(FindingView(self.host, f"key {row.get('id')}", row))

    def paragraphs(self, row: dict[str, Any]) -> Iterable[Paragraph]:
        """The finding in full."""
        yield rows.text(row.get("kind")), rows.text(row.get("id")), "strong"
        yield "state", rows.text(row.get("state")), rows.text(row.get("state"))
        yield "seen", rows.text(row.get("detail"), "nothing was said"), "text"
        if row.get("kind") == "key":
            age = rows.text(row.get("age_days"), "not known")
            yield "age", f"{age} days of at most {rows.text(row.get('max_age_days'), 'any')}", "text"
        yield "checked", when.stamp(row.get("checked"), self.desk.zone), "dim"


class IntegrityView(PanelView):
    """4: what the disks hold against what the source delivered."""

    context, crumb, panel, columns, shape = "integrity", "Integrity", "integrity", rows.INTEGRITY, rows.integrity

    def update(self) -> bool:
        """A job's progress is in the status, not in the panel: draw it too."""
        jobs = self.desk.snapshot.status.jobs if self.desk.snapshot else ()
        if jobs != getattr(self, "_jobs", ()):
            self.table.forget()
        self._jobs = jobs
        return super().update()

    def open(self) -> None:
        """Open the files of the dataset that are not ok."""
        dataset = self.dataset()
        if dataset is not None:
            self.host.push(FilesView(self.host, dataset))

    def paragraphs(self, row: dict[str, Any]) -> Iterable[Paragraph]:
        """The verdict in words, never a pass for what was not checked."""
        names = ("ok", "changed", "missing", "extra", "unreadable", "not_checked")
        counts = ", ".join(f"{row.get(name)} {name.replace('_', ' ')}" for name in names if row.get(name))
        yield "dataset", rows.text(row.get("dataset")), "strong"
        yield "files", counts or "not checked yet", rows.text(row.get("state"))
        yield "last check", when.stamp(row.get("checked"), self.desk.zone), "text"
        yield "work", rows.work(self.desk, row) or "none; V verifies against the manifest", "dim"
