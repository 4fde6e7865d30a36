"""Arrow strings over a piece of log: cut out by offsets, unhexed in one call, dictionary-encoded by number.

Knows bytes, offsets and small integers; nothing of records.
"""

from __future__ import annotations

import binascii
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seqwatch_tui.parse.bulk_index import Ints

Codes = npt.NDArray[np.int32]
"""Positions in a list of values; -1 is null."""


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
    if (np.diff(bounds) & 1).any() or any(letter in text for letter in b"abcdef"):
        return None
    try:
        return binascii.unhexlify(text), bounds >> 1
    except binascii.Error:
        return None


class Distinct:
    """A growing list of values and their numbers: the memory behind one dictionary column."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._numbers: dict[str | None, int] = {None: -1}

    def number(self, value: str | None) -> int:
        """The number of a value, -1 for null; given now if it is new."""
        known = self._numbers.get(value)
        if known is None:
            assert value is not None  # noqa: S101 - null has a number from the start
            known = self._numbers[value] = len(self.values)
            self.values.append(value)
        return known


def dictionary(codes: Codes, values: Sequence[str]) -> pa.Array:
    """A dictionary column of the values in use only; -1 becomes null."""
    used = np.zeros(len(values) + 1, np.bool_)
    used[codes] = True  # -1 marks the last place
    used[-1] = False
    numbers = np.flatnonzero(used)
    place = np.full(len(values) + 1, -1, np.int32)
    place[numbers] = np.arange(len(numbers), dtype=np.int32)
    indices = place[codes]
    null = indices < 0
    index_array = pa.array(indices, pa.int32(), mask=null if null.any() else None)
    return pa.DictionaryArray.from_arrays(index_array, pa.array([values[i] for i in numbers.tolist()], pa.string()))


def integers(values: Ints, present: npt.NDArray[np.bool_] | None, kind: pa.DataType) -> pa.Array:
    """An integer column, null where `present` is false."""
    return pa.array(values, mask=None if present is None else ~present).cast(kind)
