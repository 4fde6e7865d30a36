"""Where the tokens of many raw lines stand, found in one pass, so that one field of all of them is a few gathers.

A token ends at a byte <= 0x20 (space, 0x1d, newline), as auditd writes them; a value with such a byte in it is written in
hex. Knows bytes and offsets, and no records.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_QUOTE, _NEWLINE = 34, 10


class Spans(NamedTuple):
    """Bytes `[start, end)` of some lines, and where there are any; offsets of the others mean nothing."""

    start: Ints
    end: Ints
    there: Bools


class RawLines:
    """Lines (binary, none null) that lie in one buffer, in order.

    `stops` are the places of all bytes <= 0x20 in it, `first` says where in these each line has its first, and the end
    of the last line its next; both are found where they are not given.
    """

    def __init__(self, lines: pa.Array, stops: Ints | None = None, first: Ints | None = None) -> None:
        self.array = lines
        _, bounds, data = lines.buffers()
        self.data = data if data is not None else pa.py_buffer(b"")
        self.bytes = np.frombuffer(self.data, np.uint8)
        self.bounds = np.frombuffer(bounds, np.int32)[lines.offset : lines.offset + len(lines) + 1].astype(np.int64)
        self._stops, self._first = stops, first

    @cached_property
    def stops(self) -> Ints:
        """Where the bytes are that end a token."""
        if self._stops is not None:
            return self._stops
        low = int(self.bounds[0])
        return np.flatnonzero(self.bytes[low : int(self.bounds[-1])] <= 32) + low

    @cached_property
    def words(self) -> npt.NDArray[np.uint64]:
        """Eight bytes from each place on; what begins in the last seven bytes is not seen."""
        short = bytes(self.bytes) + b"\0" * 8 if len(self.bytes) < 8 else self.bytes
        return np.ndarray((len(short) - 7,), "<u8", short, strides=(1,))

    @cached_property
    def first(self) -> Ints:
        """The place in `stops` of the first one of each line, and one more for the end."""
        if self._first is not None:
            return self._first
        stops, ends = self.stops, self.bounds[1:]
        newlines = np.flatnonzero(self.bytes[stops] == _NEWLINE)
        if len(newlines) == len(ends) and (stops[newlines] + 1 == ends).all():
            return np.concatenate(([0], newlines + 1))
        return np.searchsorted(stops, self.bounds)

    def some(self, rows: Ints) -> pa.Array:
        """Some lines."""
        return self.array.take(pa.array(rows))


class Tokens:
    """The tokens of some lines, ascending. Token 0 begins the line."""

    def __init__(self, raw: RawLines, rows: Ints) -> None:
        self._data, self._bytes, self._words, self._stops = raw.data, raw.bytes, raw.words, raw.stops
        self._end = raw.bounds[rows + 1]
        self._first: Ints = raw.first[rows]
        self.counts: Ints = raw.first[rows + 1] - self._first + 1
        """Tokens of each line; the last is empty where the line ends with a newline."""

    def __len__(self) -> int:
        return len(self._end)

    def token(self, number: int) -> Spans:
        """Token `number` (> 0) of each line."""
        if not len(self._stops):
            nothing = np.zeros(len(self), np.int64)
            return Spans(nothing, nothing, np.zeros(len(self), np.bool_))
        last = len(self._stops) - 1
        start = self._stops[np.minimum(self._first + (number - 1), last)] + 1
        stop = self._stops[np.minimum(self._first + number, last)]
        end = np.where(self.counts > number + 1, stop, self._end)
        return Spans(start, end, (self.counts > number) & (start < end))

    def value(self, number: int, name: str) -> Spans:
        """What stands behind `name=` where token `number` is that field."""
        start, end, there = self.token(number)
        key = f"{name}=".encode()
        there = there & (end - start >= len(key))
        for place in range(0, len(key), 8):
            part = key[place : place + 8]
            mask, wanted = (np.uint64(int.from_bytes(each, "little")) for each in (b"\xff" * len(part), part))
            at = start + place
            there &= at < len(self._words)
            there &= (self._words[np.where(there, at, 0)] & mask) == wanted
        return Spans(start + len(key), end, there)

    def field(self, name: str, numbers: Iterable[int]) -> Spans:
        """The same at the first of several places where it stands."""
        found: Spans | None = None
        for number in numbers:
            here = self.value(number, name)
            if found is None:
                found = here
            else:
                more = here.there & ~found.there
                found = Spans(
                    np.where(more, here.start, found.start), np.where(more, here.end, found.end), found.there | more
                )
            if found.there.all():
                break
        assert found is not None, "a place to look at"  # noqa: S101
        return found

    def quotes(self, spans: Spans) -> tuple[Bools, Bools]:
        """Where the span is a text between quotes, and where it has no quote at its begin."""
        whole = spans.there & (spans.end - spans.start >= 2)
        opening = self._bytes[np.where(spans.there, spans.start, 0)] == _QUOTE
        closing = self._bytes[np.where(whole, spans.end - 1, 0)] == _QUOTE
        return np.asarray(whole & opening & closing, np.bool_), np.asarray(spans.there & ~opening, np.bool_)

    def cut(self, start: Ints, end: Ints) -> pa.Array:
        """The bytes `[start, end)`; offsets ascend and do not overlap."""
        if not len(start):
            return pa.array([], pa.binary())
        bounds = np.empty(2 * len(start), np.int32)
        bounds[0::2], bounds[1::2] = start, end
        both = pa.Array.from_buffers(pa.binary(), len(bounds) - 1, [None, pa.py_buffer(bounds), self._data])
        return both.take(pa.array(np.arange(0, len(bounds), 2, dtype=np.int32)))
