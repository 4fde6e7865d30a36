"""6: the watch itself: sources, what was not seen, what operators did, and the engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from textual.app import ComposeResult

from seqwatch_tui.console import rows
from seqwatch_tui.console.answers import Json, Panel
from seqwatch_tui.console.client import Client
from seqwatch_tui.console.host import Host
from seqwatch_tui.console.views.base import View
from seqwatch_tui.console.views.details import FindingView
from seqwatch_tui.console.when import age, day
from seqwatch_tui.console.widgets.pager import Pager, Paragraph
from seqwatch_tui.console.widgets.result import ResultTable
from seqwatch_tui.console.widgets.table import PanelTable

REFRESH_SECONDS = 5.0
"""How old gaps and actions may be while they are on the screen."""


_FACTS = (3, 6)
"""Rows that the facts take, at least and at most."""


class SystemView(View):
    """Three tables and a few facts; gaps and actions are fetched while the screen is shown, and on `r`."""

    context, crumb = "system", "System"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        desk = self.desk
        self.facts = Pager(desk, indent=11)
        self.facts.can_focus = False
        self.sources = PanelTable(desk, rows.SOURCES, partial(rows.source, desk), title="Sources", empty="no source")
        self.gaps = ResultTable(desk, title="Gaps: what was not seen", empty="no gap is known")
        self.actions = ResultTable(desk, title="Actions of operators", empty="nobody acted yet")

    def compose(self) -> ComposeResult:
        """Facts on top, tables below."""
        self.facts.add_class("facts")
        yield self.facts
        yield from (self.sources, self.gaps, self.actions)

    def main(self) -> PanelTable:
        """The sources."""
        return self.sources

    def on_mount(self) -> None:
        """What the snapshot does not hold is fetched anew as long as it is on the screen."""
        self.set_interval(REFRESH_SECONDS, self._fetch_if_shown)

    def on_show(self) -> None:
        """Fetch it at once."""
        self.fetch_again()

    def _fetch_if_shown(self) -> None:
        if self.display:
            self.fetch_again()

    def fetch_again(self) -> None:
        """Get gaps and actions."""
        for path, table in (("/v1/gaps", self.gaps), ("/v1/actions", self.actions)):
            self.host.errand(partial(_panel, path), partial(_show, table))

    def update(self) -> bool:
        """Sources and facts are in every status."""
        snapshot = self.desk.snapshot
        if snapshot is None:
            return False
        columns = (
            "name", "type", "state", "read", "balance", "lost", "unparsed", "gaps", "lag", "reason", "path",
            "stored", "duplicates", "declared", "held", "parts", "events", "offset", "size",
        )  # fmt: skip
        lines = tuple(tuple(source.get(name) for name in columns) for source in snapshot.status.sources)
        drawn = self.sources.show(Panel(columns, lines, len(lines), False))
        drawn = self.facts.show(self._facts()) or drawn
        self.facts.styles.height = min(max(self.facts.length, _FACTS[0]), _FACTS[1])
        return drawn

    def open(self) -> None:
        """Open a row in full."""
        row = self.row()
        if row is not None:
            self.host.push(FindingView(self.host, "row", row))

    def _facts(self) -> Iterable[Paragraph]:
        hello, status = self.desk.hello, self.desk.snapshot.status if self.desk.snapshot else None
        if hello is None or status is None:
            return
        you = f"{hello.user or 'you'} as {hello.role or 'nobody'}{', read-only' if self.desk.read_only else ''}"
        yield account_of(status.sources)
        for error in status.errors:
            yield "error", error, "fail"
        for address in status.unpaged:
            yield "page", address, "fail"
        if status.quarantined:
            yield "quarantine", ", ".join(status.quarantined), "warn"
        if status.begins is not None:
            yield "store", f"begins at {day(status.begins, self.desk.zone)}; older events are in the ledger", "warn"
        yield "site", f"{status.site} on {status.host}, seqwatch {hello.version}, engine pid {hello.pid}, {you}", "text"
        yield "zone", f"{hello.timezone}; {status.events} events stored", "text"
        if drill := status.drill:
            said = f"{drill.get('detail')}, {age(status.now - drill['ts'])} ago"
            yield "drill", said, "text" if drill.get("outcome") == "done" else "fail"


def account_of(sources: Sequence[Json]) -> Paragraph:
    """The equation over all sources in one line; every source has its own `sum` in the table."""
    names = ("read", "stored", "duplicates", "declared", "unparsed", "held", "parts", "balance")
    total = {name: sum(int(s.get(name) or 0) for s in sources) for name in names}
    wrong = [str(s.get("name")) for s in sources if s.get("balance")]
    words = (
        f"{total['read']} read = {total['stored']} stored + {total['duplicates']} dup + {total['declared']} lost"
        f" + {total['unparsed'] - total['parts']} unparsed + {total['held']} held"
    )
    if wrong:
        return "account", f"!! does not add up for {', '.join(wrong)}: {words}", "fail"
    return "account", f"ok {words}", "dim"


def _panel(path: str, client: Client) -> Panel:
    return client.get(path, Panel.of, limit=200)


def _show(table: ResultTable, panel: Panel) -> None:
    table.show(panel)
