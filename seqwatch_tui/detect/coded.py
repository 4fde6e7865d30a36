"""A column as codes and distinct values: rules look at each distinct value once, however many rows have it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Codes = npt.NDArray[np.int64]
FEW = 64
"""Rows up to which plain Python is faster than calls into arrays."""


class Coded:
    """A column of n rows: `codes[row]` indexes `values`; -1 is null. Values become Python's when they are asked for."""

    def __init__(self, codes: Codes, values: pa.Array | Sequence[Any]) -> None:
        self.codes = codes
        self._values = values

    @property
    def size(self) -> int:
        """Number of distinct values."""
        return len(self._values)

    @cached_property
    def values(self) -> Sequence[Any]:
        """All distinct values."""
        return self._values.to_pylist() if isinstance(self._values, pa.Array) else self._values

    def at(self, codes: Codes) -> list[Any]:
        """Return the values of some codes, None for -1."""
        if isinstance(self._values, pa.Array) and 8 * len(codes) < len(self._values):
            taken: list[Any] = self._values.take(pa.array(codes, mask=codes < 0)).to_pylist()
            return taken
        values = self.values
        return [None if code < 0 else values[code] for code in codes.tolist()]


class Columns:
    """The columns of one batch by codes, each made once, when it is first asked for."""

    def __init__(self, events: pa.Table) -> None:
        self._events = events
        self._made: dict[str, Coded] = {}

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self._events.num_rows)

    def __getitem__(self, name: str) -> Coded:
        """Return a column by codes."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = coded(self._events.column(name))
        return made


def coded(column: pa.ChunkedArray) -> Coded:
    """Return a column of `events` by codes. Values that no row has may be among `values` only if they are few."""
    if column.num_chunks != 1:
        column = column.unify_dictionaries() if pa.types.is_dictionary(column.type) else column
        array = column.combine_chunks()
    else:
        array = column.chunk(0)
    if pa.types.is_string(array.type):
        array = array.dictionary_encode()
    if pa.types.is_dictionary(array.type):
        return _dictionary(array)
    if pa.types.is_boolean(array.type):
        if len(array) <= FEW:
            return Coded(np.array([-1 if v is None else int(v) for v in array.to_pylist()], np.int64), (False, True))
        return Coded(_filled(array.cast(pa.int8())), (False, True))
    return _numbers(array)


def _filled(array: pa.Array) -> Codes:
    """Small whole numbers as codes, null as -1."""
    if len(array) <= FEW:
        return np.array([-1 if code is None else code for code in array.to_pylist()], np.int64)
    filled = array.fill_null(-1) if array.null_count else array
    return np.asarray(filled.to_numpy(zero_copy_only=False), np.int64)


def _dictionary(array: pa.DictionaryArray) -> Coded:
    codes, values = _filled(array.indices), array.dictionary
    if len(values) <= 2 * len(codes) + 16:
        return Coded(codes, values)
    # A slice of a larger table: look only at the values that are there.
    used, inverse = np.unique(codes, return_inverse=True)
    first = 1 if len(used) and used[0] < 0 else 0
    return Coded(inverse.astype(np.int64) - first, values.take(pa.array(used[first:])))


def _numbers(array: pa.Array) -> Coded:
    if array.null_count == len(array):
        return Coded(np.full(len(array), -1, np.int64), ())
    known = array.is_valid().to_numpy(zero_copy_only=False)
    codes = np.full(len(array), -1, np.int64)
    values, inverse = np.unique(array.drop_null().to_numpy(zero_copy_only=False), return_inverse=True)
    codes[known] = inverse
    return Coded(codes, values.tolist())
