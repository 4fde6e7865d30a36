"""Which shipped mapping a file is for, by its first lines: the one whose `known_by` fields (or line pattern) are there.

Reads nothing itself. A mapping without `known_by` is never chosen: it must be named.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from seqwatch_tui.model.text import from_bytes
from seqwatch_tui.parse.lookup import Lookup, take_apart
from seqwatch_tui.parse.mapping import Mapping
from seqwatch_tui.parse.mapping_file import load_mapping, shipped_names


@cache
def _shipped() -> tuple[Mapping, ...]:
    """The shipped mappings, those that ask for most first."""
    mappings = [load_mapping(name) for name in shipped_names()]
    return tuple(sorted(mappings, key=lambda mapping: -len(mapping.known_by)))


def recognised(lines: Sequence[bytes]) -> str | None:
    """Name of the shipped mapping that knows one of these lines, or null. The last line may be cut."""
    for line in lines:
        value = _object(line)
        for mapping in _shipped():
            if _knows_text(mapping, line) if value is None else _knows(mapping, value):
                return mapping.name
    return None


def _object(line: bytes) -> dict[str, Any] | None:
    """The object of a line; of one that is cut within a list of records, as much as its first record."""
    text = from_bytes(line)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _first_record(text)
    return value if isinstance(value, dict) else None


def _first_record(text: str) -> dict[str, Any] | None:
    for mapping in _shipped():
        for steps in mapping.records:
            head, found, rest = text.partition(f'"{steps[-1]}"')
            start = rest.find("{")
            if found and head.lstrip().startswith("{") and start >= 0 and rest[:start].strip() in (":[", ": ["):
                try:
                    record, _ = json.JSONDecoder().raw_decode(rest, start)
                except (ValueError, RecursionError):
                    continue
                return {steps[-1]: [record]}
    return None


def _knows(mapping: Mapping, value: dict[str, Any]) -> bool:
    if mapping.form != "json" or not mapping.known_by:
        return False
    lists = [found for steps in mapping.records if isinstance(found := _at(value, steps), list)]
    records = [record for record in lists[0][:1] if isinstance(record, dict)] if lists else [value]
    lookup = Lookup(mapping, records, [value] * len(records))
    return bool(records) and all(
        any(lookup.of(place)[0] is not None for place in places) for places in mapping.known_by
    )


def _at(value: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _knows_text(mapping: Mapping, line: bytes) -> bool:
    return mapping.form == "text" and take_apart([from_bytes(line.rstrip(b"\r\n"))], mapping.pattern)[0] is not None
