"""What the engine says as JSON, as paragraphs an operator reads: gaps, coverage, and any object field by field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from seqwatch_tui.console import when
from seqwatch_tui.console.widgets.pager import Paragraph

Json = dict[str, Any]


def gaps(data: Json, zone: Any) -> Iterable[Paragraph]:
    """What was not seen, as a paragraph: shown beside everything it touches."""
    found = data.get("gaps") or []
    if not found:
        yield "not seen", "no gap in the evidence is known", "dim"
    for gap in found:
        yield "not seen", value_text("gap", gap, zone), "warn"


def coverage(data: Json, zone: Any) -> Iterable[Paragraph]:
    """What can be said of the last 24 hours: the verdict, each source with when it watched, what none can see."""
    yield "evidence", f"last 24 h: {data.get('verdict')}", "pass" if data.get("complete") else "warn"
    for start, end in data.get("unseen") or ():
        yield "unseen", f"{when.stamp(start, zone)} to {when.stamp(end, zone)}", "warn"
    for source in data.get("sources") or ():
        watched = ", ".join(f"{when.stamp(a, zone)} to {when.clock(b, zone)}" for a, b in source.get("watched") or ())
        told = f"{source.get('on_dataset')} events of it, {source.get('reads')} reads, {source.get('unattributed')} unattributed"
        yield (
            "watched by",
            f"{source.get('name')} ({source.get('type')}): {watched or 'not in this time'}; {told}",
            "text",
        )
        yield "unable", f"{source.get('name')} cannot see " + "; ".join(map(str, source.get("cannot_see") or ())), "dim"


def fields(data: Json, zone: Any) -> Iterable[Paragraph]:
    """A JSON object as paragraphs, one per field."""
    for name, value in data.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for entry in value:
                yield name, value_text(name, entry, zone), "text"
        else:
            role = value if name in ("state", "verdict") and isinstance(value, str) else "text"
            yield name, value_text(name, value, zone), role if role in ("pass", "warn", "fail", "unknown") else "text"


def value_text(name: str, value: object, zone: Any) -> str:
    """A JSON value as text: times in the operator's zone, yes and no, lists with commas, null as a dash."""
    if value is None:
        return "unattributed" if name == "user_name" else "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if when.is_time(value, name):
        return when.stamp(value, zone)
    if isinstance(value, list):
        return ", ".join(value_text(name, item, zone) for item in value) or "none"
    if isinstance(value, dict):
        return "  ".join(f"{key} {value_text(key, item, zone)}" for key, item in value.items() if item is not None)
    return str(value)


def quoted(name: str) -> str:
    """A name as one segment of a path."""
    return quote(name, safe="")
