"""A column as codes and distinct values: rules look at each distinct value once, however many rows have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of n rows: `codes[row]` indexes `values`; -1 is null."""

    codes: Codes
    values: Sequence[Any]


def coded(column: pa.ChunkedArray) -> Coded:
    """Return a column of `events` by codes. Values that no row has may be among `values` only if they are few."""
    if pa.types.is_dictionary(column.type):
        return _dictionary(column)
    if pa.types.is_boolean(column.type):
        numbers = column.cast(pa.int8()).fill_null(-1).to_numpy()
        return Coded(numbers.astype(np.int64), (False, True))
    if pa.types.is_string(column.type):
        return _dictionary(column.dictionary_encode())
    return _numbers(column)


def _dictionary(column: pa.ChunkedArray) -> Coded:
    if column.num_chunks != 1:
        column = column.unify_dictionaries().combine_chunks()
    array = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    values = array.dictionary
    if len(values) <= 2 * len(codes) + 16:
        return Coded(codes, values.to_pylist())
    # A slice of a larger table: look only at the values that are there.
    used, inverse = np.unique(codes, return_inverse=True)
    first = 1 if len(used) and used[0] < 0 else 0
    return Coded(inverse.astype(np.int64) - first, values.take(pa.array(used[first:])).to_pylist())


def _numbers(column: pa.ChunkedArray) -> Coded:
    array = column.combine_chunks()
    known = array.is_valid().to_numpy(zero_copy_only=False)
    codes = np.full(len(array), -1, np.int64)
    values, inverse = np.unique(array.drop_null().to_numpy(zero_copy_only=False), return_inverse=True)
    codes[known] = inverse
    return Coded(codes, values.tolist())
