"""pySigma's correlation rules to ours; what cannot be watched with a bounded window is refused with the reason."""

from __future__ import annotations

from typing import cast, get_args

from sigma.correlations import (
    SigmaCorrelationCondition,
    SigmaCorrelationConditionOperator,
    SigmaCorrelationRule,
)

from seqwatch_tui.detect.rule import MAX_THRESHOLD, Alias, Correlation, CorrelationKind
from seqwatch_tui.detect.translate import Untranslatable

_MAX_SPAN = 7 * 86400


def correlation_of(rule: SigmaCorrelationRule) -> Correlation:
    """Return the correlation of a parsed rule; raises Untranslatable."""
    kind = rule.type.name.lower()
    if kind not in get_args(CorrelationKind):
        raise Untranslatable(f"correlations of type {kind} are not supported", "type")
    if not rule.rules:
        raise Untranslatable("the correlation names no rules", "rules")
    if rule.timespan.seconds > _MAX_SPAN:
        raise Untranslatable("a timespan of more than seven days is not kept", "timespan")
    names = tuple(reference.reference for reference in rule.rules)
    at_least, field = _threshold(rule, kind, len(names))
    aliases = _aliases(rule, names)
    return Correlation(
        cast(CorrelationKind, kind), names, tuple(rule.group_by or ()), rule.timespan.seconds, at_least, field,
        rule.generate, aliases,
    )  # fmt: skip


def _aliases(rule: SigmaCorrelationRule, names: tuple[str, ...]) -> tuple[Alias, ...]:
    found = tuple(Alias(a.alias, ref.reference, field) for a in rule.aliases for ref, field in a.mapping.items())
    if strange := [alias.rule for alias in found if alias.rule not in names]:
        raise Untranslatable(f"an alias is of the rule '{strange[0]}', which the correlation does not name", "aliases")
    return found


def _threshold(rule: SigmaCorrelationRule, kind: str, stages: int) -> tuple[int, str | None]:
    condition = rule.condition
    if not isinstance(condition, SigmaCorrelationCondition):
        raise Untranslatable("a condition in words is not supported for correlations; list the rules", "condition")
    more = {SigmaCorrelationConditionOperator.GTE: 0, SigmaCorrelationConditionOperator.GT: 1}.get(condition.op)
    if more is None or not isinstance(condition.count, int):
        raise Untranslatable("only gte and gt with a whole number can be watched in a window", "condition")
    at_least = condition.count + more
    if not 1 <= at_least <= (stages if kind.startswith("temporal") else MAX_THRESHOLD):
        raise Untranslatable(f"the threshold {at_least} is out of range", "condition")
    if kind == "temporal_ordered" and at_least != stages:
        raise Untranslatable("temporal_ordered needs all of its rules", "condition")
    if kind != "value_count":
        return at_least, None
    if not isinstance(condition.fieldref, str):
        raise Untranslatable("value_count takes one field", "field")
    return at_least, condition.fieldref
