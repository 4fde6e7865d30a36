"""Drilling in: an event with every column, its raw records, a dataset and its files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual.app import ComposeResult

from seqwatch_tui.console import rows
from seqwatch_tui.console.answers import Panel
from seqwatch_tui.console.host import Host
from seqwatch_tui.console.views.base import View
from seqwatch_tui.console.views.telling import coverage, fields, gaps, quoted, value_text
from seqwatch_tui.console.widgets.pager import Pager, Paragraph
from seqwatch_tui.console.widgets.result import ResultTable

Json = dict[str, Any]


class TextView(View):
    """One text."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.pager = Pager(self.desk)
        self._path, self._known = "", False

    def compose(self) -> ComposeResult:
        """The text alone."""
        yield self.pager

    def copy(self) -> str:
        """The whole text."""
        return self.pager.whole()

    def fetch(self, path: str) -> None:
        """Get a JSON object and show it, now and whenever it is asked for again."""
        self.pager.show([("", "fetching ...", "dim")])
        self._path = path
        self.fetch_again()

    def fetch_again(self) -> None:
        """As View.fetch_again."""
        path = self._path
        if path:
            self.ask(lambda client: client.get(path, dict), self._came)

    def _came(self, data: Json) -> None:
        self._known = True
        self.arrived(data)

    def unanswered(self, why: str) -> None:
        """As View.unanswered, when nothing was shown before."""
        if not self._known:
            self.pager.show([("", why, "fail")])

    def arrived(self, data: Json) -> None:
        """Show what came."""
        raise NotImplementedError


class EventView(TextView):
    """One event: every column, the alerts it is evidence of, what was not seen around it."""

    context = "event"

    def __init__(self, host: Host, event_id: int) -> None:
        super().__init__(host)
        self._event_id = event_id
        self.crumb = f"event {event_id}"
        self._event: Json = {}
        self._records: list[Json] = []

    def on_mount(self) -> None:
        """Fetch it."""
        self.fetch(f"/v1/events/{self._event_id}")

    def arrived(self, data: Json) -> None:
        """Show policy first, then the columns, then how complete the record is."""
        self._event, self._records = data["event"], data.get("records") or []
        self.pager.show(self._paragraphs(data))

    def event_id(self) -> int | None:
        """This event."""
        return self._event_id

    def dataset(self) -> str | None:
        """Its dataset."""
        found = self._event.get("dataset")
        return str(found) if found else None

    def open(self) -> None:
        """Open the raw records, once they are here."""
        if self._event:
            self.host.push(RecordsView(self.host, self._event_id, self._records))

    def _paragraphs(self, data: Json) -> Iterable[Paragraph]:
        event = data["event"]
        word, role = rows.result(str(event.get("outcome")), event.get("allowed"))
        yield "policy", f"{word}: {rows.text(event.get('reason'), 'no reason given')}", role
        alerts = ", ".join(map(str, data.get("alerts") or ()))
        yield "alerts", alerts or "evidence of none", "warn" if alerts else "dim"
        yield from gaps(data, self.desk.zone)
        yield (
            "raw records",
            f"{len(self._records)}; Enter shows them as they were read",
            "strong" if self._records else "dim",
        )
        for name, value in event.items():
            told = (
                f"auid {event['auid']}, name not known"
                if name == "user_name" and event.get("auid") is not None
                else None
            )
            text = value_text(name, value if value is not None else told, self.desk.zone)
            yield name, text, "text" if value is not None else "dim"


