"""A dictionary column as codes and distinct words, so that each distinct word is judged once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Codes = npt.NDArray[np.int32]
T = TypeVar("T")


class Coded:
    """`words[codes[row]]` is the value of a row. The last word is None and stands for null rows.

    Words become Python's when they are asked for; `distinct` has them as Arrow does, without that last one.
    """

    __slots__ = ("_words", "codes", "distinct")

    def __init__(self, codes: Codes, distinct: pa.StringArray) -> None:
        self.codes, self.distinct = codes, distinct
        self._words: tuple[str | None, ...] | None = None

    @property
    def words(self) -> tuple[str | None, ...]:
        """All words, the None for null rows last."""
        if self._words is None:
            self._words = (*self.distinct.to_pylist(), None)
        return self._words

    def map(self, function: Callable[[str], int], null: int) -> Codes:
        """Judge each distinct word; return the results per row, `null` for null rows."""
        results = [null if word is None else function(word) for word in self.words]
        return np.array(results, np.int32)[self.codes]


def coded(column: pa.ChunkedArray) -> Coded:
    """Take a dictionary<int32, string> column apart; several chunks are brought to one dictionary first."""
    if column.num_chunks == 0:
        return Coded(np.zeros(0, np.int32), pa.array([], pa.string()))
    array = column.chunk(0) if column.num_chunks == 1 else column.unify_dictionaries().combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0)
    codes = array.indices.fill_null(len(array.dictionary)).to_numpy(zero_copy_only=False)
    return Coded(codes, array.dictionary)


def words_array(codes: Codes, words: Sequence[str | None]) -> pa.DictionaryArray:
    """Make a dictionary column of row codes into `words`, of which some may be None (null rows)."""
    empty = np.array([word is None for word in words], bool)
    dense = np.cumsum(~empty, dtype=np.int32) - np.int32(1)
    indices = pa.array(dense[codes], pa.int32(), mask=empty[codes])
    return pa.DictionaryArray.from_arrays(indices, pa.array([w for w in words if w is not None], pa.string()))


UNKNOWN = -1
"""In an array of verdicts: neither 1 (true) nor 0 (false)."""


def verdict_array(verdicts: npt.NDArray[Any]) -> pa.BooleanArray:
    """Make a bool column of verdicts 1, 0 and UNKNOWN (null)."""
    return pa.array(verdicts == 1, pa.bool_(), mask=verdicts == UNKNOWN)
