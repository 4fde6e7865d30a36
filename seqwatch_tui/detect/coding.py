"""Rules as JSON and back: what the cache of compiled rules holds. Read with a type for every value, never with pickle.

A condition is an array: ["test", field, kind, value, cased], ["and" | "or", part, ...] or ["not", part].
"""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import msgspec

from seqwatch_tui.detect.condition import MAX_DEPTH, And, Condition, Kind, Match, Not, Or
from seqwatch_tui.detect.rule import Correlation, Rule, RuleFailure, Sample
from seqwatch_tui.model.alert import Level

_KINDS = frozenset(get_args(Kind))
_HEAD = ("file", "hash", "text")
"""Parts of a rule that its file gives."""


class Damaged(ValueError):
    """What was read is not what `packed` writes."""


class _Stored(msgspec.Struct, forbid_unknown_fields=True):
    """A rule without what its file gives; `body` is a condition as an array, `correlation` the other kind of body."""

    rule_id: str
    title: str
    level: Level
    summary: str
    fold: int
    raises: bool
    alert_as: str
    description: str
    tags: tuple[str, ...]
    false_positives: tuple[str, ...]
    line: int
    samples: tuple[Sample, ...]
    sigma_id: str
    view: str
    lacks: str
    body: list[Any] | None = None
    correlation: Correlation | None = None


class _Failed(msgspec.Struct, forbid_unknown_fields=True):
    line: int
    title: str
    why: str


class _Outcome(msgspec.Struct, forbid_unknown_fields=True):
    """What one document of a file came to: one of the two."""

    rule: _Stored | None = None
    failure: _Failed | None = None


Outcome = Rule | RuleFailure


def packed(outcome: Outcome) -> dict[str, Any]:
    """Return a rule or a failure as plain values for JSON."""
    if isinstance(outcome, RuleFailure):
        return {"failure": {"line": outcome.line, "title": outcome.rule, "why": outcome.why}}
    own = {f.name: getattr(outcome, f.name) for f in dataclasses.fields(outcome) if f.name not in (*_HEAD, "body")}
    body = outcome.body
    own |= {"correlation": body} if isinstance(body, Correlation) else {"body": _array(body)}
    return {"rule": own}


def unpacked(value: object, file: str, digest: str, text: str) -> Outcome:
    """Return what `packed` was given, now of that file. Raises Damaged."""
    try:
        found = msgspec.convert(value, _Outcome)
    except (msgspec.ValidationError, RecursionError) as error:
        raise Damaged(str(error)) from error
    if found.failure is not None:
        return RuleFailure(file, found.failure.line, found.failure.title, found.failure.why)
    if found.rule is None:
        raise Damaged("neither a rule nor a failure")
    own = {f: getattr(found.rule, f) for f in found.rule.__struct_fields__ if f not in ("body", "correlation")}
    body = found.rule.correlation if found.rule.body is None else _condition(found.rule.body)
    if body is None:
        raise Damaged("a rule without a condition")
    return Rule(body=body, file=file, hash=digest, text=text, **own)


def _array(condition: Condition) -> list[Any]:
    match condition:
        case Match(field, kind, value, cased):
            return ["test", field, kind, value, cased]
        case Not(part):
            return ["not", _array(part)]
        case And(parts):
            return ["and", *map(_array, parts)]
        case Or(parts):
            return ["or", *map(_array, parts)]


def _condition(value: object, depth: int = 0) -> Condition:
    if depth > MAX_DEPTH + 2 or not isinstance(value, list) or not value:
        raise Damaged("not a condition")
    match value:
        case ["test", str(field), str(kind), held, bool(cased)] if kind in _KINDS and _plain(held):
            return Match(field, kind, held, cased)  # type: ignore[arg-type]  # checked against Kind
        case ["not", part]:
            return Not(_condition(part, depth + 1))
        case ["and", *parts]:
            return And(tuple(_condition(part, depth + 1) for part in parts))
        case ["or", *parts]:
            return Or(tuple(_condition(part, depth + 1) for part in parts))
    raise Damaged("not a condition")


def _plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
