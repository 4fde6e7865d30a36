"""Whose tests can matter: a field with many values is looked at only in rows where the other fields leave a rule open.

Rules are asked with the tests of such fields taken as they would have to be for the rule to hold. What does not even
then hold is settled, and the row's value need not be known. Knows tests by number; knows no rows and no values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from seqwatch_tui.detect.condition import And, Condition, Match, Not, Or, tests
from seqwatch_tui.detect.cover import Candidates

_ALWAYS, _NEVER = And(()), Or(())


class Narrowing:
    """Conditions against all tests but those of the fields `wide`; null tests and comparisons of two fields count."""

    def __init__(self, conditions: Sequence[Condition], numbers: Mapping[Match, int], wide: AbstractSet[str]) -> None:
        open_fields: dict[Condition, set[str]] = {}
        for part in (part for condition in conditions for part in _alternatives(condition)):
            fields = {test.field for test in tests(part) if _is_open(test, wide)}
            if fields:
                open_fields.setdefault(_at_best(part, wide), set()).update(fields)
        self._fields = [frozenset(fields) for fields in open_fields.values()]
        self._candidates = Candidates(list(open_fields), numbers)
        self._known: dict[frozenset[int], frozenset[str]] = {}

    def needed(self, held: frozenset[int]) -> frozenset[str]:
        """Return those wide fields on which an outcome can depend when of the other tests exactly `held` hold."""
        known = self._known.get(held)
        if known is None:
            fields = (self._fields[index] for index in self._candidates.holding(held))
            known = self._known[held] = frozenset().union(*fields)
        return known


def _alternatives(condition: Condition) -> Sequence[Condition]:
    """The parts of which any one is enough: each needs only the fields that it names itself."""
    if isinstance(condition, Or):
        return [each for part in condition.parts for each in _alternatives(part)]
    return [condition]


def _is_open(test: Match, wide: AbstractSet[str]) -> bool:
    return test.field in wide and test.kind not in ("null", "same")


def _at_best(condition: Condition, wide: AbstractSet[str], holds: bool = True) -> Condition:
    """The condition with open tests as they are best for it: holding, and beneath a Not (`holds` is false) failing."""
    match condition:
        case Match():
            best = _ALWAYS if holds else _NEVER
            return best if _is_open(condition, wide) else condition
        case Not(part):
            return Not(_at_best(part, wide, not holds))
        case And(parts):
            return And(tuple(dict.fromkeys(_at_best(part, wide, holds) for part in parts)))
        case Or(parts):
            return Or(tuple(dict.fromkeys(_at_best(part, wide, holds) for part in parts)))
