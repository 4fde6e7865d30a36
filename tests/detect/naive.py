"""A condition evaluated the slow and obvious way: the reference for both executions."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import re2

from seqwatch_tui.detect.condition import And, Condition, Match, Not, Or, wildcard_parts


def holds(condition: Condition, row: dict[str, Any]) -> bool:
    match condition:
        case And(parts):
            return all(holds(part, row) for part in parts)
        case Or(parts):
            return any(holds(part, row) for part in parts)
        case Not(part):
            return not holds(part, row)
        case Match():
            return _test(condition, row.get(condition.field), row)
    raise AssertionError(condition)


def _test(test: Match, value: Any, row: dict[str, Any]) -> bool:
    if test.kind == "null":
        return value is None
    if value is None:
        return False
    if test.kind == "same":
        other = row.get(str(test.value))
        return other is not None and _low(value) == _low(other)
    if isinstance(value, str):
        return _text(test, value)
    return {
        "eq": lambda: value == test.value, "lt": lambda: value < test.value, "lte": lambda: value <= test.value,
        "gt": lambda: value > test.value, "gte": lambda: value >= test.value,
    }[test.kind]()  # fmt: skip


def _text(test: Match, value: str) -> bool:
    wanted = str(test.value)
    if test.kind == "regex":
        return re2.search(wanted, value) is not None
    if test.kind == "cidr":
        try:
            return ip_address(value) in ip_network(wanted)
        except ValueError:
            return False
    if test.kind in ("lt", "lte", "gt", "gte"):
        return re2.fullmatch("-?[0-9]{1,18}", value) is not None and _test(test, int(value), {})
    value = value if test.cased else _low(value)
    if test.kind == "wildcard":
        return _glob(wildcard_parts(wanted), value)
    return {
        "eq": value == wanted, "startswith": value.startswith(wanted), "endswith": value.endswith(wanted),
        "contains": wanted in value,
    }[test.kind]  # fmt: skip


def _glob(parts: list[Any], value: str) -> bool:
    if not parts:
        return not value
    first, rest = parts[0], parts[1:]
    if first is None:
        return any(_glob(rest, value[at:]) for at in range(len(value) + 1))
    if first is True:
        return bool(value) and _glob(rest, value[1:])
    return value.startswith(first) and _glob(rest, value[len(first) :])


def _low(value: Any) -> Any:
    """Simple lower case, character by character; only the dotted capital I has no one-character lower case in Python."""
    return "".join("i" if char == "İ" else char.lower() for char in value) if isinstance(value, str) else value
