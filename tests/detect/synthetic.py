"""An event made from a rule's own conditions, and one that just is not: no list by hand, only the condition tree.

`fires` picks, of each choice that the tree leaves, one, and writes for every field a value that all tests asked of it
hold for; `near_miss` changes one field of that as little as it takes. Both are checked with the naive reference before
they are handed out: what cannot be made is an error, never skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_network
from itertools import islice, product
from typing import Any

from seqwatch_tui.detect.condition import And, Condition, Match, Not, Or, wildcard_parts
from seqwatch_tui.detect.fields import field_type
from tests.detect.naive import holds

Row = dict[str, Any]
Ask = tuple[Match, bool]
_TRIES = 4000


_LAST = ("type", "exe", "Initiated")
"""Fields that a near miss changes only when no other will do."""


class Unmakable(AssertionError):
    """No event could be made for a condition: it contradicts itself, or the maker is too simple."""


def fires(view: str, condition: Condition) -> Row:
    """Fields for which the condition holds."""
    for asks in islice(_choices(condition, True), _TRIES):
        row = _row(view, asks)
        if row is not None and holds(condition, row):
            return row
    raise Unmakable(condition)


def near_miss(view: str, condition: Condition, row: Row) -> Row:
    """The same with one field changed, as little as it takes for the condition not to hold."""
    for name in sorted(row, key=lambda name: (name in _LAST, name)):
        for other in _others(view, name, row[name]):
            changed = {**row, name: other}
            if not holds(condition, changed):
                return changed
    for one, two in product(row, row):
        changed = {**row, one: None, two: None}
        if not holds(condition, changed):
            return changed
    raise Unmakable(condition)


def _choices(condition: Condition, wanted: bool) -> Iterator[tuple[Ask, ...]]:
    """Ways in which a condition can come to be `wanted`: what each asks of single tests."""
    match condition:
        case Match():
            yield ((condition, wanted),)
        case Not(part):
            yield from _choices(part, not wanted)
        case And(parts) | Or(parts):
            if isinstance(condition, And) is wanted:
                yield from _all_of(parts, wanted)
            else:
                for part in parts:
                    yield from islice(_choices(part, wanted), 40)


def _all_of(parts: Sequence[Condition], wanted: bool) -> Iterator[tuple[Ask, ...]]:
    """Each part once, with the first choices of each before the others."""
    lists = [list(islice(_choices(part, wanted), 40)) for part in parts]
    total = max((len(each) for each in lists), default=0)
    for shift in range(total):
        yield tuple(ask for each in lists if each for ask in each[min(shift, len(each) - 1)])
    for picked in islice(product(*lists), _TRIES):
        yield tuple(ask for each in picked for ask in each)


def _row(view: str, asks: Sequence[Ask]) -> Row | None:
    fields: dict[str, list[Ask]] = {}
    for test, wanted in asks:
        fields.setdefault(test.field, []).append((test, wanted))
    row: Row = {}
    for name, about in fields.items():
        kind = field_type(view, name)
        candidates = _texts(about) if kind == "text" else _plain(about, kind == "bool")
        rest = [(test, wanted) for test, wanted in about if test.kind != "same"]
        found = next((v for v in candidates if all(holds(t, {name: v}) is w for t, w in rest)), Unmakable)
        if found is Unmakable:
            return None
        row[name] = found
    for test, wanted in asks:
        if test.kind == "same" and wanted:
            value = (
                row.get(test.field)
                or row.get(str(test.value))
                or ("/same" if field_type(view, test.field) == "text" else 7)
            )
            row[test.field] = row[str(test.value)] = value
    return row


def _plain(about: Sequence[Ask], boolean: bool) -> Iterator[Any]:
    if boolean:
        yield from (True, False, None)
        return
    for test, _ in about:
        if isinstance(test.value, int | float):
            yield from (int(test.value), int(test.value) + 1, int(test.value) - 1)
    yield from (1, 0, None)


def _texts(about: Sequence[Ask]) -> Iterator[str | None]:
    """Texts made of the literals that are asked for, in some orders and with some text between them."""
    wanted = [test for test, wanted in about if wanted]
    starts = [_literal(t) for t in wanted if t.kind == "startswith"]
    ends = [_literal(t) for t in wanted if t.kind == "endswith"]
    inside = [_literal(t) for t in wanted if t.kind == "contains"]
    made = [_wild(t) for t in wanted if t.kind == "wildcard"] + [
        sample(str(t.value)) for t in wanted if t.kind == "regex"
    ]
    for test in wanted:
        if test.kind == "eq":
            yield str(test.value)
        elif test.kind == "cidr":
            yield str(ip_network(str(test.value))[1 if ip_network(str(test.value)).num_addresses > 1 else 0])
        elif test.kind in ("lt", "lte", "gt", "gte"):
            yield from (str(int(test.value or 0) + shift) for shift in (0, 1, -1))
    start, end = max(starts, key=len, default=""), max(ends, key=len, default="")
    for middle in (inside, inside[::-1]):
        for pieces in (made + middle, middle + made, [*made[:1], *middle, *made[1:]]):
            for gap in ("", " ", "/", "x", " -x "):
                yield (
                    gap.join([start, *pieces, end]).strip(gap)
                    if not (start or end)
                    else gap.join([start, *pieces]) + end
                )
                yield start + gap.join(pieces) + end
    yield from (None, "x", "", "/nothing", "0")


def _literal(test: Match) -> str:
    return str(test.value)


def _wild(test: Match) -> str:
    return "".join("" if part is None else "x" if part is True else part for part in wildcard_parts(str(test.value)))


def sample(pattern: str) -> str:
    """A text in which a regular expression is found: the first branch, the fewest repeats."""
    import re._parser as parser  # type: ignore[import-not-found]

    return "".join(_parts(parser.parse(pattern.replace("\\z", "\\Z"))))


def _parts(parsed: Any) -> Iterator[str]:
    for op, value in parsed:
        yield _SAMPLES[str(op)](value)


def _set(value: Any) -> str:
    """A character of a set."""
    if str(value[0][0]) == "NEGATE":
        pattern = re.compile("[" + "".join(_SOURCE[str(op)](arg) for op, arg in value[1:]) + "]")
        return next(char for char in "x0 -A~" if not pattern.match(char))
    return _SAMPLES[str(value[0][0])](value[0][1])


def _repeat(value: Any) -> str:
    low, _, inner = value
    return "".join("".join(_parts(inner)) for _ in range(low))


_SOURCE: dict[str, Callable[[Any], str]] = {
    "LITERAL": lambda v: re.escape(chr(v)), "RANGE": lambda v: f"{re.escape(chr(v[0]))}-{re.escape(chr(v[1]))}",
    "CATEGORY": lambda v: {"SPACE": r"\s", "DIGIT": r"\d", "WORD": r"\w"}[str(v).removeprefix("CATEGORY_")],
}  # fmt: skip
_SAMPLES: dict[str, Callable[[Any], str]] = {
    "LITERAL": chr, "NOT_LITERAL": lambda v: "x" if v != ord("x") else "y", "ANY": lambda _: "x", "IN": _set,
    "RANGE": lambda v: chr(v[0]), "AT": lambda _: "", "MAX_REPEAT": _repeat, "MIN_REPEAT": _repeat,
    "SUBPATTERN": lambda v: "".join(_parts(v[-1])), "BRANCH": lambda v: "".join(_parts(v[1][0])),
    "CATEGORY": lambda v: {"SPACE": " ", "DIGIT": "0", "WORD": "a"}[str(v).removeprefix("CATEGORY_")],
}  # fmt: skip


def _others(view: str, name: str, value: Any) -> Iterator[Any]:
    """Values near to one: a character changed, taken away or added; the number beside it; another address; nothing."""
    if view == "connections" and name.endswith("Ip"):
        yield from ("203.0.113.9", "10.0.0.1", "127.0.0.1", "::1", "2001:db9::1", "fe80::1")
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, value + 100_000, None)
    elif isinstance(value, str):
        for at in (len(value) - 1, 0, len(value) // 2, *range(len(value))):
            if 0 <= at < len(value):
                yield value[:at] + ("y" if value[at] != "y" else "z") + value[at + 1 :]
        yield from (value[:-1], value[1:], value + "y", "y" + value, f"y{value}y", "y", None)
    else:
        yield 1 if field_type(view, name) == "number" else "y"
