"""5: ad-hoc SQL. The editor is loaded when this screen first opens; queries run in the engine's sandbox."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.widgets import TextArea

from seqwatch_tui.console.answers import Panel
from seqwatch_tui.console.cells import width, wrap
from seqwatch_tui.console.client import EngineError, Refused
from seqwatch_tui.console.errands import Errand
from seqwatch_tui.console.host import Host
from seqwatch_tui.console.textual_private import act_at_once
from seqwatch_tui.console.views.base import Asks, View
from seqwatch_tui.console.widgets.drawn import Bar
from seqwatch_tui.console.widgets.lines import Lines
from seqwatch_tui.console.widgets.pager import Pager, Paragraph
from seqwatch_tui.console.widgets.prompt import Question
from seqwatch_tui.console.widgets.result import ResultTable
from seqwatch_tui.console.widgets.table import Col, PanelTable

LIMIT = 1000
SECONDS = 60
FIRST = "SELECT ts, user_name, action, outcome, path\nFROM events\nWHERE allowed = false\nORDER BY ts DESC"


class Editor(TextArea):
    """Takes keys in the order they were typed, those that move and delete among them."""

    async def _on_key(self, event: events.Key) -> None:
        if not await act_at_once(self, event):
            await super()._on_key(event)


class SqlView(Asks):
    """Editor above, result below, between them one line: rows, cut or whole, seconds, what was not seen."""

    context, crumb = "sql", "SQL"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.editor = Editor(FIRST, id="editor", compact=True, show_line_numbers=False)
        self.editor.cursor_blink = False
        self.editor.highlight_cursor_line = False
        self.facts = Bar(self.desk, id="sql-facts")
        self.export = Bar(self.desk, id="sql-export")
        self.export.ground = "text"
        self.result = ResultTable(self.desk, empty="no rows")
        self.wrong = Pager(self.desk)
        """Why there is no result, whole: stands in its place."""
        self.saved: dict[str, Any] = {}
        """The saved query in the editor, if it came from the list."""
        self._said = ("", "bar")
        self._export = ""
        self._errand: Errand | None = None

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self.editor
        yield self.facts
        yield from (self.result, self.wrong)
        yield self.export

    def on_mount(self) -> None:
        """Say how to begin; the first query is selected, so that typing takes its place."""
        self.editor.select_all()
        self.wrong.display = False
        self.result.empty = "F2 lists the saved queries; Tab moves between editor and result"
        self._say("Ctrl+J runs; the query is read-only and stops after 60 s; its times are UTC", "bar")

    @property
    def typing(self) -> bool:
        """While the editor has the keyboard."""
        return self.app.focused is self.editor

    def main(self) -> Any:
        """The editor has the keyboard."""
        return self.editor

    def lines(self) -> Lines:
        """The result, or why there is none."""
        return self.wrong if self.wrong.display else self.result

    def load(self, saved: dict[str, Any]) -> None:
        """Put a saved query in the editor; unchanged, it runs by its name and asks for its parameters."""
        self.saved = saved
        self.editor.load_text(str(saved.get("sql", "")))
        self.screen.set_focus(self.editor)
        needed = [f"{p['name']}: {p['meaning']}" for p in saved.get("parameters") or () if p.get("required")]
        self._say(f"{saved.get('title', '')}  {'asks for ' + ', '.join(needed) if needed else 'Ctrl+J runs it'}", "bar")

    def run_query(self) -> None:
        """Send what the editor holds; a query still running is stopped first."""
        self.cancel()
        query = self.editor.text.strip()
        if not query:
            self._say("there is no query to run", "bar.warn")
        elif query == str(self.saved.get("sql", "")).strip():
            self._ask([p for p in self.saved.get("parameters") or () if p.get("required")], {})
        else:
            self._send({"query": query, "parameters": {}}, export_line(query))

    def _ask(self, needed: list[dict[str, Any]], given: dict[str, str]) -> None:
        """Ask for the parameters one after the other, then run; Esc leaves."""
        if not needed:
            name = str(self.saved["name"])
            self._send({"name": name, "parameters": given}, export_saved(name, given))
            return
        first, *rest = needed

        def heard(value: str) -> None:
            self.host.close_prompt()
            self._ask(rest, {**given, str(first["name"]): value.strip()})

        self.host.ask(Question(f"{first['name']} ({first['meaning']}):", heard))

    def _send(self, query: dict[str, Any], export: str) -> None:
        self._say("running ...  Esc stops it", "bar.message")
        self._export = export
        body = {**query, "limit": LIMIT, "timeout": SECONDS}
        self._errand = self.host.errand(
            lambda client: client.post("/v1/sql", body, dict, timeout=SECONDS + 5), self._arrived, failed=self._failed,
            timeout=SECONDS + 5,
        )  # fmt: skip

    def cancel(self) -> bool:
        """Stop the running query; False when there is none."""
        errand, self._errand = self._errand, None
        if errand is None:
            return False
        errand.cancel()
        self._say("stopped", "bar.warn")
        return True

    def leave_editor(self) -> None:
        """The keyboard to the result."""
        self.screen.set_focus(self.lines())

    def _arrived(self, data: dict[str, Any]) -> None:
        self._errand = None
        self._tell_wrong(())
        rows = tuple(map(tuple, data["rows"]))
        typed = zip(data["columns"], data.get("types") or (), strict=False)
        self.result.times = frozenset(name for name, kind in typed if str(kind).startswith("TIMESTAMP"))
        self.result.empty = "the query gave no rows"
        self.result.show(Panel(tuple(data["columns"]), rows, len(rows), bool(data["cut"])))
        self.result.refresh()
        cut = (
            f"the first {len(rows)} rows, more exist (cut)"
            if data["cut"]
            else f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}, all"
        )
        gaps = data.get("gaps") or []
        missing = f"  {_gaps(len(gaps))} this answer" if gaps else ""
        self._say(f"{cut}, {data.get('seconds', 0):.2f} s{missing}", "bar.warn" if data["cut"] or gaps else "bar")
        self.export.show([[(" " + self._export, "dim")]])
        self.result.focus()

    def _failed(self, error: EngineError) -> None:
        self._errand = None
        hint = error.hint.rstrip() if isinstance(error, Refused) else ""
        self._say("no result: the query was not answered", "bar.fail")
        self.export.show([[]])
        self._tell_wrong([("", str(error), "fail"), ("", hint, "text")])

    def _tell_wrong(self, why: Sequence[Paragraph]) -> None:
        """Put `why` in place of the result; nothing brings the result back."""
        self.wrong.display, self.result.display = bool(why), not why
        self.wrong.show(why)
        self._lay()

    def _say(self, text: str, role: str) -> None:
        self._said = (text, role)
        self._lay()

    def on_result_table_arranged(self) -> None:
        """Another result, another width, or a slide: other columns are out of sight."""
        self._lay()

    def _lay(self) -> None:
        """What was said, then the columns out of sight: on a row of their own where one is too short for both."""
        (text, role), cells = self._said, self.app.size.width - 2
        sides = self.result.sides if self.result.display else ""
        whole = f"{text}  {sides}".rstrip()
        lines = [whole] if width(whole) <= cells else [*wrap(text, cells), *([sides] if sides else [])]
        self.facts.styles.height = len(lines)
        self.facts.show([[(f" {line}", role)] for line in lines])


def _gaps(count: int) -> str:
    return "1 gap in the evidence touches" if count == 1 else f"{count} gaps in the evidence touch"


def export_line(sql: str) -> str:
    """The command line that writes every row to a file."""
    return f"seqwatch sql --format csv --limit 0 {shlex.quote(' '.join(sql.split()))} > result.csv"


def export_saved(name: str, given: dict[str, str]) -> str:
    """As export_line, for a saved query with its parameters."""
    parameters = "".join(f" --param {shlex.quote(f'{key}={value}')}" for key, value in given.items())
    return f"seqwatch sql --format csv --limit 0 --name {shlex.quote(name)}{parameters} > result.csv"


class SavedView(View):
    """The saved queries, each with the question it answers."""

    context, crumb = "saved", "saved queries"
    columns = (Col("name", 26), Col("question", share=1))

    def __init__(self, host: Host, target: Asks) -> None:
        super().__init__(host)
        self._target = target
        self.table = PanelTable(self.desk, self.columns, self._cells, empty="fetching ...")

    def compose(self) -> ComposeResult:
        """One table."""
        yield self.table

    def on_mount(self) -> None:
        """Fetch them."""
        self.fetch_again()

    def fetch_again(self) -> None:
        """Get the saved queries."""
        self.ask(lambda client: client.get("/v1/saved", list), self._arrived)

    def open(self) -> None:
        """Put the query in the editor."""
        row = self.row()
        self.host.back()
        if row is not None:
            self._target.load(row)

    def _arrived(self, saved: list[dict[str, Any]]) -> None:
        columns = ("name", "title", "question", "sql", "parameters")
        rows = tuple(tuple(query.get(name) for name in columns) for query in saved)
        self.table.empty = "this installation has no saved query"
        self.table.show(Panel(columns, rows, len(rows), False))
        self.table.forget()

    @staticmethod
    def _cells(row: dict[str, Any]) -> list[tuple[str, str]]:
        said = str(row.get("question") or row.get("title") or "").replace("\n", " ")
        return [(str(row.get("name")), "strong"), (said, "text")]
