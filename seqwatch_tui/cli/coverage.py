"""`seqwatch coverage DATASET`: whether "nobody else read it" can be said; exit 1 when it cannot."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

from seqwatch_tui.cli.client import part
from seqwatch_tui.cli.exits import Exit
from seqwatch_tui.cli.lists import fetch
from seqwatch_tui.cli.show import cell
from seqwatch_tui.model.text import safe_text

_MOST = 20
"""Spans and gaps shown; JSON has all."""


def run(options: argparse.Namespace) -> int:
    """Write the verdict, then what it rests on."""
    found: dict[str, Any] = fetch(
        options, f"/v1/datasets/{part(options.dataset)}/coverage", since=options.since, until=options.until
    )
    if options.format == "json":
        print(json.dumps(found, indent=1))
    else:
        print("\n".join(safe_text(line) for line in _lines(found)))
    return int(Exit.OK if found["complete"] else Exit.FINDING)


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['dataset']}, {_span(found['since'], found['until'])} UTC"
    yield found["verdict"]
    yield from (f"  unseen   {_span(*span)}" for span in found["unseen"][:_MOST])
    for source in found["sources"]:
        yield ""
        yield f"{source['name']} ({source['type']}, {source['state']}): {source['events']} events, {_on(source)}"
        yield from (f"  watched  {_span(*span)}" for span in source["watched"][:_MOST])
        if not source["watched"]:
            yield "  watched  never in this window"
    if found["gaps"]:
        yield ""
        yield f"gaps ({len(found['gaps'])}):"
    for gap in found["gaps"][:_MOST]:
        yield f"  {_span(gap['first_ts'], gap['last_ts'])}  {gap['source']} {gap['kind']} ({gap['certainty']}): {gap['detail']}"
    yield from _limits(found["sources"])
    if len(found["gaps"]) > _MOST:
        yield f"{len(found['gaps']) - _MOST} more gaps; --format json has all"


def _limits(sources: list[dict[str, Any]]) -> Iterator[str]:
    """What is beyond each source, said once: sources of one type share most of it."""
    blind: dict[str, list[str]] = {}
    for source in sources:
        for limit in source["cannot_see"]:
            blind.setdefault(limit, []).append(source["name"])
    if blind:
        yield ""
        yield "cannot be seen, gaps or not:"
    for limit, names in blind.items():
        yield f"  - {limit}" + ("" if len(names) == len(sources) else f" [{', '.join(names)}]")


def _on(source: dict[str, Any]) -> str:
    if not source["on_dataset"]:
        return "none of this dataset"
    last = cell("ts", source["last_on_dataset"])
    who = f", {source['unattributed']} unattributed" if source["unattributed"] else ""
    return f"{source['on_dataset']} of this dataset ({source['reads']} reads{who}), the last at {last}"


def _span(start: float, end: float) -> str:
    first, last = cell("ts", start), cell("ts", end)
    same_day = first[:10] == last[:10]
    return first if first == last else f"{first} to {last[11:] if same_day else last}"
