"""One field: which of the tests about it hold for a value, found by index, so that cost does not grow with the rules.

A test is a number here (its position in the matcher's list). Equality is one dictionary look-up; startswith and
endswith one per distinct length of the literals with the value's outermost characters; contains (and a wildcard's
longest text) goes by the literal's rarest three-character piece; what is left to check are the few tests whose piece
occurs. Results are remembered per value.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.detect.condition import Match, wildcard_parts
from seqwatch_tui.detect.needles import longest, needles, scan_pattern
from seqwatch_tui.detect.text import fold, searcher

Facts = frozenset[int]
NOTHING: Facts = frozenset()
MEMO = 1 << 16
"""Values remembered per field; beyond that the memory starts anew."""
_SCAN_FROM = 32
"""New values from which one scan of all of them for any literal pays."""
_FEW_PIECES = 16
"""Pieces up to which each is searched for; of more, those of the value are looked up."""
_MANY = 4096
"""Values as written from which on a scan of all of them beats looking each up."""

Numbered = Sequence[tuple[int, Match]]


class TextFacts:
    """The tests of one text field. `facts` maps values to the tests that hold for them."""

    def __init__(self, tests: Numbered) -> None:
        self.null = frozenset(number for number, test in tests if test.kind == "null")
        self._folded = _Literals([(n, t) for n, t in tests if not t.cased])
        self._cased = _Literals([(n, t) for n, t in tests if t.cased])
        self._regexes = [(n, str(t.value), searcher(str(t.value))) for n, t in tests if t.kind == "regex"]
        self._networks = [(n, ip_network(str(t.value))) for n, t in tests if t.kind == "cidr"]
        self._numbers = [(n, _COMPARE[t.kind], t.value) for n, t in tests if t.kind in _COMPARE]
        self._scan = scan_pattern([t for _, t in tests])
        self._needles = needles([t for _, t in tests])
        self._bytes = needles([t for _, t in tests], written=False)
        self._memo: dict[str, Facts] = {}
        self._worthy: dict[bytes, bool] = {}

    def facts(self, values: Sequence[str], *, sifted: bool = False) -> list[Facts]:
        """Return for each value the numbers of the tests that hold; `sifted` when each is known to be worth a look."""
        memo = self._memo
        new = [value for value in values if value not in memo]
        if len(memo) + len(new) > MEMO:
            memo.clear()
            new = list(values)
        if new:
            memo.update(zip(new, self._found(new, sifted=sifted), strict=True))
        return [memo[value] for value in values]

    def among(self, array: pa.Array) -> tuple[Sequence[int], list[Facts]]:
        """The same for many values at once: positions in `array`, and their tests; for all other values none holds."""
        positions: Sequence[int]
        if self._bytes is not None and len(array) >= max(_SCAN_FROM, len(self._bytes) // 4):
            positions = _searched(array.view(pa.binary()), self._bytes)
            return positions, self.facts(array.take(pa.array(positions, pa.int64())).to_pylist(), sifted=True)
        positions = self._worth(array)
        if len(positions) < len(array):
            matching = (position for _, pattern, _ in self._regexes for position in _searched(array, pattern))
            positions = sorted({*positions, *matching})
        return positions, self.facts(array.take(pa.array(positions, pa.int64())).to_pylist())

    def worth(self, texts: pa.Array) -> Sequence[int]:
        """Positions of the values (binary, as written between quotes) for which some test may hold; no other has one.

        Bytes that are not ASCII, and quotes, are always worth a look: there the value may be another text.
        """
        if len(texts) >= _MANY and self._needles is not None:
            return _searched(texts, self._needles)
        written, known = texts.to_pylist(), self._worthy
        new = list({text for text in written if text not in known})
        if len(known) + len(new) > MEMO:
            known.clear()
            new = list(set(written))
        plain = [text for text in new if text.isascii() and b'"' not in text]
        known.update(dict.fromkeys(new, True))
        known.update(zip(plain, map(bool, self._found([text.decode() for text in plain])), strict=True))
        return [position for position, text in enumerate(written) if known[text]]

    def _found(self, values: list[str], *, sifted: bool = False) -> list[Facts]:
        array = pa.array(values, pa.string())
        if sifted:
            found = list(map(self._literal, values))
        else:
            found = [NOTHING] * len(values)
            for index in self._worth(array):
                found[index] = self._literal(values[index])
        for number, pattern, search in self._regexes:
            few = len(values) < _SCAN_FROM
            hits = [i for i, v in enumerate(values) if search(v)] if few else _searched(array, pattern)
            for index in hits:
                found[index] |= {number}
        return found

    def _worth(self, array: pa.Array) -> Sequence[int]:
        """Positions of the values in which some literal occurs; all of them where finding out costs more."""
        if self._scan is None or self._networks or self._numbers or len(array) < _SCAN_FROM:
            return range(len(array))
        if not self._scan:
            return ()
        return _searched(pc.utf8_lower(array), self._scan)

    def _literal(self, value: str) -> Facts:
        found = self._folded.find(fold(value))
        if self._cased.any:
            found += self._cased.find(value)
        if self._networks:
            found += _inside(value, self._networks)
        if self._numbers and _WHOLE.fullmatch(value):
            found += [number for number, holds, limit in self._numbers if holds(int(value), limit)]
        return frozenset(found) if found else NOTHING


_WHOLE = re.compile(r"-?[0-9]{1,18}")
"""Text that is compared as a number."""


def _inside(value: str, networks: Sequence[tuple[int, IPv4Network | IPv6Network]]) -> list[int]:
    """Which networks an address is in; other text, and an address with a zone, is in none."""
    if "%" in value:
        return []
    try:
        address = ip_address(value)
    except ValueError:
        return []
    return [number for number, network in networks if address in network]


def _searched(array: pa.Array, pattern: str) -> list[int]:
    """Positions of the texts in which an RE2 pattern is found."""
    mask = pc.match_substring_regex(array, pattern).to_numpy(zero_copy_only=False)
    positions: list[int] = np.flatnonzero(mask).tolist()
    return positions


class PlainFacts:
    """The tests of one number or bool field."""

    def __init__(self, tests: Numbered) -> None:
        self.null = frozenset(number for number, test in tests if test.kind == "null")
        self._equal: dict[Any, Facts] = {}
        self._compare = [(n, _COMPARE[t.kind], t.value) for n, t in tests if t.kind in _COMPARE]
        for number, test in tests:
            if test.kind == "eq":
                self._equal[test.value] = self._equal.get(test.value, NOTHING) | {number}

    def facts(self, values: Sequence[float]) -> list[Facts]:
        """Return for each value the numbers of the tests that hold."""
        return [self._one(value) for value in values]

    def _one(self, value: float) -> Facts:
        found = self._equal.get(value, NOTHING)
        more = [number for number, holds, limit in self._compare if holds(value, limit)]
        return found.union(more) if more else found


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "lt": lambda value, limit: bool(value < limit), "lte": lambda value, limit: bool(value <= limit),
    "gt": lambda value, limit: bool(value > limit), "gte": lambda value, limit: bool(value >= limit),
}  # fmt: skip


class _Literals:
    """Tests of one field by literal, for values in one spelling (all folded, or all as they are)."""

    def __init__(self, tests: Numbered) -> None:
        self._equal: dict[str, list[int]] = defaultdict(list)
        starts: list[tuple[str, int]] = []
        ends: list[tuple[str, int]] = []
        contains: list[tuple[str, int, re.Pattern[str] | None]] = []
        for number, test in tests:
            text = str(test.value)
            match test.kind:
                case "eq":
                    self._equal[text].append(number)
                case "startswith" if text:
                    starts.append((text, number))
                case "endswith" if text:
                    ends.append((text, number))
                case "contains" | "startswith" | "endswith":
                    contains.append((text, number, None))
                case "wildcard":
                    contains.append((longest(text), number, _linear(text)))
        self._edges = [
            *_by_edge(starts, lambda size: slice(0, size)), *_by_edge(ends, lambda size: slice(-size, None))
        ]  # fmt: skip
        self._pieces, self._short = _by_piece(contains)
        self.any = bool(tests)

    def find(self, value: str) -> list[int]:
        """Return the tests that hold for `value`."""
        found = list(self._equal.get(value, ()))
        for edge, literals in self._edges:
            for place, texts in literals.get(value[edge], ()):
                here = texts.get(value[place])
                if here:
                    found += here
        if self._pieces:
            for piece in self._pieces_in(value):
                found += _holding(self._pieces[piece], value)
        return found + _holding(self._short, value) if self._short else found

    def _pieces_in(self, value: str) -> Iterable[str]:
        if len(self._pieces) <= _FEW_PIECES:
            return [piece for piece in self._pieces if piece in value]
        return {value[i : i + 3] for i in range(len(value) - 2)} & self._pieces.keys()


_EDGE = 4
"""Outermost characters by which literals at an end of a value are found, or as many as they have."""
_Places = list[tuple[slice, dict[str, list[int]]]]
_Edges = list[tuple[slice, dict[str, _Places]]]


def _by_edge(tests: Iterable[tuple[str, int]], place: Callable[[int], slice]) -> _Edges:
    """Where in a value the outermost characters are; under these, where literals of one length are, and which."""
    found: dict[int, dict[str, dict[int, dict[str, list[int]]]]] = {}
    for text, number in tests:
        size = min(len(text), _EDGE)
        sizes = found.setdefault(size, {}).setdefault(text[place(size)], {})
        sizes.setdefault(len(text), {}).setdefault(text, []).append(number)
    return [
        (place(size), {edge: [(place(n), texts) for n, texts in sizes.items()] for edge, sizes in edges.items()})
        for size, edges in found.items()
    ]


_Contained = tuple[str, int, re.Pattern[str] | None]


def _holding(tests: Iterable[_Contained], value: str) -> list[int]:
    return [n for text, n, pattern in tests if text in value and (pattern is None or pattern.fullmatch(value))]


def _by_piece(contains: Sequence[_Contained]) -> tuple[dict[str, list[_Contained]], list[_Contained]]:
    """Each literal under the three-character piece that the fewest literals have; shorter literals apart."""
    pieces = [{text[i : i + 3] for i in range(len(text) - 2)} for text, _, _ in contains]
    common = Counter(piece for group in pieces for piece in group)
    index: dict[str, list[_Contained]] = defaultdict(list)
    short = [test for test, group in zip(contains, pieces, strict=True) if not group]
    for test, group in zip(contains, pieces, strict=True):
        if group:
            index[min(group, key=lambda piece: (common[piece], piece))].append(test)
    return dict(index), short


def _linear(pattern: str) -> re.Pattern[str]:
    """A wildcard as a pattern that does not backtrack into what it has matched.

    Text between two stars is taken at its first place and never given back (an atomic group): for wildcards the first
    place is always right. Only the text after the last star is sought from the end.
    """
    runs = [""]
    for part in wildcard_parts(pattern):
        if part is None:
            runs.append("")
        else:
            runs[-1] += "." if part is True else re.escape(part)
    first, *middle = runs
    last = f".*{middle.pop()}" if middle else ""
    return re.compile(first + "".join(f"(?>.*?{run})" for run in middle if run) + last, re.DOTALL)


def field_facts(kind: str, tests: Numbered) -> TextFacts | PlainFacts:
    """Return the index for the tests of a field of type text, number or bool."""
    return TextFacts(tests) if kind == "text" else PlainFacts(tests)
