"""pySigma's parsed condition to our frozen tree; whatever has no exact equal here is refused with the reason.

Only `load` uses this module: importing it loads pySigma.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Network

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
)

from seqwatch_tui.detect.condition import MAX_DEPTH, And, Condition, Kind, Match, Not, Or
from seqwatch_tui.detect.fields import FIELDS
from seqwatch_tui.detect.text import fold, re2_problem

_MAX_INTEGER = 2**63 - 1
_COMPARE: Mapping[CompareOperators, Kind] = {
    CompareOperators.LT: "lt", CompareOperators.LTE: "lte", CompareOperators.GT: "gt", CompareOperators.GTE: "gte",
}  # fmt: skip


class Untranslatable(ValueError):
    """The rule says something that cannot be watched here; `field` is the field in the rule, if it is about one."""

    def __init__(self, why: str, field: str | None = None) -> None:
        super().__init__(why)
        self.field = field


def translate(node: object, names: Mapping[str, str], depth: int = 0) -> Condition:
    """Return the tree for a parsed Sigma condition; `names` maps the rule's field names to fields of `events`.

    Raises Untranslatable.
    """
    if depth > MAX_DEPTH:
        raise Untranslatable(f"the condition is nested deeper than {MAX_DEPTH} levels")
    match node:
        case ConditionAND(args=args):
            return And(tuple(translate(arg, names, depth + 1) for arg in args))
        case ConditionOR(args=args):
            return Or(tuple(translate(arg, names, depth + 1) for arg in args))
        case ConditionNOT(args=[arg]):
            return Not(translate(arg, names, depth + 1))
        case ConditionFieldEqualsValueExpression(field=field, value=value):
            return _test(field, value, names)
        case ConditionValueExpression(value=value):
            raise Untranslatable(f"the keyword '{value}' is not bound to a field; name the column it should be in")
    raise Untranslatable(f"the condition holds {type(node).__name__}, which is not supported")


def _test(sigma_field: str, value: SigmaType, names: Mapping[str, str]) -> Condition:
    field = names.get(sigma_field)
    if field is None:
        raise Untranslatable(f"field '{sigma_field}' is not a column that rules can test", sigma_field)
    try:
        return _value(field, value, names)
    except Untranslatable as error:
        raise Untranslatable(f"field '{sigma_field}': {error}", sigma_field) from error


def _value(field: str, value: SigmaType, names: Mapping[str, str]) -> Condition:
    match value:
        case SigmaNull():
            return Match(field, "null")
        case SigmaExists():
            return Not(Match(field, "null")) if value.exists else Match(field, "null")
        case SigmaExpansion(values=values):
            return Or(tuple(_value(field, part, names) for part in values))
        case SigmaFieldReference():
            return _same(field, value, names)
        case SigmaTimestampPart():
            raise Untranslatable("parts of a time are not supported; use business_hours")
    try:
        of_type = _BY_TYPE[FIELDS[field]]
    except KeyError as error:
        raise Untranslatable(f"'{field}' is not a column that rules can test") from error
    return of_type(field, value)


def _same(field: str, value: SigmaFieldReference, names: Mapping[str, str]) -> Match:
    other = names.get(value.field)
    if other is None or FIELDS[other] != FIELDS[field]:
        raise Untranslatable(f"cannot be compared with '{value.field}', which is no column of the same type")
    if value.starts_with or value.ends_with:
        raise Untranslatable("startswith and endswith with another field are not supported")
    return Match(field, "same", other)


def _bool(field: str, value: SigmaType) -> Condition:
    if isinstance(value, SigmaBool):
        return Match(field, "eq", value.boolean)
    raise Untranslatable(f"'{value}' is not true, false or null")


def _number(field: str, value: SigmaType) -> Condition:
    match value:
        case SigmaNumber():
            return Match(field, "eq", _in_range(value.number))
        case SigmaCompareExpression(op=op, number=number) if op is CompareOperators.NEQ:
            return And((Not(Match(field, "null")), Not(Match(field, "eq", _in_range(number.number)))))
        case SigmaCompareExpression(op=op, number=number):
            return Match(field, _COMPARE[op], _in_range(number.number))
        case SigmaString() if not value.contains_special() and str(value).isdecimal():
            return Match(field, "eq", _in_range(int(str(value))))
    raise Untranslatable(f"the column is a number; '{_shown(value)}' cannot be tested on it")


def _in_range(number: float) -> int | float:
    if abs(number) > _MAX_INTEGER:
        raise Untranslatable(f"the number {number} is out of range")
    return number


def _text(field: str, value: SigmaType) -> Condition:
    match value:
        case SigmaString():
            return _string(field, value)
        case SigmaNumber():
            return Match(field, "eq", str(value.number))
        case SigmaRegularExpression():
            return _regex(field, value)
        case SigmaCIDRExpression(network=IPv4Network() as network):
            return Match(field, "cidr", str(network))
        case SigmaCIDRExpression():
            raise Untranslatable("an IPv6 network cannot be searched in history; test the text with startswith")
    raise Untranslatable(f"the column is text; '{_shown(value)}' cannot be tested on it")


def _regex(field: str, value: SigmaRegularExpression) -> Match:
    flags = "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))
    pattern = (f"(?{flags})" if flags else "") + str(value.regexp)
    if problem := re2_problem(pattern):
        raise Untranslatable(f"the regular expression is not RE2 (linear time): {problem}")
    return Match(field, "regex", pattern)


def _string(field: str, value: SigmaString) -> Match:
    """The narrowest test for a Sigma string: stars only at the ends are startswith, endswith or contains."""
    cased = isinstance(value, SigmaCasedString)
    parts = [part for part in value.s if isinstance(part, str | SpecialChars)]
    if len(parts) < len(value.s):
        raise Untranslatable("placeholders (expand) are not supported; write the values out")
    kind: Kind
    match [part is SpecialChars.WILDCARD_MULTI for part in parts]:
        case [] | [False]:
            kind = "eq"
        case [False, True]:
            kind = "startswith"
        case [True, False]:
            kind = "endswith"
        case [True] | [True, True] | [True, False, True]:
            kind = "contains"
        case _:
            kind = "wildcard"
    if kind == "wildcard" or SpecialChars.WILDCARD_SINGLE in parts:
        kind, text = "wildcard", "".join(_escaped(part) for part in parts)
    else:
        text = "".join(part for part in parts if isinstance(part, str))
    return Match(field, kind, text if cased else fold(text), cased)


def _escaped(part: str | SpecialChars) -> str:
    if isinstance(part, str):
        return part.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")
    return "*" if part is SpecialChars.WILDCARD_MULTI else "?"


def _shown(value: SigmaType) -> str:
    return str(getattr(value, "original", value)) if isinstance(value, SigmaString) else type(value).__name__


_BY_TYPE: Mapping[str, Callable[[str, SigmaType], Condition]] = {"text": _text, "number": _number, "bool": _bool}
