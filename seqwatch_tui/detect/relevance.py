"""Which records rules of the raw trail can look at, and which fields of them: by type of record, since they name one.

A condition with the type known is smaller: `type: PATH` and all that hangs on it is false for an EXECVE. What is left
says which fields are asked for; where nothing is left, records of that type are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property

from seqwatch_tui.detect.condition import And, Condition, Match, Not, Or, tests, wildcard_parts
from seqwatch_tui.detect.facts import TextFacts
from seqwatch_tui.detect.fields import KEYWORDS

TYPE = "type"


class Relevance:
    """The conditions of the rules of one view; `asked` are fields that are looked at of every record that matches."""

    def __init__(self, conditions: Sequence[Condition], asked: Collection[str] = ()) -> None:
        self._conditions, self._asked = conditions, frozenset(asked)
        on_type = {test for condition in conditions for test in tests(condition) if _on_type(test)}
        self._numbers = {test: number for number, test in enumerate(on_type)}
        self._facts = TextFacts([(number, test) for test, number in self._numbers.items()])
        self._known: dict[str, frozenset[str] | None] = {}

    @cached_property
    def words(self) -> str | None:
        """RE2 pattern found in every line in which a keyword can hold as it is written; null when there is none.

        Letters of any case; the words of a keyword that are not ASCII are left out of it.
        """
        found = [_word(test) for each in self._conditions for test in tests(each) if test.field == KEYWORDS]
        return None if None in found else "|".join(dict.fromkeys(word for word in found if word)) or "$^"

    def fields(self, kind: str) -> frozenset[str] | None:
        """Return the fields asked for of records of a type (`type` not among them), null when none can match."""
        if kind not in self._known:
            held = self._facts.facts([kind])[0]
            left = [_left(condition, held, self._numbers) for condition in self._conditions]
            asked = [condition for condition in left if condition is not False]
            names = {name for each in asked if each is not True for test in tests(each) for name in _names(test)}
            self._known[kind] = frozenset(names - {TYPE}) | self._asked if asked else None
        return self._known[kind]


_ASCII = re.compile(r"[ -~]+")


def _word(test: Match) -> str | None:
    """What a line has to hold for one test of its text; null when any line may do."""
    if test.kind == "regex":
        return f"(?:{test.value})"
    texts = [part for part in wildcard_parts(str(test.value)) if isinstance(part, str)]
    runs = _ASCII.findall("\n".join(texts) if test.kind == "wildcard" else str(test.value))
    longest = max(runs, key=len, default="")
    return f"(?i:{re.escape(longest)})" if len(longest) > 1 else None


def _on_type(test: Match) -> bool:
    return test.field == TYPE and test.kind != "same"


def _names(test: Match) -> tuple[str, ...]:
    return (test.field, str(test.value)) if test.kind == "same" else (test.field,)


def _left(condition: Condition, held: AbstractSet[int], numbers: dict[Match, int]) -> Condition | bool:
    """What is left of a condition when it is known which tests of the type hold: a condition, or its outcome."""
    match condition:
        case Match():
            return numbers[condition] in held if condition in numbers else condition
        case Not(part):
            left = _left(part, held, numbers)
            return not left if isinstance(left, bool) else Not(left)
        case And(parts) | Or(parts):
            settles = isinstance(condition, Or)
            open_ = []
            for each in parts:
                left = _left(each, held, numbers)
                if left is settles:
                    return settles
                if not isinstance(left, bool):
                    open_.append(left)
            return type(condition)(tuple(open_)) if open_ else not settles
