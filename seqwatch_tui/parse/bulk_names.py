"""The names in PATH records: distinct tokens, decoded all at once where they are plain, and asked for one by one if not.

Follows `Records.path` and `normalise.normalise_path`. Knows tokens and directories, not items or events.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.parse.bulk_columns import Codes, as_strings, bounds_of, bytes_of, cut, strings, unhex
from seqwatch_tui.parse.bulk_index import Bools, Ints
from seqwatch_tui.parse.bulk_memory import Memory

_SLASH = pa.scalar("/", pa.string())
_HEX = np.zeros(256, np.bool_)
_HEX[np.frombuffer(b"0123456789ABCDEF", np.uint8)] = True


@dataclass(frozen=True, slots=True)
class Directories:
    """The working directories of a piece, and which of them each event has (-1: none)."""

    texts: list[str | None]
    codes: Codes
    plain: Bools
    """Of each directory: absolute with nothing to normalise; one more (for -1) that is not."""


class Names:
    """The distinct name= tokens of a piece. Plain ones (nothing to normalise) never become Python objects."""

    def __init__(self, tokens: pa.Array, memory: Memory) -> None:
        self._tokens, self._memory = tokens, memory
        self._texts: dict[int, str | None] = {}
        bounds = bounds_of(tokens)
        data = np.frombuffer(bytes_of(tokens), np.uint8)
        quoted = _quoted(data, bounds)
        first = int(np.frombuffer(tokens.buffers()[1], np.int32)[tokens.offset]) if len(tokens) else 0
        inner = quoted.astype(np.int64)  # without the quotes where there are any
        start, end = first + bounds[:-1] + inner, first + bounds[1:] - inner
        self.texts = as_strings(cut(tokens.buffers()[2], start, end))
        """Texts of the plain tokens; what else is among them means nothing."""
        self.place = np.arange(len(tokens))
        """Where in `texts` that of a token is."""
        self.absolute, self.relative = _plain(data, bounds[:-1] + inner, bounds[1:] - inner, quoted)
        self._quoted, self._hexed = quoted, self._decode(data, bounds)
        self.named = np.ones(len(tokens), np.bool_)
        special = np.flatnonzero(~(quoted | self._hexed))
        for place, token in zip(special.tolist(), tokens.take(pa.array(special)).to_pylist(), strict=True):
            self._texts[place] = name = memory.name(token)
            self.named[place] = name is not None

    def _decode(self, data: npt.NDArray[np.uint8], bounds: Ints) -> Bools:
        """Take the texts of all tokens in hex, if they are UTF-8, as the quoted ones are taken."""
        hexed = np.zeros(len(self._tokens), np.bool_)
        some = np.flatnonzero(np.diff(bounds) > 0)
        some = some[_HEX[data[bounds[some]]]]
        decoded = unhex(self._tokens.take(pa.array(some))) if len(some) else None
        if decoded is None:
            return hexed
        raw, cuts = decoded
        texts = strings(raw, cuts)
        try:
            texts.validate(full=True)
        except pa.ArrowInvalid:
            return hexed
        hexed[some] = True
        self.place[some] = len(self.texts) + np.arange(len(some))
        self.texts = pa.concat_arrays([self.texts, texts])
        every = np.ones(len(some), np.bool_)
        self.absolute[some], self.relative[some] = _plain(np.frombuffer(raw, np.uint8), cuts[:-1], cuts[1:], every)
        return hexed

    def alike(self, one: Codes, other: Codes) -> Bools:
        """Whether tokens are written in the same way, both quoted or both in hex: then other tokens are other names."""
        quoted, hexed = self._quoted, self._hexed
        return quoted[one] & quoted[other] | hexed[one] & hexed[other]

    def text(self, number: int) -> str | None:
        """The name a token stands for."""
        if number not in self._texts:
            self._texts[number] = self._memory.name(self._tokens[number].as_py())
        return self._texts[number]

    def below(self, cwds: Directories, pairs: Ints) -> pa.Array:
        """Paths of plain relative names; a pair is token number times the number of directories plus directory."""
        directories = pa.array(cwds.texts, pa.string()).take(pa.array(pairs % len(cwds.texts)))
        texts = self.texts.take(pa.array(self.place[pairs // len(cwds.texts)]))
        return pc.binary_join_element_wise(directories, texts, _SLASH)


def _quoted(data: npt.NDArray[np.uint8], bounds: Ints) -> Bools:
    """Which tokens are something in quotes, with no quote inside."""
    start, end = bounds[:-1], bounds[1:]
    if not len(data):
        return np.zeros(len(start), np.bool_)
    quoted: Bools = (end - start >= 3) & (data[np.minimum(start, len(data) - 1)] == 34) & (data[end - 1] == 34)
    places = np.flatnonzero(data == 34)
    if len(places) != 2 * int(quoted.sum()):
        quotes = np.searchsorted(bounds, places, side="right") - 1
        quoted &= np.bincount(quotes, minlength=len(start)) == 2
    return quoted


def _plain(data: npt.NDArray[np.uint8], start: Ints, end: Ints, some: Bools) -> tuple[Bools, Bools]:
    """Which of `some` names in `[start, end)` are absolute, and which relative, with nothing to normalise.

    That is: no `//`, no `/.`, no dot first, no slash last.
    """
    if not len(data):
        return np.zeros(len(start), np.bool_), np.zeros(len(start), np.bool_)
    slash = data == 47
    begins = np.minimum(start, len(data) - 1)
    plain = some & (end > start) & ~slash[np.maximum(end - 1, 0)]
    odd = np.flatnonzero(slash[:-1] & (slash[1:] | (data[1:] == 46)))
    plain[np.maximum(np.searchsorted(start, odd, side="right") - 1, 0)] = False
    return plain & slash[begins], plain & ~slash[begins] & (data[begins] != 46)
