"""Which tests can make a rule hold: the few of which at least one must, and the rule as a function of all that do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from seqwatch_tui.detect.condition import And, Condition, Match, Not, Or

Predicate = Callable[[AbstractSet[int]], bool]
Cover = tuple[int, frozenset[int]]

_COST: Mapping[str, int] = {
    "eq": 1,
    "same": 3,
    "endswith": 4,
    "startswith": 6,
    "contains": 12,
    "regex": 16,
    "null": 500,
}
_COMMON = (
    "action",
    "outcome",
    "allowed",
    "business_hours",
    "network_allowed",
    "bulk_granted",
    "complete",
    "host",
    "source",
)


class Candidates:
    """Conditions by cover: of many, only those are evaluated that can hold. `numbers` are those of their tests."""

    def __init__(self, conditions: Sequence[Condition], numbers: Mapping[Match, int]) -> None:
        self._predicates = [predicate(condition, numbers) for condition in conditions]
        self._covered: dict[int, list[int]] = defaultdict(list)
        self._always: list[int] = []
        for index, condition in enumerate(conditions):
            needs = cover(condition, numbers)
            if needs is None:
                self._always.append(index)
            for number in needs or ():
                self._covered[number].append(index)

    def holding(self, held: frozenset[int]) -> tuple[int, ...]:
        """Return the positions of the conditions that hold when exactly the tests `held` do."""
        found = {*self._always, *(index for number in held for index in self._covered.get(number, ()))}
        return tuple(index for index in sorted(found) if self._predicates[index](held))


def cover(condition: Condition, numbers: Mapping[Match, int]) -> frozenset[int] | None:
    """Return tests of which at least one holds whenever `condition` does; None when it can hold without any."""
    found = _cover(condition, numbers)
    return found[1] if found else None


def _cover(condition: Condition, numbers: Mapping[Match, int]) -> Cover | None:
    match condition:
        case Match(field=field, kind=kind):
            return _COST.get(kind, 20) + (100 if field in _COMMON else 0), frozenset((numbers[condition],))
        case And(parts):
            return min(filter(None, (_cover(part, numbers) for part in parts)), key=lambda c: c[0], default=None)
        case Or(parts):
            covers = [_cover(part, numbers) for part in parts]
            known = [found for found in covers if found]
            if len(known) < len(covers):
                return None
            return sum(cost for cost, _ in known), frozenset().union(*(tests for _, tests in known))
        case Not():
            return None


def predicate(condition: Condition, numbers: Mapping[Match, int]) -> Predicate:
    """Return the condition as a function of the numbers of the tests that hold."""
    match condition:
        case Match():
            number = numbers[condition]
            return lambda held: number in held
        case Not(part):
            inner = predicate(part, numbers)
            return lambda held: not inner(held)
        case And(parts):
            needed, rest = _split(parts, numbers)
            return lambda held: needed <= held and all(each(held) for each in rest)
        case Or(parts):
            enough, others = _split(parts, numbers)
            return lambda held: not enough.isdisjoint(held) or any(each(held) for each in others)


def _split(parts: tuple[Condition, ...], numbers: Mapping[Match, int]) -> tuple[frozenset[int], list[Predicate]]:
    """Bare tests as one set, so that a hundred values cost one set operation; the rest as functions."""
    bare = frozenset(numbers[part] for part in parts if isinstance(part, Match))
    return bare, [predicate(part, numbers) for part in parts if not isinstance(part, Match)]
