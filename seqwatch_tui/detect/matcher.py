"""All plain rules against a batch of events at once.

The batch is reduced three times before any rule is looked at: per field to distinct values (`coded`), per value to the
set of tests that hold for it (`facts`; most values share the empty set), per row to its signature, the sets of all
fields together. A rule's outcome depends on the signature alone, signatures are few, and outcomes are remembered. Of
the rules only those are evaluated of whose cover some test holds (`cover`). So a thousand rules cost what fifty do.
Fields with many distinct values come last, and only their values in rows that the other fields leave open (`narrowing`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seqwatch_tui.detect.coded import FEW, Coded, Codes, Columns, LazyRowset, Rowset
from seqwatch_tui.detect.condition import Condition, Match, tests
from seqwatch_tui.detect.cover import Candidates
from seqwatch_tui.detect.facts import NOTHING, Facts, PlainFacts, TextFacts, field_facts
from seqwatch_tui.detect.fields import FieldType, types_of
from seqwatch_tui.detect.narrowing import Narrowing
from seqwatch_tui.detect.text import fold

Rows = npt.NDArray[np.int64]
_SIGNATURES = 1 << 18
"""Signatures and sets remembered; beyond that the memory starts anew."""
WIDE = 512
"""Distinct values of a text field in one batch, from which on it is looked at last."""
_SMALL = 1 << 15
"""Numbers below this are sorted in one pass."""
_DENSE = 1 << 40
"""Combined codes above this are made dense again before another field is combined in."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A field (or a pair of fields) of the batch: the number of each row's set of facts."""

    sets: list[int]
    """Set number by code; the last is that of null, which the code -1 picks."""
    codes: Codes


