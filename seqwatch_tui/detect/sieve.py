"""Lines of one type in which a test of a field may hold, found without taking any line apart.

Where the kernel's layout says at which token a field stands, the texts there are searched; elsewhere, lines that do not
name the field are left out. What is written in another way (hex, another layout, an argument in pieces) is always worth
a look, so nothing is missed: the lines that are left are taken apart, and they decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.detect.coded import Codes
from seqwatch_tui.detect.layouts import CLOSED, places_of
from seqwatch_tui.detect.tokens import Bools, RawLines, Spans, Tokens
from seqwatch_tui.parse.record_fields import ENCODED

Worth = Callable[[pa.Array], Sequence[int]]
"""Positions of the texts (binary) in which some test may hold."""
_ARGC = 2
"""The token `argc=` of an EXECVE record; arguments follow."""
_COUNTS = 64
"""Distinct numbers of arguments that are looked into; lines with others are taken apart."""


class Left(NamedTuple):
    """Rows worth a look, and their field as it is written; null where the line has to be taken apart to know it."""

    rows: Codes
    written: Sequence[bytes | None]


class Sieve:
    """Lines of one type of record: `lines`, ascending, of `raw`."""

    def __init__(self, kind: str, raw: RawLines, lines: Codes) -> None:
        self._kind, self._raw, self._lines = kind, raw, lines

    def left(self, name: str, rows: Codes, worth: Worth) -> Left:
        """Return those of some rows, ascending, that are worth a look for a field."""
        places = places_of(self._kind, name)
        if places:
            return self._at(name, places, rows, worth)
        if not name.isupper() and self._kind not in CLOSED:
            rows = rows[self._naming(name)[rows]]
        return Left(rows, [None] * len(rows))

    def column(self, name: str) -> tuple[Codes, list[bytes]] | None:
        """Return a field of all lines as it is written, by codes; -1 where the line has to be taken apart to know it.

        Null where the layout does not say where it stands.
        """
        places = places_of(self._kind, name)
        if not places:
            return None
        start, end, there = self._tokens.field(name, places)
        rows = np.flatnonzero(there)
        found = self._tokens.cut(start[rows], end[rows]).dictionary_encode()
        written = found.dictionary.to_pylist()
        sure = np.array([_sure(token) is not None for token in written], np.bool_)
        codes = np.full(len(self._lines), -1, np.int64)
        mine = found.indices.to_numpy().astype(np.int64)
        codes[rows] = np.where(sure[mine], mine, -1) if len(written) else mine
        return codes, written

    def _at(self, name: str, places: Sequence[int], rows: Codes, worth: Worth) -> Left:
        if self._kind == "EXECVE":  # where there are fewer arguments, there is nothing to look at
            rows = rows[(self._arguments[rows] < 0) | (self._arguments[rows] > places[0] - _ARGC - 1)]
        if not len(rows):
            return Left(rows, [])
        tokens = self._tokens if len(rows) == len(self._lines) else Tokens(self._raw, self._lines[rows])
        start, end, there = tokens.field(name, places)
        quoted, bare = tokens.quotes(Spans(start, end, there))
        found = np.ones(len(rows), np.bool_)
        text = np.flatnonzero(quoted if self._in_hex(name) else quoted | bare)
        inside = quoted[text].astype(np.int64)
        found[text] = False
        texts = tokens.cut(start[text] + inside, end[text] - inside)
        kept = np.asarray(worth(texts), np.int64)
        found[text[kept]] = True
        left = np.flatnonzero(found)
        at = left[there[left]]
        written = dict(zip(at.tolist(), map(_sure, tokens.cut(start[at], end[at]).to_pylist()), strict=True))
        return Left(rows[left], list(map(written.get, left.tolist())))

    def _in_hex(self, name: str) -> bool:
        """Whether a value of the field may be written in hex."""
        return name in ENCODED or self._kind == "EXECVE"

    @cached_property
    def _tokens(self) -> Tokens:
        return Tokens(self._raw, self._lines)

    @cached_property
    def _arguments(self) -> Codes:
        """How many arguments each EXECVE record has, where it has all of them, each in one piece; else -1."""
        tokens = self._tokens
        start, end, there = tokens.value(_ARGC, "argc")
        rows = np.flatnonzero(there)
        written = tokens.cut(start[rows], end[rows]).dictionary_encode()
        found = np.full(len(self._lines), -1, np.int64)
        for code, text in enumerate(written.dictionary.to_pylist()[:_COUNTS]):
            if text.isdigit() and 0 < (count := int(text[:6])) < 10_000:
                last = tokens.value(_ARGC + count, f"a{count - 1}").there
                ends = ~tokens.token(_ARGC + count + 1).there
                of = rows[written.indices.to_numpy() == code]
                found[of[(last & ends)[of]]] = count
        return found

    def _naming(self, name: str) -> Bools:
        """Lines that name the field anywhere."""
        pattern = rf"\b{re.escape(name)}(?:\[\d+\])?="
        mask: Bools = pc.match_substring_regex(self._raw.some(self._lines), pattern).to_numpy(zero_copy_only=False)
        return mask


def _sure(token: bytes) -> bytes | None:
    """A token, where there can be no doubt that it is all of the field."""
    whole = len(token) > 1 and token[-1:] == b'"' if token[:1] == b'"' else token[-1:] != b'"'
    return token if whole and token.isascii() and b'"' not in token[1:-1] else None
