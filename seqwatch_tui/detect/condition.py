"""The condition tree: what a rule says about one event, in values that every execution of it reads.

Two-valued, once for all executions: a test of a field that is null is false, except the test `null` itself; `Not` is
the plain complement. So `not user_name: root` holds for an unattributed event, as Sigma users expect of a missing
field. Text is compared without case (see `fold`) unless a test is `cased`; `regex` sees the text as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

MAX_DEPTH = 64
"""Levels of And, Or and Not in one condition."""

Kind = Literal[
    "eq", "startswith", "endswith", "contains", "wildcard", "regex", "cidr", "lt", "lte", "gt", "gte", "null", "same",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Match:
    """One statement about one field.

    `value` by kind: eq takes the field's own type; startswith, endswith and contains text; wildcard text in which `*`
    is any text, `?` any one character and a backslash makes the next character plain; regex RE2 syntax, found
    anywhere in the text; cidr a network of IPv4 or IPv6 addresses; lt, lte, gt, gte a number (of a text, the whole
    decimal number that it is); null nothing; same the name of another field of the same type. Text values of tests that
    are not `cased` are folded already.
    """

    field: str
    kind: Kind
    value: str | int | float | bool | None = None
    cased: bool = False


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold; without parts it always holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds; without parts it never holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


Condition = And | Or | Not | Match


def tests(condition: Condition) -> Iterator[Match]:
    """Yield every test of the tree, from left to right."""
    match condition:
        case Match():
            yield condition
        case Not(part):
            yield from tests(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from tests(part)


def wildcard_parts(pattern: str) -> list[str | Literal[True] | None]:
    """Split a wildcard pattern: text as str, `*` as None, `?` as True; neighbouring text is one string."""
    parts: list[str | Literal[True] | None] = []
    text, plain = "", False
    for char in pattern:
        if plain or char not in "\\*?":
            text, plain = text + char, False
        elif char == "\\":
            plain = True
        else:
            parts += [text] if text else []
            parts.append(None if char == "*" else True)
            text = ""
    return [*parts, text] if text else parts
