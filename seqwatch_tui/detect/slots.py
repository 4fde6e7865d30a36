"""What correlations group by and count, by name: a column of `events`, else a field of the view of the rule.

One name may stand for different fields of different rules (aliases). A value that is no column of `events` is text, so
that a port of one view and of another are the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from seqwatch_tui.detect.fields import FIELDS, FieldType, field_type
from seqwatch_tui.detect.rule import Correlation, Rule


def wanted(correlation: Correlation) -> tuple[str, ...]:
    """Return the names that a correlation groups by, and the one it counts."""
    return (*correlation.group_by, *([correlation.field] if correlation.field else ()))


def slots(correlation: Correlation, rules: Mapping[str, Rule]) -> tuple[str, ...]:
    """Return every field that it, or a correlation that it refers to, looks at in some rule's events."""
    names = [correlation.source(name, rule) for rule in correlation.rules for name in wanted(correlation)]
    for rule_id in correlation.rules:
        body = rules[rule_id].body
        if isinstance(body, Correlation):
            names += slots(body, rules)
    return tuple(dict.fromkeys(names))


def slot_type(name: str) -> FieldType:
    """Return the type that values of a slot have."""
    return FIELDS.get(name, "text")


def has_slot(rule: Rule, name: str) -> bool:
    """Whether the events of a plain rule have the field."""
    return name in FIELDS or field_type(rule.view, name) is not None


def unknown_slot(correlation: Correlation, rules: Mapping[str, Rule]) -> str:
    """Return why a correlation cannot be watched with these rules, empty when it can."""
    for name in wanted(correlation):
        sources = {rule: correlation.source(name, rule) for rule in correlation.rules}
        for rule_id, field in sources.items():
            lacking = [each for each in _plain(rule_id, rules) if not has_slot(each, field)]
            if lacking:
                return f"groups by or counts '{field}', which is no field of the events of '{lacking[0].rule_id}'"
        if len({slot_type(field) for field in sources.values()}) > 1:
            return f"'{name}' is a number in one rule and text in another"
    return ""


def _plain(rule_id: str, rules: Mapping[str, Rule]) -> list[Rule]:
    """The plain rules that a rule comes down to."""
    rule = rules[rule_id]
    if not isinstance(rule.body, Correlation):
        return [rule]
    return [each for name in rule.body.rules for each in _plain(name, rules)]
