"""Alerts to one page. A brief page names no person, file or address: it passes servers that may not know them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from seqwatch_tui.model.alert import Alert, Level
from seqwatch_tui.model.text import safe_text
from seqwatch_tui.notify.interface import Page

LEVELS: tuple[Level, ...] = ("informational", "low", "medium", "high", "critical")
MAX_SHOWN = 20
"""Alerts written out in one page; of the others the number is told."""
_LINE = 400
Content = Literal["brief", "full"]
Kind = Literal["alerts", "drill"]
FORMAT = 1
"""Version of the payload."""


def page_of(site: str, alerts: Sequence[Alert], content: Content, when: float, kind: Kind = "alerts") -> Page:
    """Return the page for one alert or several; `when` is epoch seconds UTC."""
    level = max((a.level for a in alerts), key=LEVELS.index)
    mark = "DRILL, not an incident: " if kind == "drill" else ""
    if len(alerts) == 1:
        one = alerts[0]
        said = f"{mark}{level}: {one.rule_title}{f', {one.dataset}' if one.dataset else ''} (alert {one.alert_id})"
    else:
        said = f"{mark}{len(alerts)} alerts, the highest {level}"
    shown = alerts[:MAX_SHOWN]
    lines = [line for alert in shown for line in _lines(alert, content)]
    if len(alerts) > len(shown):
        lines.append(f"and {len(alerts) - len(shown)} more: seqwatch alerts")
    payload = {
        "format": FORMAT, "site": site, "kind": kind, "sent": when, "level": level, "count": len(alerts), "title": safe_text(said, _LINE),
        "alerts": [_payload(alert, content) for alert in shown],
    }  # fmt: skip
    return Page(
        safe_text(f"[seqwatch {site}] {said}", _LINE), tuple(safe_text(line, _LINE) for line in lines), level, when,
        f"{site}-{kind}-{alerts[0].alert_id}", payload,
    )  # fmt: skip


def _lines(alert: Alert, content: Content) -> list[str]:
    events = f"{alert.count} event{'' if alert.count == 1 else 's'}"
    lines = [
        f"alert {alert.alert_id}, {alert.level}: {alert.rule_title}",
        f"  dataset {alert.dataset or 'none'}, {events}, {_time(alert.first_ts)} to {_time(alert.last_ts)}",
    ]
    if content == "full":
        lines += [f"  {alert.summary}", f"  by {alert.actor} from {alert.src_ip or 'an unknown address'}"]
    return [*lines, f"  look: seqwatch alerts {alert.alert_id}"]


def _payload(alert: Alert, content: Content) -> dict[str, Any]:
    said = {
        "alert_id": alert.alert_id, "level": alert.level, "rule": alert.rule_id, "title": alert.rule_title,
        "dataset": alert.dataset, "first_ts": alert.first_ts, "last_ts": alert.last_ts, "events": alert.count, "state": alert.state,
    }  # fmt: skip
    if content == "full":
        said |= {"actor": alert.actor, "src_ip": alert.src_ip, "summary": alert.summary}
    return {name: safe_text(value, 4000) if isinstance(value, str) else value for name, value in said.items()}


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
