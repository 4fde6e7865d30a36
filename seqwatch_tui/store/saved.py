"""Saved queries: one SQL statement per file under queries/, its header saying title, question and parameters.

Grammar of the header, comments at the top of the file:

    -- title: Newest events
    -- question: What happened last?
    -- parameters: $limit integer = 200 how many rows
    --   $dataset text = null only this dataset

A parameter without `=` must be given. Types: integer, number, text, boolean, timestamp (epoch seconds, ISO 8601 in UTC,
`now`, or back from now: -90m, -24h, -30d).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from seqwatch_tui.store.interface import StoreError
from seqwatch_tui.store.rows import timestamp

_PARAMETER = re.compile(r"^\$(\w+) (integer|number|text|boolean|timestamp)(?: = (\S+))? (.+)$")
_BACK = re.compile(r"now|-(\d{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_WORDS = {"null": None, "true": True, "false": False, "yes": True, "no": False}
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a saved query: name without `$`, type, whether it must be given, what it means."""

    name: str
    type: str
    meaning: str
    required: bool
    default: str | None = None
    """As written in the header."""


@dataclass(frozen=True)
class SavedQuery:
    """One file of queries/: what it answers and its single statement, without the header."""

    name: str
    title: str
    question: str
    parameters: tuple[Parameter, ...]
    sql: str

    @cached_property
    def by_name(self) -> dict[str, Parameter]:
        """The parameters by name."""
        return {p.name: p for p in self.parameters}

    def bind(self, given: Mapping[str, Any], now: float | None = None) -> dict[str, Any]:
        """Return the values for `$name`, converted; StoreError names what is missing, unknown or not of its type.

        `now` (epoch seconds) is what times such as -24h count from.
        """
        unknown = sorted(given.keys() - self.by_name.keys())
        if unknown:
            known = ", ".join(self.by_name) or "none"
            raise StoreError(f"the query {self.name} has no parameter {', '.join(unknown)} (it has: {known})")
        return {p.name: self._value(p, given.get(p.name, _MISSING), now) for p in self.parameters}

    def _value(self, parameter: Parameter, value: Any, now: float | None) -> Any:
        if value is _MISSING and parameter.required:
            raise StoreError(f"the query {self.name} needs ${parameter.name} ({parameter.meaning})")
        value = parameter.default if value is _MISSING else value
        try:
            return convert(parameter.type, value, now)
        except (ValueError, TypeError, OverflowError) as error:
            raise StoreError(
                f"${parameter.name} of the query {self.name} must be {_EXPECTED[parameter.type]}, not {value!r}"
            ) from error


_EXPECTED = {
    "integer": "a whole number",
    "number": "a number",
    "text": "text",
    "boolean": "true or false",
    "timestamp": "epoch seconds, a time such as 2026-11-22T03:00:00 (UTC), or back from now such as -24h",
}


def convert(kind: str, value: Any, now: float | None = None) -> Any:
    """Return a JSON or command-line value as the Python value of a parameter type; ValueError, TypeError if none."""
    if value is None or value == "null":
        return None
    if kind == "integer":
        return int(value)
    if kind == "number":
        return float(value)
    if kind == "boolean":
        return value if isinstance(value, bool) else _boolean(value)
    return str(value) if kind == "text" else _time(value, now)


def _boolean(value: Any) -> bool:
    found = _WORDS.get(str(value).lower())
    if found is None:
        raise ValueError(value)
    return found


def _time(value: Any, now: float | None) -> dt.datetime:
    if isinstance(value, int | float | dt.datetime):
        return timestamp(value)
    back = _BACK.fullmatch(value)
    if back and now is not None:
        return timestamp(now - int(back[1] or 0) * _SECONDS[back[2] or "s"])
    try:
        return timestamp(float(value))
    except ValueError:
        return timestamp(dt.datetime.fromisoformat(value))


def load_queries(folder: Path) -> dict[str, SavedQuery]:
    """Read every `*.sql` of a folder by name; StoreError names file and line of a header that does not parse."""
    return {path.stem: read_query(path) for path in sorted(folder.glob("*.sql"))}


def read_query(path: Path) -> SavedQuery:
    """Read one saved query; raises StoreError naming file and line."""
    header: dict[str, str] = {}
    parameters: list[Parameter] = []
    lines = path.read_text("utf-8").splitlines()
    used = 0
    for used, key, text in _header(lines):
        if key == "parameters":
            parameters += [_parameter(path, used, text)] if text not in ("", "none") else []
        elif key in ("title", "question"):
            header[key] = f"{header[key]} {text}" if key in header else text
        else:
            raise StoreError(f"{path}:{used}: the header knows title, question and parameters, not {key!r}")
    missing = {"title", "question"} - header.keys()
    if missing:
        raise StoreError(f"{path}:1: the header lacks {' and '.join(sorted(missing))} (-- title: ...)")
    sql = "\n".join(lines[used:]).strip().removesuffix(";").rstrip()
    return SavedQuery(path.stem, header["title"], header["question"], tuple(parameters), sql)


def _header(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    key = ""
    for number, line in enumerate(lines, 1):
        if not line.startswith("--"):
            return
        text = line[2:]
        name, colon, rest = text.strip().partition(":")
        if colon and not text.startswith("   "):
            key, text = name, rest
        yield number, key, text.strip()


def _parameter(path: Path, number: int, text: str) -> Parameter:
    match = _PARAMETER.match(text)
    if not match:
        raise StoreError(
            f"{path}:{number}: a parameter is `$name type meaning` or `$name type = default meaning`: {text}"
        )
    name, kind, default, meaning = match.groups()
    try:
        convert(kind, default, 0.0)
    except ValueError as error:
        raise StoreError(f"{path}:{number}: the default of ${name} is not {_EXPECTED[kind]}: {default}") from error
    return Parameter(name, kind, meaning, default is None, default)
