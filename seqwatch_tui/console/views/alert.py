"""One alert: what, why it fired, what belongs to it, what was said about it, and the events that show it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from textual import events
from textual.app import ComposeResult

from seqwatch_tui.console import rows, when
from seqwatch_tui.console.answers import Panel
from seqwatch_tui.console.host import Host
from seqwatch_tui.console.views.base import View
from seqwatch_tui.console.views.details import EventView, Json
from seqwatch_tui.console.views.telling import gaps, value_text
from seqwatch_tui.console.widgets.pager import Pager, Paragraph
from seqwatch_tui.console.widgets.table import PanelTable

_FACTS = (
    ("role", "role"), ("allowed", "allowed"), ("in hours", "business_hours"), ("known network", "network_allowed"),
    ("bulk granted", "bulk_granted"), ("program", "exe"), ("complete", "complete"),
)  # fmt: skip
_CARD = 9
"""Rows of the card however much evidence there is, where there are twice as many."""
_LATEST = 1.0
"""Seconds after which a change of the alert is on its page."""
_IN_FORCE = (("grants", "grants_in_force"), ("hours", "hours_in_force"), ("networks", "networks_in_force"))


class AlertView(View):
    """One alert: the sentence, the rule, and the events that show it."""

    context = "alert"

    def __init__(self, host: Host, alert_id: int) -> None:
        super().__init__(host)
        self._alert_id = alert_id
        self.crumb = f"alert {alert_id}"
        self._alert: Json = {}
        self._row: tuple[Any, ...] | None = None
        self._due = False
        self.card = Pager(self.desk)
        self.card.add_class("card")
        self.evidence = PanelTable(
            self.desk, rows.EVENTS, partial(rows.event, self.desk), title="evidence", empty="fetching ..."
        )

    def compose(self) -> ComposeResult:
        """The evidence has the keyboard; the card above it scrolls."""
        yield self.card
        yield self.evidence

    def main(self) -> PanelTable:
        """The evidence."""
        return self.evidence

    def on_mount(self) -> None:
        """Fetch it."""
        self.card.show([("", "fetching ...", "dim")])
        self.load()

    def load(self) -> None:
        """Fetch it."""
        self._due = False
        self.ask(lambda client: client.get(f"/v1/alerts/{self._alert_id}", dict), self._arrived)

    def fetch_again(self) -> None:
        """As View.fetch_again."""
        self.load()

    def seen_again(self) -> None:
        """A quarantine contains the alerts of its dataset."""
        self.load()

    def update(self) -> bool:
        """What came since belongs to it: fetched at most every second."""
        panel = self.desk.snapshot.alerts if self.desk.snapshot else None
        row = panel.row_of("alert_id", self._alert_id) if panel else None
        if self._row is not None and row != self._row and not self._due:
            self._due = True
            self.set_timer(_LATEST, self.load)
        self._row = row
        return False

    def on_resize(self, _event: events.Resize) -> None:
        """Other rows are to be shared; the card has been broken into lines anew by then."""
        self.call_after_refresh(self._share)

    def _share(self) -> None:
        """The card takes the rows that the evidence leaves, so that nothing of it is hidden beside empty ones."""
        room = self.size.height
        least = min(_CARD, room // 2)
        spare = room - self.evidence.head - len(self.evidence.rows)
        self.card.styles.height = max(min(self.card.length, spare), least)

    def unanswered(self, why: str) -> None:
        """As View.unanswered, also in place of the card that never came."""
        super().unanswered(why)
        if not self._alert:
            self.card.show([("", why, "fail")])

    def alert_id(self) -> int | None:
        """This alert."""
        return self._alert_id

    def alert_row(self) -> Json:
        """This alert."""
        return self._alert

    def dataset(self) -> str | None:
        """The alert's dataset, else that of the event under the cursor."""
        return str(self._alert["dataset"]) if self._alert.get("dataset") else super().dataset()

    def open(self) -> None:
        """Open the event under the cursor."""
        event_id = self.event_id()
        if event_id is not None:
            self.host.push(EventView(self.host, event_id))

    def _arrived(self, data: Json) -> None:
        self._alert = data["alert"]
        self.card.show(self._paragraphs(data))
        self.evidence.empty = "no event is kept as its evidence"
        self.evidence.show(Panel.of(data["events"]))
        self.evidence.forget()
        self.call_after_refresh(self._share)

    def _paragraphs(self, data: Json) -> Iterable[Paragraph]:
        alert, zone = data["alert"], self.desk.zone
        level = rows.text(alert.get("level"))
        yield "what", rows.text(alert.get("summary")), "strong"
        risk = f"{level}, risk {rows.text(alert.get('risk'))}; {state_text(alert)}"
        yield "level", risk, rows.LEVEL_STATE.get(level, "unknown")
        who = f"{rows.text(alert.get('actor'))} from {rows.text(alert.get('src_ip'), 'an unknown address')}"
        yield "who", f"{who} on {rows.text(alert.get('dataset'), 'no dataset')}", "text"
        span = f"{when.stamp(alert.get('first_ts'), zone)} to {when.clock(alert.get('last_ts'), zone)}"
        yield "seen", f"{span}, {alert.get('count')} event{'' if alert.get('count') == 1 else 's'}", "text"
        yield from reached(data)
        yield from gaps(data, zone)
        yield from facts(data)
        yield from incident(data)
        for entry in data.get("history") or ():
            yield "history", history(entry, zone), "dim"
        yield from rule(data, zone)


