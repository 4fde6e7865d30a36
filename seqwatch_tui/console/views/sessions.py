"""`s`: who logged in, from where, until when, became whom, and what happened in each session."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from textual.app import ComposeResult

from seqwatch_tui.console import when
from seqwatch_tui.console.answers import Panel
from seqwatch_tui.console.desk import Desk
from seqwatch_tui.console.host import Host
from seqwatch_tui.console.rows import text
from seqwatch_tui.console.views.base import View
from seqwatch_tui.console.views.details import FindingView
from seqwatch_tui.console.widgets.drawn import Span
from seqwatch_tui.console.widgets.table import Col, PanelTable

_MOST = 500
COLUMNS = (
    Col("began", 8), Col("state", 7), Col("who", 12), Col("account", 7, least=96), Col("from", 15, least=60),
    Col("program", 8, least=120), Col("reads", 5, keep="right"), Col("writes", 6, keep="right", least=84),
    Col("forbid", 6, keep="right", least=50), Col("denied", 6, keep="right", least=90),
    Col("alerts", 6, keep="right"), Col("became", share=1), Col("datasets", share=1, least=110),
)  # fmt: skip
_STATES = {"no login record": "no login", "no session": "none"}


class SessionsView(View):
    """One table, fetched when it is opened and on `r`."""

    context, crumb = "sessions", "sessions of the last 7 days"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.table = PanelTable(self.desk, COLUMNS, partial(session, self.desk), empty="fetching ...")

    def compose(self) -> ComposeResult:
        """The table alone."""
        yield self.table

    def on_mount(self) -> None:
        """Fetch them."""
        self.fetch_again()

    def fetch_again(self) -> None:
        """Get the sessions anew."""
        self.ask(lambda client: client.get("/v1/sessions", Panel.of, limit=_MOST), self._arrived)

    def open(self) -> None:
        """Open one session in full, with every switch in it."""
        row = self.row()
        if row is not None:
            self.host.push(FindingView(self.host, f"session {text(row.get('session_id'), 'none')}", row))

    def _arrived(self, panel: Panel) -> None:
        self.table.empty = "nobody logged in in the last 7 days, as far as the sources tell"
        self.table.show(panel)
        self.table.forget()


def session(desk: Desk, row: dict[str, Any]) -> Sequence[Span]:
    """The cells of a session, in the order of COLUMNS; what is dangerous is in words, then in colour."""
    state, who = text(row.get("state")), text(row.get("user_name"), "unattributed")
    forbidden, denied, alerts = row.get("forbidden") or 0, row.get("denied") or 0, row.get("alerts") or 0
    began = row.get("opened") or row.get("first_ts")
    account = row.get("account")
    return (
        (when.short(began, desk.now, desk.zone), "text"), (_STATES.get(state, state), "strong" if state == "open" else "dim"),
        (who, "unknown" if who == "unattributed" else "strong"), (text(account, ""), "warn" if account == "shared" else "dim"),
        (text(row.get("src_ip")), "text"), (text(row.get("program")), "dim"), (text(row.get("reads")), "text"),
        (text(row.get("writes")), "text"), (str(forbidden), "fail" if forbidden else "dim"),
        (str(denied), "warn" if denied else "dim"), (str(alerts), "fail" if alerts else "dim"),
        (became(row.get("switches") or ()), "text"), (" ".join(map(str, row.get("datasets") or ())), "text"),
    )  # fmt: skip


def became(switches: Sequence[dict[str, Any]]) -> str:
    """`sudo bob, su root: no`: whom the session became, in order; a name that came before is not said again."""
    said = [
        f"{switch.get('program')} {switch.get('to_user') or '?'}{': no' if switch.get('outcome') == 'failure' else ''}"
        for switch in switches
    ]
    return ", ".join(dict.fromkeys(said))
