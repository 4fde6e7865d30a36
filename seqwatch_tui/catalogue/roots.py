"""Many absolute paths against the roots of datasets at once, over the bytes of the texts; no text becomes Python's.

A path that is as short as it can be written is held by a root if it begins with it and a slash, or the end, follows.
Any other path (relative, with `//`, `.`, `..`, or a slash at its end) is named as such and left to `paths`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.catalogue.coded import Codes

Int64s = npt.NDArray[np.int64]
_SLASH, _DOT = b"/."


class Roots:
    """Absolute paths other than `/`, and the number of each."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        by_length: dict[int, dict[bytes, int]] = defaultdict(dict)
        for root, number in roots.items():
            by_length[len(root.encode())][root.encode()] = number
        self._lengths = [
            (length, pa.array(list(found), pa.binary()), np.array(list(found.values()), np.int32))
            for length, found in sorted(by_length.items(), reverse=True)
        ]

    def numbers(self, paths: pa.StringArray, outside: int) -> tuple[Codes, Int64s]:
        """Return the number of the longest root of each path, and the positions of those that are written otherwise."""
        begin, data = _texts(paths)
        found = np.full(len(paths), outside, np.int32)
        left = np.arange(len(paths))
        for length, roots, numbers in self._lengths:
            rows = left[_ends_at(begin, data, left, length)]
            known = pc.index_in(_heads(paths, begin, rows, length), value_set=roots)
            held = known.is_valid().to_numpy(zero_copy_only=False)
            found[rows[held]] = numbers[known.drop_null().to_numpy()]
            left = left[found[left] == outside]
        return found, _otherwise(begin, data)


def _texts(texts: pa.StringArray) -> tuple[Int64s, npt.NDArray[np.uint8]]:
    """Where each text begins (and the last ends) among the bytes, and the bytes, two zeros behind them."""
    _, offsets, data = texts.buffers()
    begin = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    own = np.frombuffer(data, np.uint8)[: begin[-1]] if data is not None else np.zeros(0, np.uint8)
    return begin, np.concatenate((own, np.zeros(2, np.uint8)))


def _ends_at(begin: Int64s, data: npt.NDArray[np.uint8], rows: Int64s, length: int) -> npt.NDArray[np.bool_]:
    """Rows whose text has a slash, or its end, behind so many bytes."""
    at, end = begin[rows] + length, begin[rows + 1]
    follows: npt.NDArray[np.bool_] = data[np.minimum(at, end)] == _SLASH
    held: npt.NDArray[np.bool_] = (at == end) | (follows & (at < end))
    return held


def _heads(texts: pa.StringArray, begin: Int64s, rows: Int64s, length: int) -> pa.BinaryArray:
    """The first bytes of some texts, `length` of them. The array of heads and what is between them shares the bytes."""
    edges = np.empty(2 * len(rows) + 1, np.int32)
    edges[0:-1:2], edges[1::2] = begin[rows], begin[rows] + length
    edges[-1] = edges[-2] if len(rows) else 0
    both = pa.Array.from_buffers(pa.binary(), 2 * len(rows), [None, pa.py_buffer(edges), texts.buffers()[2]])
    return both.take(pa.array(np.arange(0, 2 * len(rows), 2)))


def _otherwise(begin: Int64s, data: npt.NDArray[np.uint8]) -> Int64s:
    """Positions of texts that do not begin with a slash, end with one, or hold `//`, `/./`, `/../` or the like."""
    first, end = begin[:-1], begin[1:]
    odd = (first == end) | (data[first] != _SLASH) | (data[end - 1] == _SLASH) | (data[end - 1] == _DOT)
    slashes = np.flatnonzero(data[begin[0] :] == _SLASH) + begin[0]
    follows = data[slashes + 1]
    dots = (follows == _DOT) & np.isin(data[np.minimum(slashes + 2, len(data) - 1)], (_SLASH, _DOT))
    odd[np.searchsorted(begin, slashes[(follows == _SLASH) | dots], side="right") - 1] = True
    return np.flatnonzero(odd)
