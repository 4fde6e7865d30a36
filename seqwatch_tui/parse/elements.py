"""A line that holds a list of records, cut so that each record keeps its own bytes and nothing is lost or doubled.

What is left of the line when its records are cut out is kept once; the positions of the records say where they go. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Cut:
    """A line taken apart: the rest of it, and (offset within the line, bytes, value) of each element."""

    rest: bytes
    elements: list[tuple[int, bytes, Any]]


def cut_records(line: bytes, value: dict[str, Any], lists: Sequence[tuple[str, ...]]) -> Cut | None:
    """Cut `line` at the first of `lists` that holds a list in `value`, its decoded form; null when none does."""
    for steps in lists:
        values = _at(value, steps)
        if isinstance(values, list):
            key = line.find(f'"{steps[-1]}"'.encode())
            return _cut(line, _raw_elements(line, steps), values, max(key, 0))
    return None


def _at(value: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _raw_elements(line: bytes, steps: Sequence[str]) -> list[msgspec.Raw]:
    inner: msgspec.Raw | bytes = line
    for step in steps:
        inner = msgspec.json.decode(inner, type=dict[str, msgspec.Raw])[step]
    elements: list[msgspec.Raw] = msgspec.json.decode(inner, type=list[msgspec.Raw])
    return elements


def _cut(line: bytes, raws: Sequence[msgspec.Raw], values: Sequence[Any], at: int) -> Cut:
    """Find each element from `at` on, after the one before it."""
    rest, end = [line[:at]], at
    elements = []
    for raw, value in zip(raws, values, strict=True):
        text = bytes(raw)
        start = line.index(text, end)
        rest.append(line[end:start])
        elements.append((start, text, value))
        end = start + len(text)
    return Cut(b"".join((*rest, line[end:])), elements)
