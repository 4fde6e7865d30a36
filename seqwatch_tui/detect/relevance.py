"""Which records rules of the raw trail can look at, and which fields of them: by type of record, since they name one.

A condition with the type known is smaller: `type: PATH` and all that hangs on it is false for an EXECVE. What is left
says which fields are asked for; where nothing is left, records of that type are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial

from seqwatch_tui.detect.condition import And, Condition, Match, Not, Or, tests, wildcard_parts
from seqwatch_tui.detect.facts import TextFacts
from seqwatch_tui.detect.fields import KEYWORDS
from seqwatch_tui.detect.layouts import never_has

TYPE = "type"


@dataclass(frozen=True, slots=True, eq=False)
class KindRules:
    """What is left of the rules for records of one type: positions of the rules, and their conditions.

    `fields` are those asked for (`type` not among them), also by correlations. `words` is an RE2 pattern found in every
    line, as it is written, in which a keyword can hold; null when there is none.
    """

    indexes: tuple[int, ...]
    conditions: tuple[Condition, ...]
    fields: frozenset[str]
    words: str | None


class Relevance:
    """The conditions of the rules of one view; `asked` are fields that are looked at of every record that matches."""

    def __init__(self, conditions: Sequence[Condition], asked: Collection[str] = ()) -> None:
        self._conditions, self._asked = conditions, frozenset(asked)
        on_type = {test for condition in conditions for test in tests(condition) if _on_type(test)}
        self._numbers = {test: number for number, test in enumerate(on_type)}
        self._facts = TextFacts([(number, test) for test, number in self._numbers.items()])
        self._known: dict[tuple[str, bool], KindRules | None] = {}
        self._shared: dict[tuple[tuple[int, ...], tuple[Condition, ...]], KindRules] = {}

    def rules(self, kind: str, *, raw: bool = True) -> KindRules | None:
        """Return what is left for records of a type, null when none can match; `raw` as auditd writes them."""
        if (kind, raw) not in self._known:
            if len(self._known) >= _KINDS:
                self._known.clear()
            self._known[kind, raw] = self._rules(kind, raw)
        return self._known[kind, raw]

    def fields(self, kind: str) -> frozenset[str] | None:
        """Return the fields asked for of records of a type (`type` not among them), null when none can match."""
        rules = self.rules(kind)
        return rules.fields if rules is not None else None

    def _rules(self, kind: str, raw: bool) -> KindRules | None:
        held = self._facts.facts([kind])[0]
        left: dict[int, Condition] = {}
        for index, condition in enumerate(self._conditions):
            part = _left(condition, held, self._numbers)
            if raw and not isinstance(part, bool):
                part = folded(part, partial(never_has, kind))
            if part is not False:
                left[index] = And(()) if part is True else part
        if not left:
            return None
        key = tuple(left), tuple(left.values())
        if key not in self._shared:
            self._shared[key] = self._made(*key)
        return self._shared[key]

    def _made(self, indexes: tuple[int, ...], conditions: tuple[Condition, ...]) -> KindRules:
        on = [test for condition in conditions for test in tests(condition)]
        names = {name for test in on for name in _names(test)}
        words = [_word(test) for condition in conditions for test in _keywords(condition)]
        known = [word for word in dict.fromkeys(words) if word is not None]
        pattern = None if None in words else "|".join([*map(_written, known), *_FOLDED])
        return KindRules(indexes, conditions, frozenset(names - {TYPE}) | self._asked, pattern)


_ASCII = re.compile(r"[!-\[\]-~]+")
"""What is searched for as it is written: no space (arguments are apart in a line), no backslash (it shows bad bytes)."""
_FOLDED = (r"\xe2\x84\xaa", "E284AA", r"\xc4\xb0", "C4B0")
"""The two letters beyond ASCII that are ASCII in lower case (K for kelvin, I with a dot), as they are and in hex."""
_KINDS = 4096
"""Types of records remembered."""


def _keywords(condition: Condition) -> Collection[Match]:
    """Keywords without any of which a condition cannot hold; all that it asks for where it can hold without them."""
    needed = _needed(condition)
    return [test for test in tests(condition) if test.field == KEYWORDS] if needed is None else needed


def _needed(condition: Condition) -> frozenset[Match] | None:
    match condition:
        case Match():
            return frozenset((condition,)) if condition.field == KEYWORDS and _word(condition) else None
        case And(parts):
            return max(filter(None, map(_needed, parts)), key=_rarity, default=None)
        case Or(parts):
            each = [_needed(part) for part in parts]
            return None if None in each else frozenset().union(*(found for found in each if found))
        case Not():
            return None


def _rarity(keywords: frozenset[Match]) -> tuple[int, int]:
    """How few lines are likely to hold one of some words: the shortest one decides."""
    return min(len(_word(test) or "") for test in keywords), -len(keywords)


def _word(test: Match) -> str | None:
    """The longest run of letters, digits and marks that a text needs for one test of it; null when it needs none."""
    if test.kind == "regex":
        return None
    texts = [part for part in wildcard_parts(str(test.value)) if isinstance(part, str)]
    runs = _ASCII.findall("\n".join(texts) if test.kind == "wildcard" else str(test.value))
    longest = max(runs, key=len, default="")
    return longest if len(longest) > 1 else None


def _written(word: str) -> str:
    """RE2 pattern of a word in any case, as it is and in hex."""
    return f"(?i:{re.escape(word)})|{''.join(map(_in_hex, word))}"


def _in_hex(char: str) -> str:
    """A character in either case; 0x01 stands for a comma in keys."""
    forms = {f"{ord(each):02X}" for each in (char.lower(), char.upper())} | ({"01"} if char == "," else set())
    return f"(?:{'|'.join(sorted(forms))})"


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


def folded(condition: Condition, absent: Callable[[str], bool]) -> Condition | bool:
    """What is left of a condition where some fields are always null: a condition, or its outcome."""
    tested = {test for test in tests(condition) if any(absent(name) for name in _names(test))}
    if not tested:
        return condition
    held = {number for number, test in enumerate(tested) if test.kind == "null"}
    return _left(condition, held, {test: number for number, test in enumerate(tested)})
