"""What a rule would have raised: a table per day and one by actor, split by how its past alerts were judged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from seqwatch_tui.console import when
from seqwatch_tui.console.cells import fit
from seqwatch_tui.console.host import Host
from seqwatch_tui.console.views.details import TextView
from seqwatch_tui.console.widgets.pager import Paragraph

BACK = 90 * 86400
PATIENCE = 120.0
"""Seconds to wait for the answer; the engine gives up before."""
_WIDEST = 20
_COUNTS = ("alerts", "events", "true", "false", "expected", "open", "suppressed", "none")


class WhatIfView(TextView):
    """The backtest of one rule over the last 90 days."""

    context = "backtest"

    def __init__(self, host: Host, rule: str) -> None:
        super().__init__(host)
        self._rule = rule
        self.crumb = f"backtest {rule}"

    def on_mount(self) -> None:
        """Ask for it."""
        self.fetch_again()

    def fetch_again(self) -> None:
        """Test it, or test it again."""
        self.pager.show([("", f"testing {self._rule} against the last {BACK // 86400} days ...", "dim")])
        body = {"rule": self._rule, "since": BACK, "timeout": PATIENCE - 10}
        self.ask(
            lambda client: client.post("/v1/rules/backtest", body, dict, timeout=PATIENCE),
            self.arrived,
            timeout=PATIENCE,
        )

    def arrived(self, data: dict[str, Any]) -> None:
        """Show the results."""
        self.pager.show([line for result in data["results"] for line in self._paragraphs(result)])

    def _paragraphs(self, result: dict[str, Any]) -> Iterable[Paragraph]:
        yield "rule", f"{result['title']} ({result['rule']}, {result['level']})", "strong"
        days = round((result["until"] - result["since"]) / 86400)
        yield "over", f"{days} days, since {when.stamp(result['since'], self.desk.zone)[:16]}", "text"
        yield "would raise", f"{result['alerts']} alerts from {result['events']} events", "strong"
        judged = ", ".join(f"{count} {word}" for word, count in result["judged"].items() if count)
        yield "past alerts", judged or "none on these events", "text"
        if result["gaps"]:
            yield "not seen", f"{result['gaps']} gaps in the evidence: what was not seen raised nothing", "warn"
        if result["cut"]:
            yield "cut", "there was more than could be counted: the figures are lower bounds", "warn"
        for name in ("days", "actors"):
            yield from _table(name, result[name])


def _table(name: str, found: list[dict[str, Any]]) -> Iterable[Paragraph]:
    """A line per row; everything fits into 80 cells."""
    first = name[:-1]
    head = f"{first} (UTC)" if first == "day" else first
    wide = min(max([len(head), *(len(str(row[first])) for row in found)]), _WIDEST)
    yield "", "", "text"
    yield "", " ".join([f"{head:<{wide}}", *(f"{word[:6]:>6}" for word in _COUNTS)]), "key"
    for row in found:
        yield "", " ".join([f"{fit(str(row[first]), wide)}", *(f"{row[word]:>6}" for word in _COUNTS)]), "text"