class RecordsView(View):
    """The lines as they were read, wrapped, with the offset of each."""

    context, crumb = "records", "raw records"

    def __init__(self, host: Host, event_id: int, records: list[Json]) -> None:
        super().__init__(host)
        self._event_id, self._records = event_id, records
        self.pager = Pager(self.desk, indent=0)

    def compose(self) -> ComposeResult:
        """All records in one text."""
        yield self.pager

    def on_mount(self) -> None:
        """Show them."""
        self.pager.show(self._paragraphs())

    def event_id(self) -> int | None:
        """The event they belong to."""
        return self._event_id

    def copy(self) -> str:
        """The raw lines."""
        return "\n".join(str(record.get("raw")) for record in self._records)

    def _paragraphs(self) -> Iterable[Paragraph]:
        if not self._records:
            yield "", "no raw record of this event is kept here; the ledger's segments may hold it", "unknown"
        for record in self._records:
            yield (
                "",
                f"{record.get('seq')}  {record.get('type')}  at byte {rows.text(record.get('position'), '?')}",
                "key",
            )
            yield "", str(record.get("raw")), "text"
            yield "", "", "text"


class DatasetView(TextView):
    """One dataset: who may do what, how it is encrypted, whether it is whole, and whether it is in quarantine."""

    context = "dataset"

    def __init__(self, host: Host, dataset: str) -> None:
        super().__init__(host)
        self._dataset = dataset
        self.crumb = dataset
        self._shown: Json = {}
        self._evidence: list[Paragraph] = [("evidence", "the last 24 h are being looked through ...", "dim")]

    def on_mount(self) -> None:
        """Fetch it."""
        self.fetch(f"/v1/datasets/{quoted(self._dataset)}")

    def seen_again(self) -> None:
        """It may have been quarantined or released."""
        self.fetch_again()

    def arrived(self, data: Json) -> None:
        """Show every field; nested ones as lines of their own. How complete the evidence is comes after it."""
        self._shown = data
        self.pager.show([*self._evidence, *fields(data, self.desk.zone)])
        path = f"/v1/datasets/{quoted(self._dataset)}/coverage"
        self.ask(lambda client: client.get(path, dict), self._covered)

    def _covered(self, data: Json) -> None:
        self._evidence = list(coverage(data, self.desk.zone))
        self.pager.show([*self._evidence, *fields(self._shown, self.desk.zone)])

    def dataset(self) -> str | None:
        """This dataset."""
        return self._dataset


class FindingView(TextView):
    """One row of a panel in full; nothing is fetched."""

    context = "finding"

    def __init__(self, host: Host, crumb: str, row: Json) -> None:
        super().__init__(host)
        self.crumb = crumb
        self._row = row

    def on_mount(self) -> None:
        """Show it."""
        self.pager.show(fields(self._row, self.desk.zone))


class FilesView(View):
    """The files of a dataset with their verdicts, the bad ones first."""

    context = "files"

    def __init__(self, host: Host, dataset: str) -> None:
        super().__init__(host)
        self._dataset = dataset
        self.crumb = dataset
        self.table = ResultTable(self.desk, empty="fetching ...")
        self._verified: object = None

    def compose(self) -> ComposeResult:
        """One table."""
        yield self.table

    def on_mount(self) -> None:
        """Fetch them."""
        self.fetch_again()

    def fetch_again(self) -> None:
        """Get the verdicts."""
        path = f"/v1/integrity/{quoted(self._dataset)}/files"
        self.ask(lambda client: client.get(path, Panel.of, limit=1000), self._arrived)

    def update(self) -> bool:
        """A verification that ends changes the verdicts."""
        panel = self.desk.snapshot.integrity if self.desk.snapshot else None
        found = panel.row_of("dataset", self._dataset) if panel else None
        if self._verified is not None and found != self._verified:
            self.fetch_again()
        self._verified = found
        return False

    def dataset(self) -> str | None:
        """This dataset."""
        return self._dataset

    def open(self) -> None:
        """Open one file's verdict in full."""
        row = self.row()
        if row is not None:
            self.host.push(FindingView(self.host, rows.text(row.get("path"), "file"), row))

    def _arrived(self, panel: Panel) -> None:
        self.table.empty = "no file was checked yet; V verifies the dataset against its manifest"
        self.table.show(panel)
        self.table.forget()
