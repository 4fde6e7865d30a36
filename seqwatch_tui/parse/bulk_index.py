"""A structural index over many lines at once: where every token begins and ends, and numbers without a loop.

One pass finds every byte <= 0x20 (space, newline, 0x1d); a field is then a pair of offsets, and reading it for all
lines of a kind is a gather. Knows the shape of `type=X msg=audit(seconds.millis:serial): ...` and nothing of events.
Numbers are read eight digits at a time (`bulk_words`). Offsets are int64 arrays into the piece.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seqwatch_tui.parse.bulk_node import common_node
from seqwatch_tui.parse.bulk_words import ZEROS, decimal_value, hexadecimal_value

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_KEEP = np.array([0, *(((1 << 64) - 1) >> (64 - 8 * n) << (64 - 8 * n) for n in range(1, 9))], np.uint64)
"""The last n bytes of a word."""
_MARKS, _MARKS_MASK = np.uint64(0x003A0000002E0000), np.uint64(0x00FF000000FF0000)
"""The dot and the colon of a time, in its bytes from the ninth on."""
_REST_OF_TIME = np.uint64(0x0000FFFFFFFFFFFF)
"""Of the same bytes: those that belong to the time."""
_TWO_AND_THREE = np.uint64(0xFFFFFF00FFFF0000)
"""The bytes of `nnss.mmm` that are last digits of the seconds, and milliseconds."""
MARGIN = 32
"""Bytes wanted after the end of a piece."""
_STAMP = 15
"""Length of `1790000000.023:`, the form of a time from 2001 to 2286; any other is left to the reference parser."""


def word4(text: bytes) -> int:
    """Four bytes as the number that `Index.words4` shows for them."""
    return int.from_bytes(text[:4].ljust(4, b"\0"), "little")


def word8(text: bytes) -> int:
    """Eight bytes as the number that `Index.words8` shows for them."""
    return int.from_bytes(text[:8].ljust(8, b"\0"), "little")


@dataclass(frozen=True, slots=True)
class Keys:
    """What consecutive tokens begin with, up to eight bytes each, as words and their masks."""

    words: npt.NDArray[np.uint64]
    masks: npt.NDArray[np.uint64]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, *keys: bytes) -> Keys:
        """The first eight bytes of each of these keys."""
        masks = [word8(b"\xff" * len(key)) for key in keys]
        return cls(np.array([word8(key) for key in keys], np.uint64), np.array(masks, np.uint64), (*map(len, keys),))


@dataclass(frozen=True, slots=True)
class Heads:
    """What stands before the body of some lines: where the type ends and the time begins, and the serial.

    `ok` marks the lines whose head has exactly the expected form (digits of the time aside: `Index.millis` checks
    them); the other values of the others mean nothing.
    """

    ok: Bools
    type_end: Ints
    stamp: Ints
    serial: Ints
    again: Bools
    """The line before has the same time, written alike."""


class Row:
    """The first tokens of some lines, for many questions about the same lines."""

    def __init__(self, stops: Ints, skip: int) -> None:
        self._stops, self._skip = stops, skip

    def start(self, number: int) -> Ints:
        """Offset of token `number` (> 0) of each line."""
        return self._stops[:, number - 1 - self._skip] + 1

    def end(self, number: int) -> Ints:
        """Offset after the last byte of token `number`."""
        return self._stops[:, number - self._skip]


class Index:
    """The lines and tokens of a piece of whole lines. The piece must not change while this or a view of it lives."""

    def __init__(self, data: bytes, size: int | None = None, *, nodes: bool = False) -> None:
        """Look at the first `size` bytes of `data` (all of them if not given), which end with a newline.

        Where MARGIN bytes follow them nothing has to be copied. `nodes`: a `node=NAME ` that all lines begin with is
        no part of them.
        """
        if size is None or len(data) - size < MARGIN:
            size = len(data) if size is None else size
            data = data[:size] + b"\n" * MARGIN
        self.data = data
        self.bytes = np.frombuffer(data, np.uint8)
        # So that a word or a token may be asked for at any place of the piece.
        self.words4 = np.ndarray((size + MARGIN - 4,), "<u4", data, strides=(1,))
        self.words8 = np.ndarray((size + MARGIN - 8,), "<u8", data, strides=(1,))
        stop = np.empty(size + MARGIN, np.bool_)
        np.less_equal(self.bytes[:size], 32, out=stop[:size])
        stop[size:] = True
        self.stops: Ints = np.flatnonzero(stop)
        self._kinds = self.bytes[self.stops]
        kinds = self._kinds[:-MARGIN]
        last = np.flatnonzero(kinds == 10)
        self.end: Ints = self.stops[last]
        """Offset of each line's newline."""
        self.line: Ints = np.concatenate(([0], self.end[:-1] + 1))
        """Where each line begins in the piece, what names its node included."""
        self.node = common_node(data, self.line, self.end) if nodes else b""
        self.start: Ints = self.line + len(self.node) if self.node else self.line
        """Where each line's type begins."""
        self.first: Ints = np.concatenate(([0], last[:-1] + 1))
        """Position in `stops` of each line's first stop."""
        if self.node:
            self.first += 1
        self.tokens: Ints = last - self.first + 1
        """Number of tokens of each line, those after 0x1d included."""
        self.begin = self._runs(self.start, 16)
        """Eight bytes of each line, from an offset up to 8 on."""
        self.odd = self._odd_lines(kinds)

    def __len__(self) -> int:
        return len(self.end)

    def _odd_lines(self, kinds: npt.NDArray[np.uint8]) -> Bools:
        """Lines with a byte that no untouched audit record has: other control characters, or anything but ASCII."""
        odd = np.zeros(len(self), np.bool_)
        control = self.stops[np.flatnonzero((kinds != 32) & (kinds != 10) & (kinds != 29))]
        odd[np.searchsorted(self.end, control)] = True
        piece = self.bytes[: int(self.end[-1]) + 1] if len(self) else self.bytes[:0]
        if piece.max(initial=0) >= 127:
            odd[np.searchsorted(self.end, np.flatnonzero(piece >= 127))] = True
        return odd

    def token_start(self, lines: Ints, number: int) -> Ints:
        """Offset of token `number` (> 0) of each of `lines`; the lines must have that many."""
        return self.stops[self.first[lines] + (number - 1)] + 1

    def token_end(self, lines: Ints, number: int) -> Ints:
        """Offset after the last byte of token `number`."""
        return self.stops[self.first[lines] + number]

    def layout(self, lines: Ints, first: int, keys: Keys, number: int) -> tuple[Ints, Bools, Ints, Bools]:
        """Where tokens `first` and on of each line begin, a row a line, and whether they are the `keys` in that order.

        Then the unsigned number that follows the key at `number` of these, and where there is one.
        All tokens up to there must end with a space. Lines must have been checked for enough tokens.
        """
        first_stop = self.first[lines]
        width = first + len(keys.words) - 1
        start = _rows(self.stops, first_stop, width)[:, first - 1 :] + 1
        found = self.words8[start]
        value, digits = self._after(found[:, number], keys.sizes[number], start[:, number : number + 2])
        found &= keys.masks
        spaced = _all_of_row(_rows(self._kinds, first_stop, width) == 32)
        return start, spaced & _all_of_row(found == keys.words), value, digits

    def _after(self, words: npt.NDArray[np.uint64], size: int, start: Ints) -> tuple[Ints, Bools]:
        """The numbers after keys of `size` in tokens that begin with `words`; `start` is theirs and that of the next."""
        digits = (words >> np.uint64(8 * size)).view(np.int64)  # of one digit mostly, which the word shows
        value = (digits & 0xFF) - ord("0")
        ok: Bools = (value >= 0) & (value <= 9) & (digits >> 8 & 0xFF == ord(" "))
        rest = np.flatnonzero(~ok)
        if len(rest):
            value[rest], ok[rest] = self.decimal(start[rest, 0] + size, start[rest, 1] - 1)
        return value, ok

    def row(self, lines: Ints, count: int, skip: int = 0) -> Row:
        """The first `count` tokens of each of `lines`, which must have that many; `skip` of them are not asked for."""
        return Row(_rows(self.stops, self.first[lines] + skip, count - skip), skip)

    def stop_kinds(self, lines: Ints, number: int) -> npt.NDArray[np.uint8]:
        """The byte after token `number` of each of `lines`."""
        return self._kinds[self.first[lines] + number]

    def decimal(self, start: Ints, end: Ints) -> tuple[Ints, Bools]:
        """The unsigned numbers written in `[start, end)`, and where there is one (1 to 16 digits, nothing else)."""
        length = end - start
        if len(length) and int(length.min()) >= 1 and int(length.max()) <= 8:
            return self._digits(end, length)
        ok = (length >= 1) & (length <= 16)
        value, digits = self._digits(end, np.clip(length, 0, 8))
        ok &= digits
        long = np.flatnonzero(length > 8)
        if len(long):
            high, digits = self._digits(end[long] - 8, np.clip(length[long] - 8, 0, 8))
            value[long] += high * 100_000_000
            ok[long] &= digits
        return value, ok

    def _digits(self, end: Ints, count: Ints) -> tuple[Ints, Bools]:
        """The `count` (0..8) digits before `end` as numbers, and whether all of them are digits."""
        place = end - 8
        return _digits(self.words8[np.maximum(place, 0, out=place)], count)

    def hexadecimal(self, start: Ints, end: Ints) -> tuple[Ints, Bools]:
        """The lower 32 bits of the lower-case hexadecimal numbers in `[start, end)`, and where there is one."""
        length = end - start
        if len(length) and int(length.min()) >= 1 and int(length.max()) <= 8:
            return self._hex_digits(end, length)
        value, ok = self._hex_digits(end, np.clip(length, 0, 8))
        ok &= (length >= 1) & (length <= 16)
        long = np.flatnonzero(length > 8)
        if len(long):
            ok[long] &= self._hex_digits(end[long] - 8, np.clip(length[long] - 8, 0, 8))[1]
        return value, ok

    def _hex_digits(self, end: Ints, count: Ints) -> tuple[Ints, Bools]:
        """The `count` (0..8) digits before `end` as numbers, and whether all of them are digits."""
        keep = _KEEP.take(count)
        word = self.words8[np.maximum(end - 8, 0)]
        word &= keep
        word |= ZEROS & ~keep
        return hexadecimal_value(word)

    def heads(self) -> Heads:
        """Read the head of every line but its time."""
        count = len(self)
        enough = self.tokens >= 3
        if not enough.any():
            nothing = np.zeros(count, np.int64)
            return Heads(enough, nothing, nothing, nothing, enough)
        first = self.first if enough.all() else self.first[np.where(enough, np.arange(count), np.argmax(enough))]
        type_end, close = self.stops[first], self.stops[first + 1]  # close: after "):"
        stamp = type_end + 11  # after " msg=audit("
        ok: Bools = enough & ((self.begin(0) & 0xFFFFFFFFFF) == word8(b"type="))
        ok &= close - stamp > _STAMP + 2
        text, tail = self._runs(type_end, MARGIN), self._runs(np.maximum(close - 10, 0), 16)
        ok &= (text(0) == word8(b" msg=aud")) & (text(3) == word8(b"g=audit("))
        ok &= (tail(8) & 0xFFFFFF) == word8(b"): ")
        if not ok.all():
            stamp, close = np.where(ok, stamp, 0), np.where(ok, close, _STAMP + 3)
        begins, marks = text(11), text(19)
        ok &= (marks & _MARKS_MASK) == _MARKS
        ok &= (marks >> np.uint64(56)) != 48  # one way to write a number
        length = close - 2 - (stamp + _STAMP)
        if 1 <= int(length.min()) <= int(length.max()) <= 8:
            serial, digits = _digits(tail(0), length)
        else:
            serial, digits = self.decimal(stamp + _STAMP, close - 2)
        ok &= digits
        again = np.zeros(count, np.bool_)
        np.logical_and(ok[1:], ok[:-1], out=again[1:])
        again[1:] &= (begins[1:] == begins[:-1]) & ((marks[1:] ^ marks[:-1]) & _REST_OF_TIME == 0)
        return Heads(ok, type_end, stamp, serial, again)

    def _runs(self, start: Ints, size: int) -> Callable[[int], npt.NDArray[np.uint64]]:
        """`size` bytes from each of `start` on, copied at once; the answer gives the word at an offset in each of them.

        At most MARGIN bytes.
        """
        runs = np.ndarray((len(self.words8) + 8 - size,), f"V{size}", self.data, strides=(1,))[start]
        return lambda offset: np.ndarray((len(start),), "<u8", runs, offset, (size,))

    def millis(self, stamp: Ints) -> tuple[Ints, Bools]:
        """Times (ms since the epoch) that begin at `stamp`, and where there is one of the usual form (dot and colon aside)."""
        high, good = decimal_value(self.words8[stamp] ^ ZEROS)
        rest = self.words8[stamp + 6]  # two digits that were read, two more of the seconds, the dot, three digits
        low, good_rest = decimal_value((rest ^ ZEROS) & _TWO_AND_THREE)
        seconds, millis = np.divmod(low, 10_000)
        return high * 100_000 + seconds * 1000 + millis, good & good_rest & (self.bytes[stamp] != 48)


def _digits(word: npt.NDArray[np.uint64], count: Ints) -> tuple[Ints, Bools]:
    """The last `count` (0..8) digits of each word as numbers, and whether all of them are digits."""
    digits = word ^ ZEROS  # become 0..9
    digits &= _KEEP.take(count)
    return decimal_value(digits)


def _rows(values: npt.NDArray[Any], first: Ints, count: int) -> npt.NDArray[Any]:
    """`count` neighbours from each of the places `first`, a row a place; each row is copied as a whole."""
    size = values.itemsize
    runs = np.ndarray((max(len(values) - count + 1, 0),), f"V{count * size}", values, strides=(size,))
    return runs[first].view(values.dtype).reshape(-1, count)


def _all_of_row(truths: Bools) -> Bools:
    """Which rows are true throughout; that all of them are is found out at once."""
    if truths.all():
        return np.ones(len(truths), np.bool_)
    every: Bools = np.logical_and.reduce(truths, axis=1)
    return every