def state_text(alert: Json) -> str:
    """State, verdict, owner and what keeps it quiet, in one line."""
    parts = [rows.text(alert.get("state"))]
    parts += [
        f"{name} {alert[key]}" for name, key in (("verdict", "verdict"), ("by", "suppressed_by")) if alert.get(key)
    ]
    return ", ".join([*parts, f"owner {rows.text(alert.get('owner'), 'nobody')}"])


def reached(data: Json) -> Iterable[Paragraph]:
    """The measure against its threshold when it fired; nothing for a plain rule."""
    found = data.get("why") or {}
    if found.get("threshold") is not None:
        measure = f"{found.get('measure')} {found.get('counted')} within {found.get('window_seconds')} s"
        yield "why", f"{measure}; the threshold is {found['threshold']}", "strong"


def facts(data: Json) -> Iterable[Paragraph]:
    """The facts as of the firing, what was in force, and what the risk is made of."""
    found = data.get("why")
    if not found:
        yield "facts", "not written down when it fired", "unknown"
        return
    known = found.get("facts") or {}
    said = [f"{name} {value_text(name, known[key], None)}" for name, key in _FACTS if known.get(key) is not None]
    yield "facts", ", ".join(said) or "not kept", "text"
    force = [f"{name} {value_text(name, known[key], None)}" for name, key in _IN_FORCE if known.get(key) is not None]
    yield "in force", "; ".join(force) or "no policy", "dim"
    yield "risk of", ", ".join(f"{name} {points:+}" for name, points in (found.get("risk_parts") or {}).items()), "dim"
    unseen = found.get("not_seen") or ()
    if unseen:
        yield "not seen then", f"{len(unseen)} gaps over its window when it fired", "warn"


def incident(data: Json) -> Iterable[Paragraph]:
    """The other alerts of its incident."""
    others = [a for a in data.get("incident") or () if a.get("alert_id") != data["alert"].get("alert_id")]
    number = data["alert"].get("incident_id")
    if number is not None:
        yield "incident", f"{number}" + ("" if others else ", this alert alone"), "text"
    for other in others:
        yield (
            " ",
            f"alert {other.get('alert_id')}  {other.get('level')}  {other.get('state')}  {other.get('rule_title')}",
            "dim",
        )


def history(entry: Json, zone: Any) -> str:
    """A word of an operator: when, who, what changed, why."""
    return f"{when.stamp(entry.get('ts'), zone)} {entry.get('operator')}: {entry.get('detail') or entry.get('verb')}: {entry.get('reason')}"


def rule(data: Json, zone: Any) -> Iterable[Paragraph]:
    """The rule in the version that fired, and the statement that shows the alert again."""
    found = data.get("rule") or {}
    changed = "" if found.get("in_force", True) else "; changed since"
    yield "rule", f"{rows.text(found.get('title'))} ({rows.text(found.get('id'))}){changed}", "text"
    sql = (data.get("why") or {}).get("sql") or found.get("sql")
    for name, value in (
        ("description", found.get("description")), ("false positives", found.get("false_positives")),
        ("tags", found.get("tags")), ("hash", found.get("hash")), ("sql", sql), ("text", found.get("text")),
    ):  # fmt: skip
        if value:
            yield name, value_text(name, value, zone), "dim"