class Matcher:
    """Conditions on one view, compiled for the live stream. Not for use by two threads at once (it remembers)."""

    def __init__(self, conditions: Sequence[Condition], view: str = "events") -> None:
        self._type = types_of(view)
        numbers: dict[Match, int] = {}
        for condition in conditions:
            for test in tests(condition):
                numbers.setdefault(test, len(numbers))
        self._fields = _by_field(numbers, self._type)
        self._pairs = [(number, test) for test, number in numbers.items() if test.kind == "same"]
        self._conditions, self._numbers = conditions, numbers
        self._candidates = Candidates(conditions, numbers)
        self._narrowings: dict[frozenset[str], Narrowing] = {}
        self._sets: list[Facts] = []
        self._set_numbers: dict[Facts, int] = {}
        self._unions: dict[tuple[int, ...], Facts] = {}
        self._outcomes: dict[tuple[int, ...], tuple[int, ...]] = {}

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that the conditions look at."""
        return tuple(dict.fromkeys([*self._fields, *(f for _, t in self._pairs for f in (t.field, str(t.value)))]))

    def match(self, events: pa.Table | Rowset) -> dict[int, Rows]:
        """Return {index of a condition: ascending rows of the view for which it holds}, without empty ones."""
        columns: Rowset = Columns(events) if isinstance(events, pa.Table) else events
        if not columns.rows:
            return {}
        if max(len(self._outcomes), len(self._unions), len(self._sets)) > _SIGNATURES:
            self._sets, self._set_numbers, self._unions, self._outcomes, self._narrowings = [], {}, {}, {}, {}
        wide = frozenset() if columns.rows <= FEW else self._wide(columns)
        parts = [self._field(columns[name], facts) for name, facts in self._fields.items() if name not in wide]
        parts += [self._pair(number, test, columns) for number, test in self._pairs]
        if columns.rows <= FEW:
            return self._row_by_row(parts, columns.rows)
        if wide:
            parts = self._narrowed(parts, wide, columns)
        signatures, inverse = _rows_by_signature(parts, columns.rows)
        return _rows_of([self._outcome(signature) for signature in signatures], inverse)

    def _wide(self, columns: Rowset) -> frozenset[str]:
        """Fields with so many values in this batch that looking at each would cost the most."""
        texts = [name for name, facts in self._fields.items() if isinstance(facts, TextFacts)]
        costly = columns.costly if isinstance(columns, LazyRowset) else frozenset()
        return frozenset(name for name in texts if name in costly or columns[name].size >= WIDE)

    def _narrowed(self, parts: Sequence[_Part], wide: frozenset[str], columns: Rowset) -> list[_Part]:
        """All other fields as one part, and one part for each wide field, with its values where they can matter."""
        texts = {name: facts for name, facts in self._fields.items() if name in wide and isinstance(facts, TextFacts)}
        nulls = [self._null(columns[name], facts.null) for name, facts in texts.items() if facts.null]
        signatures, inverse = _rows_by_signature([*parts, *nulls], columns.rows)
        held = [self._union(signature) for signature in signatures]
        narrowing = self._narrowings.get(wide)
        if narrowing is None:
            narrowing = self._narrowings[wide] = Narrowing(self._conditions, self._numbers, wide)
        needed = [narrowing.needed(each) for each in held]
        narrowed = [_Part([self._number(each) for each in held], inverse)]
        for name, facts in texts.items():
            rows = np.array([name in fields for fields in needed])[inverse]
            if isinstance(columns, LazyRowset) and name in columns.costly:
                narrowed.append(self._part(columns, name, facts, np.flatnonzero(rows)))
            else:
                narrowed.append(self._some(columns[name], facts, rows))
        return narrowed

    def _null(self, column: Coded, null: Facts) -> _Part:
        return _Part([self._number(NOTHING), self._number(null)], (column.codes < 0).astype(np.int64))

    def _some(self, column: Coded, facts: TextFacts, rows: npt.NDArray[np.bool_]) -> _Part:
        """A field of which only the values in some rows are looked at; the others are as if no test held for them."""
        asked = np.zeros(column.size + 1, np.bool_)
        asked[column.codes[rows]] = True
        asked[-1] = False
        codes = np.flatnonzero(asked)
        positions, found = facts.among(column.some(codes))
        place = {NOTHING: 0}
        places = np.zeros(column.size + 1, np.int64)
        places[codes[positions]] = [place.setdefault(each, len(place)) for each in found]
        return _Part([self._number(each) for each in place], places[column.codes])

    def _part(self, view: LazyRowset, name: str, facts: TextFacts, rows: Rows) -> _Part:
        """The same of a field that is made for those rows only."""
        total = len(view.event_rows)
        if not len(rows):
            return _Part([self._number(NOTHING)], np.zeros(total, np.int64))
        rows, column = view.worth(name, rows, facts.worth)
        sets = [NOTHING, *facts.facts(column.values), NOTHING]
        codes = np.zeros(total, np.int64)
        codes[rows] = np.where(column.codes < 0, 0, column.codes + 1)
        return _Part([self._number(each) for each in sets], codes)

    def _row_by_row(self, parts: Sequence[_Part], rows: int) -> dict[int, Rows]:
        """The same for a few rows, where arrays cost more than they save."""
        sets = [[part.sets[code] for code in part.codes.tolist()] for part in parts]
        found: dict[int, list[int]] = defaultdict(list)
        for row, signature in enumerate(zip(*sets, strict=True) if sets else [()] * rows):
            for index in self._outcome(signature):
                found[index].append(row)
        return {index: np.array(held, np.int64) for index, held in found.items()}

    def _field(self, column: Coded, facts: TextFacts | PlainFacts) -> _Part:
        sets = [self._number(found) for found in facts.facts(column.values)]
        sets.append(self._number(facts.null))
        return _Part(sets, column.codes)

    def _pair(self, number: int, test: Match, columns: Rowset) -> _Part:
        """A test of two fields: the second of two sets where they are equal, the first elsewhere."""
        one, other = columns[test.field], columns[str(test.value)]
        if self._type(test.field) == "text":
            spelling: dict[str, int] = {}
            left = np.array([spelling.setdefault(fold(v), len(spelling)) for v in one.values] + [-1], np.int64)
            right = np.array([spelling.setdefault(fold(v), len(spelling)) for v in other.values] + [-1], np.int64)
        else:
            place = {value: index for index, value in enumerate(one.values)}
            left = np.array([*range(len(one.values)), -1], np.int64)
            right = np.array([place.get(value, -2) for value in other.values] + [-1], np.int64)
        equal = left[one.codes] == right[other.codes]
        equal &= one.codes >= 0
        return _Part([self._number(NOTHING), self._number(frozenset((number,)))], equal.astype(np.int64))

    def _number(self, facts: Facts) -> int:
        number = self._set_numbers.get(facts)
        if number is None:
            number = self._set_numbers[facts] = len(self._sets)
            self._sets.append(facts)
        return number

    def _outcome(self, signature: tuple[int, ...]) -> tuple[int, ...]:
        known = self._outcomes.get(signature)
        if known is None:
            known = self._outcomes[signature] = self._candidates.holding(self._union(signature))
        return known

    def _union(self, signature: tuple[int, ...]) -> Facts:
        known = self._unions.get(signature)
        if known is None:
            known = self._unions[signature] = NOTHING.union(*[self._sets[number] for number in signature])
        return known


def _by_field(numbers: Mapping[Match, int], type_of: Callable[[str], FieldType]) -> dict[str, TextFacts | PlainFacts]:
    fields: dict[str, list[tuple[int, Match]]] = defaultdict(list)
    for test, number in numbers.items():
        if test.kind != "same":
            fields[test.field].append((number, test))
    return {name: field_facts(type_of(name), found) for name, found in fields.items()}


def _rows_by_signature(parts: Sequence[_Part], rows: int) -> tuple[list[tuple[int, ...]], Codes]:
    """The distinct signatures (the set numbers of all parts), and for each row the position of its own."""
    first, inverse = _distinct(_signatures(parts, rows))
    sets = [np.array(part.sets)[part.codes[first]].tolist() for part in parts]
    return list(zip(*sets, strict=True)) if sets else [()], inverse


def _signatures(parts: Sequence[_Part], rows: int) -> Codes:
    """One code per row for all parts together."""
    codes, size = np.zeros(rows, np.int64), 1
    for part in parts:
        place = {number: index for index, number in enumerate(sorted(set(part.sets)))}
        if len(place) == 1:
            continue
        if size * len(place) > _DENSE:
            first, codes = _distinct(codes)
            size = len(first)
        codes = codes * len(place) + np.array([place[number] for number in part.sets])[part.codes]
        size *= len(place)
    return codes


def _distinct(codes: Codes) -> tuple[Rows, Codes]:
    """A row for each distinct code, in order of the codes, and for each row the position of its code among them."""
    array = pa.Array.from_buffers(pa.int64(), len(codes), [None, pa.py_buffer(codes)])
    encoded = array.dictionary_encode()
    order = np.argsort(encoded.dictionary.to_numpy())
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    inverse = place[encoded.indices.to_numpy()]
    row_of = np.empty_like(order)
    row_of[inverse] = np.arange(len(codes))
    return row_of, inverse


def _rows_of(outcomes: Sequence[tuple[int, ...]], inverse: Codes) -> dict[int, Rows]:
    hit = np.array([bool(outcome) for outcome in outcomes])
    rows = np.flatnonzero(hit[inverse])
    if not len(rows):
        return {}
    of = inverse[rows]
    order = np.argsort(of.astype(np.int16) if len(outcomes) <= _SMALL else of, kind="stable")
    start = np.flatnonzero(np.diff(of[order], prepend=-1))
    present = of[order[start]]
    found: dict[int, list[Rows]] = defaultdict(list)
    for code, group in zip(present.tolist(), np.split(rows[order], start[1:]), strict=True):
        for index in outcomes[code]:
            found[index].append(group)
    return {
        index: groups[0] if len(groups) == 1 else np.sort(np.concatenate(groups)) for index, groups in found.items()
    }
