"""pySigma's parsed condition to our frozen tree; whatever has no exact equal here is refused with the reason.

Only `load` uses this module: importing it loads pySigma.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    CompareOperators,
    Placeholder,
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
from seqwatch_tui.detect.fields import KEYWORDS, TIME, TYPED, FieldType, field_type
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


def translate(node: object, view: str, depth: int = 0) -> Condition:
    """Return the tree for a parsed Sigma condition on the fields of a view. Raises Untranslatable."""
    if depth > MAX_DEPTH:
        raise Untranslatable(f"the condition is nested deeper than {MAX_DEPTH} levels")
    match node:
        case ConditionAND(args=args):
            return And(tuple(translate(arg, view, depth + 1) for arg in args))
        case ConditionOR(args=args):
            return Or(tuple(translate(arg, view, depth + 1) for arg in args))
        case ConditionNOT(args=[arg]):
            return Not(translate(arg, view, depth + 1))
        case ConditionFieldEqualsValueExpression(field=field, value=value):
            return _test(field, value, view)
        case ConditionValueExpression(value=value):
            return _keyword(value, view)
    raise Untranslatable(f"the condition holds {type(node).__name__}, which is not supported")


def _test(sigma_field: str, value: SigmaType, view: str) -> Condition:
    if _part_of_time(value) is not None:
        return _time_part(sigma_field, value)
    if field_type(view, sigma_field) is None or sigma_field == KEYWORDS:
        raise Untranslatable(f"field '{sigma_field}' is not {_KIND_OF_FIELD[view]}", sigma_field)
    try:
        return _value(sigma_field, value, view)
    except Untranslatable as error:
        raise Untranslatable(f"field '{sigma_field}': {error}", sigma_field) from error


def _keyword(value: SigmaType, view: str) -> Condition:
    """A value without a field: in the record's text, of events in any column of text. A plain word is looked for anywhere."""
    match value:
        case SigmaExpansion(values=values):
            return Or(tuple(_keyword(part, view) for part in values))
        case SigmaNumber():
            value = SigmaString(str(value.number))
        case SigmaString() | SigmaRegularExpression():
            pass
        case _:
            raise Untranslatable(f"'{_shown(value)}' cannot be a keyword; name the field it should be in")
    names = [KEYWORDS] if view == "records" else [name for name, kind in TYPED[view].items() if kind == "text"]
    found = tuple(
        _string(n, value, anywhere=True) if isinstance(value, SigmaString) else _text(n, value) for n in names
    )
    return found[0] if len(found) == 1 else Or(found)


def _part_of_time(value: SigmaType) -> str | None:
    """The part of a time that a value is compared with, if it is."""
    number = value.number if isinstance(value, SigmaCompareExpression) else value
    return number.timestamp_part.name.lower() if isinstance(number, SigmaTimestampPart) else None


def _time_part(field: str, value: SigmaType) -> Condition:
    if field != TIME:
        raise Untranslatable(f"field '{field}': parts of a time are known of '{TIME}' (UTC) only", field)
    return _number(f"{TIME}.{_part_of_time(value)}", value)


def _value(field: str, value: SigmaType, view: str) -> Condition:
    match value:
        case SigmaNull():
            return Match(field, "null")
        case SigmaExists():
            return Not(Match(field, "null")) if value.exists else Match(field, "null")
        case SigmaExpansion(values=values):
            return Or(tuple(_value(field, part, view) for part in values))
        case SigmaFieldReference():
            return _same(field, value, view)
    kind = field_type(view, field)
    if kind is None:
        raise Untranslatable(f"'{field}' is not {_KIND_OF_FIELD[view]}")
    return _BY_TYPE[kind](field, value)


def _same(field: str, value: SigmaFieldReference, view: str) -> Match:
    other = value.field
    if field_type(view, other) is None or field_type(view, other) != field_type(view, field):
        raise Untranslatable(f"cannot be compared with '{other}', which is no field of the same type")
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
        case SigmaBool():
            return Match(field, "eq", str(value.boolean).lower())
        case SigmaRegularExpression():
            return _regex(field, value)
        case SigmaCIDRExpression(network=network):
            return Match(field, "cidr", str(network))
        case SigmaCompareExpression():
            return _compared(field, value)
    raise Untranslatable(f"the column is text; '{_shown(value)}' cannot be tested on it")


def _compared(field: str, value: SigmaCompareExpression) -> Condition:
    """Text compared as the number it is."""
    number = value.number.number
    if value.op is CompareOperators.NEQ:
        return And((Not(Match(field, "null")), Not(Match(field, "eq", str(number)))))
    return Match(field, _COMPARE[value.op], _in_range(number))


def _regex(field: str, value: SigmaRegularExpression) -> Match:
    flags = "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))
    pattern = (f"(?{flags})" if flags else "") + str(value.regexp)
    if problem := re2_problem(pattern):
        raise Untranslatable(f"the regular expression is not RE2 (linear time): {problem}")
    return Match(field, "regex", pattern)


def _string(field: str, value: SigmaString, *, anywhere: bool = False) -> Match:
    """The narrowest test for a Sigma string: stars only at the ends are startswith, endswith or contains."""
    cased = isinstance(value, SigmaCasedString)
    if unknown := [part.name for part in value.s if isinstance(part, Placeholder)]:
        raise Untranslatable(f"the placeholder %{unknown[0]}% (expand) has no values here; write them out")
    star = [SpecialChars.WILDCARD_MULTI] if anywhere else []
    parts = _fewer_stars([*star, *(part for part in value.s if isinstance(part, str | SpecialChars)), *star])
    kind: Kind
    match [part is SpecialChars.WILDCARD_MULTI for part in parts]:
        case [] | [False]:
            kind = "eq"
        case [False, True]:
            kind = "startswith"
        case [True, False]:
            kind = "endswith"
        case [True] | [True, False, True]:
            kind = "contains"
        case _:
            kind = "wildcard"
    if kind == "wildcard" or SpecialChars.WILDCARD_SINGLE in parts:
        kind, text = "wildcard", "".join(_escaped(part) for part in parts)
    else:
        text = "".join(part for part in parts if isinstance(part, str))
    return Match(field, kind, text if cased else fold(text), cased)


def _fewer_stars(parts: Sequence[str | SpecialChars]) -> list[str | SpecialChars]:
    """The same pattern with one star where several stand together."""
    star = SpecialChars.WILDCARD_MULTI
    return [part for place, part in enumerate(parts) if part is not star or not place or parts[place - 1] is not star]


def _escaped(part: str | SpecialChars) -> str:
    if isinstance(part, str):
        return part.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")
    return "*" if part is SpecialChars.WILDCARD_MULTI else "?"


def _shown(value: SigmaType) -> str:
    return str(getattr(value, "original", value)) if isinstance(value, SigmaString) else type(value).__name__


_KIND_OF_FIELD: Mapping[str, str] = {
    "events": "a column that rules can test", "records": "a field of audit records",
    "processes": "a field of process_creation or a column of events", "files": "a field of file_event or a column of events",
    "connections": "a field of network_connection or a column of events",
}  # fmt: skip
_BY_TYPE: Mapping[FieldType, Callable[[str, SigmaType], Condition]] = {"text": _text, "number": _number, "bool": _bool}
