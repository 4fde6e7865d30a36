"""Values of a mapping's places over a run of records, each looked up once, each pattern run once over all of them.

Patterns are RE2 (Arrow's), whose time is linear in the text: neither a hostile line nor a careless pattern can stall the
stream. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.model.text import from_bytes
from seqwatch_tui.parse.mapping import ANY, Condition, Mapping, Place

Record = MappingOf[str, Any]


def take_apart(texts: Sequence[str | None], pattern: str) -> list[dict[str, str] | None]:
    """Named groups of an RE2 pattern found in each text, empty where a group took no part; null where it is not found."""
    if not any(texts):
        return [None] * len(texts)
    found: list[dict[str, str] | None] = pc.extract_regex(pa.array(texts, pa.string()), pattern).to_pylist()
    return found


def word_of(value: Any) -> str:
    """How a value stands in tables and conditions: lower case, truth values as true and false."""
    if isinstance(value, str):
        return value.lower()
    return ("true" if value else "false") if isinstance(value, bool) else str(value).lower()


def step_into(value: Any, steps: Sequence[str]) -> Any:
    """The value at `steps`. A key may itself be written with dots; a step into a list goes into each of its elements."""
    for done, step in enumerate(steps):
        if isinstance(value, dict):
            inner = value.get(step)
            if inner is None and done + 1 < len(steps):
                inner = value.get(".".join(steps[done:]))
                if inner is not None:
                    return inner
            value = inner
        elif isinstance(value, list):
            return _each(value, steps[done:])
        else:
            return None
    return value


def _each(values: list[Any], steps: Sequence[str]) -> Any:
    if steps[0].isdigit():
        index = int(steps[0]) if len(steps[0]) < 9 else len(values)
        return step_into(values[index], steps[1:]) if index < len(values) else None
    found = [inner for element in values if (inner := step_into(element, steps)) is not None]
    return found or None


class Lookup:
    """`of(place)` gives one value a record: null where there is none (absent, null, empty, or said to be absent)."""

    def __init__(self, mapping: Mapping, records: Sequence[Record], outers: Sequence[Record]) -> None:
        self._mapping, self._records, self._outers = mapping, records, outers
        self._absent = mapping.absent | {""}
        self._found: dict[Place, list[Any]] = {}
        self._parts: dict[str, list[dict[str, str] | None]] = {}

    def __len__(self) -> int:
        return len(self._records)

    def of(self, place: Place) -> list[Any]:
        """The values of one place, in the order of the records."""
        found = self._found.get(place)
        if found is None:
            found = self._found[place] = self._group(place) if place.kind == "group" else self._look(place)
        return found

    def first_of(self, places: Sequence[Place]) -> list[Any]:
        """The first value that is there of several places."""
        values = self.of(places[0])
        for place in places[1:]:
            if None in values:
                values = [b if a is None else a for a, b in zip(values, self.of(place), strict=True)]
        return values

    def holds(self, conditions: Sequence[Condition]) -> list[bool]:
        """Whether all conditions hold, for each record."""
        held = [True] * len(self)
        for condition in conditions:
            values = self.of(condition.place)
            held = [h and _is_one(value, condition.values) for h, value in zip(held, values, strict=True)]
        return held

    def _look(self, place: Place) -> list[Any]:
        records = self._outers if place.kind == "outer" else self._records
        steps, absent = place.steps, self._absent
        if len(steps) == 1:
            (step,) = steps
            values = [record.get(step) for record in records]
        else:
            values = [step_into(record, steps) for record in records]
        if self._mapping.byte_arrays:
            values = [_as_text(value) if isinstance(value, list) else value for value in values]
        return [None if isinstance(value, str) and value in absent else value for value in values]

    def _group(self, place: Place) -> list[Any]:
        name = place.steps[0]
        parts = self._parts.get(name)
        if parts is None:
            parts = self._parts[name] = self._taken_apart(name)
        if len(place.steps) == 1:
            return [None if part is None else True for part in parts]
        group = place.steps[1]
        return [part[group] or None if part is not None else None for part in parts]

    def _taken_apart(self, name: str) -> list[dict[str, str] | None]:
        extract = self._mapping.extracts[name]
        texts = [value if isinstance(value, str) else None for value in self.first_of(extract.places)]
        if extract.when:
            texts = [text if held else None for text, held in zip(texts, self.holds(extract.when), strict=True)]
        return take_apart(texts, extract.pattern)


def _is_one(value: Any, wanted: frozenset[str]) -> bool:
    if value is None or not wanted:
        return value is None and not wanted
    if ANY in wanted:
        return True
    if isinstance(value, list):
        return any(word_of(element) in wanted for element in value)
    return word_of(value) in wanted


def _as_text(values: list[Any]) -> Any:
    """Text of a list of byte values; any other list as it is."""
    if values and all(type(value) is int and 0 <= value < 256 for value in values):
        return from_bytes(bytes(values))
    return values
