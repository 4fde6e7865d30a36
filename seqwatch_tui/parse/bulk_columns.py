"""Arrow strings over a piece of log: cut out by offsets, unhexed in one call, dictionary-encoded by number.

Knows bytes, offsets and small integers; nothing of records.
"""

from __future__ import annotations

import binascii
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seqwatch_tui.parse.bulk_index import Ints

Codes = npt.NDArray[np.int32]
"""Positions in a list of values; -1 is null."""


_LAST_DIGIT = ord("F")
_MOST_PLACES = 1 << 16
"""Up to here a table with a place for every number is cheaper than looking them up."""


def cut(piece: pa.Buffer, start: Ints, end: Ints) -> pa.Array:
    """The strings `[start, end)` of `piece` as binary. Offsets ascend and do not overlap (fields in line order)."""
    count = len(start)
    if not count:
        return pa.array([], pa.binary())
    bounds = np.empty(2 * count, np.int32)
    bounds[0::2], bounds[1::2] = start, end
    # Every second string is what lies between two fields; taking the others copies only what was asked for.
    both = pa.Array.from_buffers(pa.binary(), 2 * count - 1, [None, pa.py_buffer(bounds), piece])
    return both.take(pa.array(np.arange(0, 2 * count, 2, dtype=np.int32)))


def encode(strings: pa.Array) -> tuple[list[bytes], Codes]:
    """Distinct values in order of appearance, and each string's position among them."""
    encoded = strings.dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False)


def distinct(numbers: npt.NDArray[Any], limit: int) -> tuple[Ints, Ints]:
    """The distinct ones of numbers in 0..limit-1, and each number's position among them."""
    if limit > _MOST_PLACES:
        encoded = pa.array(numbers, pa.int64()).dictionary_encode()
        return encoded.dictionary.to_numpy(), encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    used = np.zeros(limit, np.bool_)
    used[numbers] = True
    values = used.nonzero()[0]
    place = np.empty(limit, np.int64)
    place[values] = np.arange(len(values))
    return values, place[numbers]


def bounds_of(strings: pa.Array) -> Ints:
    """The offsets of a binary array without nulls, from 0."""
    offsets = np.frombuffer(strings.buffers()[1], np.int32)[strings.offset : strings.offset + len(strings) + 1]
    return offsets.astype(np.int64) - int(offsets[0]) if len(offsets) else np.zeros(1, np.int64)


def bytes_of(strings: pa.Array) -> bytes:
    """All bytes of a binary array, one string after the other."""
    if not len(strings):
        return b""
    offsets = np.frombuffer(strings.buffers()[1], np.int32)
    first, last = int(offsets[strings.offset]), int(offsets[strings.offset + len(strings)])
    return memoryview(strings.buffers()[2])[first:last].tobytes()


def unhex(strings: pa.Array) -> tuple[bytes, Ints] | None:
    """The bytes that upper-case hex strings of even length stand for, and their bounds; None if one is no such string."""
    bounds, text = bounds_of(strings), bytes_of(strings)
    if (np.diff(bounds) & 1).any() or np.frombuffer(text, np.uint8).max(initial=0) > _LAST_DIGIT:
        return None
    try:
        return binascii.unhexlify(text), bounds >> 1
    except binascii.Error:
        return None


class Distinct:
    """A growing list of values and their numbers: the memory behind one dictionary column.

    It may begin with an Arrow array of values that never become Python objects; those that are added come after.
    """

    def __init__(self, base: pa.Array | None = None) -> None:
        self._base = pa.array([], pa.string()) if base is None else base
        self.values: list[str] = []
        self._numbers: dict[str | None, int] = {None: -1}

    def __len__(self) -> int:
        return len(self._base) + len(self.values)

    def number(self, value: str | None) -> int:
        """The number of a value, -1 for null; given now if it is new (values of the base are not looked up)."""
        known = self._numbers.get(value)
        if known is None:
            assert value is not None  # noqa: S101 - null has a number from the start
            known = self._numbers[value] = len(self)
            self.values.append(value)
        return known

    def pick(self, numbers: Ints) -> pa.Array:
        """The values of some numbers (ascending), as an Arrow array of strings."""
        count = len(self._base)
        base = numbers[: int(np.searchsorted(numbers, count))]
        added = [self.values[number - count] for number in numbers[len(base) :].tolist()]
        if not len(base):
            return pa.array(added, pa.string())
        picked = self._base if len(base) == count else self._base.take(pa.array(base))
        return pa.concat_arrays([picked, pa.array(added, pa.string())]) if added else picked


def dictionary(codes: Codes, values: Distinct) -> pa.DictionaryArray:
    """A dictionary column of the values in use only; -1 becomes null."""
    used = np.zeros(len(values) + 1, np.bool_)
    used[codes] = True  # -1 marks the last place
    null = bool(used[-1])
    used[-1] = False
    numbers = used.nonzero()[0]
    if len(numbers) < len(values) or null:
        place = np.zeros(len(used), np.int32)
        place[numbers] = np.arange(len(numbers), dtype=np.int32)
        indices = pa.array(place[codes], mask=codes < 0 if null else None)
    else:
        indices = pa.array(codes)
    return pa.DictionaryArray.from_arrays(indices, values.pick(numbers), safe=False)


def strings(data: bytes, bounds: Ints) -> pa.Array:
    """ASCII bytes as strings, cut at `bounds`; nothing is copied."""
    offsets = pa.py_buffer(bounds.astype(np.int32))
    return pa.Array.from_buffers(pa.string(), len(bounds) - 1, [None, offsets, pa.py_buffer(data)])


def as_strings(ascii_bytes: pa.Array) -> pa.Array:
    """A binary array whose bytes are ASCII as strings; nothing is copied."""
    buffers = ascii_bytes.buffers()
    return pa.Array.from_buffers(pa.string(), len(ascii_bytes), buffers, offset=ascii_bytes.offset)
