"""One alert as text: what, why it fired, what was not seen, what was said about it, and the events that show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from seqwatch_tui.cli.show import cell, show_panel
from seqwatch_tui.model.text import safe_text

_EVIDENCE = ("event_id", "ts", "action", "outcome", "user_name", "src_ip", "process", "path")
_FACTS = ("role", "allowed", "reason", "business_hours", "network_allowed", "bulk_granted", "src_ip", "exe", "complete")
_IN_FORCE = ("grants_in_force", "hours_in_force", "networks_in_force")


def show_alert(found: dict[str, Any], form: str) -> None:
    """Write one answer of GET /v1/alerts/ID as text, its evidence as a panel in `form`."""
    for name, value in found["alert"].items():
        print(f"{name:18} {cell(name, value)}")
    for name, text in why_lines(found):
        print(f"{name:18} {text}")
    for said in found["history"]:
        print(f"{'history':18} {cell('ts', said['ts'])} {safe_text(_sentence(said))}")
    print()
    show_panel(found["events"], form, _EVIDENCE)
    print()
    print(safe_lines(found["rule"]["text"]) if found["rule"] else "the rule is not stored and not in force any more")


def why_lines(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the reason an alert fired as (name, text)."""
    why = found.get("why")
    if why is None:
        yield "why", "not written down: raised by a version of seqwatch before this was kept"
        return
    if why["threshold"] is not None:
        reached = f"{why['measure']} {safe_text(why['counted'])} (threshold {why['threshold']}) within {why['window_seconds']} s"
        yield "why", f"{reached} when it fired; {found['alert']['measure']} so far"
    facts = why["facts"] or {}
    for name in (*_FACTS, *_IN_FORCE):
        if facts.get(name) is not None:
            yield f"  {name}", cell("fact", facts[name])
    parts = ", ".join(f"{name} {points:+}" for name, points in (why["risk_parts"] or {}).items())
    yield "risk of", safe_text(parts) or "-"
    unseen = why["not_seen"] or []
    yield "not seen then", f"{len(unseen)} gaps over its window" if unseen else "no gap was known over its window"
    yield (
        "not seen now",
        f"{len(found['gaps'])} gaps over its window; `seqwatch sql 'from gaps'`" if found["gaps"] else "-",
    )
    yield (
        "rule version",
        safe_text(str(why["rule_hash"])) + ("" if (found["rule"] or {}).get("in_force") else " (changed since)"),
    )
    yield "shown again by", "\n" + safe_lines(why["sql"] or "-")


def _sentence(said: dict[str, Any]) -> str:
    return f"{said['operator']}: {said['verb']} ({said['detail'] or '-'}): {said['reason']}"


def safe_lines(text: str) -> str:
    """Return a text of several lines made safe for a terminal, its line ends kept."""
    return "\n".join(safe_text(line) for line in text.rstrip("\n").split("\n"))
