"""Command lines from EXECVE records, for all records of a piece whose arguments all stand there in order.

Arguments in quotes with nothing to quote for a shell never become Python objects; of the others each distinct one is
understood once and remembered. Records of any other form are named, and left to `fields.arguments`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.parse.bulk_columns import as_strings, bounds_of, bytes_of, cut
from seqwatch_tui.parse.bulk_index import Bools, Index, Ints, word4, word8
from seqwatch_tui.parse.bulk_memory import Memory

_MOST = 64
"""Arguments of a record; longer ones are left."""
_COUNTS = [b"argc=%d " % count for count in range(_MOST)]
_COUNT = np.array([word8(text) for text in _COUNTS], np.uint64)
_COUNT_MASK = np.array([word8(b"\xff" * len(text)) for text in _COUNTS], np.uint64)
_KEYS = [b"a%d=" % number for number in range(_MOST)]
_KEY = np.array([word4(key) for key in _KEYS], np.uint32)
_KEY_MASK = np.array([word4(b"\xff" * len(key)) for key in _KEYS], np.uint32)
_KEY_SIZE = np.array([len(key) for key in _KEYS], np.int64)
_BEFORE = 3
"""Tokens before the first argument."""
_QUOTE, _SPACE = 34, 32
_BETWEEN = pa.scalar(" ", pa.string())
_TO_QUOTE = np.ones(256, np.bool_)
_TO_QUOTE[np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-", np.uint8)] = False
"""What a shell would want quoted."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Which records are of the usual form, and the command line of each of those."""

    usual: Bools
    texts: pa.Array


def spoken(index: Index, lines: Ints, memory: Memory) -> Spoken:
    """The command lines of EXECVE `lines`, which ascend."""
    count = index.tokens[lines] - _BEFORE
    usual = (count > 0) & (count < _MOST)
    claimed = np.where(usual, count, 0)
    usual &= (index.words8[index.token_start(lines, 2)] & _COUNT_MASK[claimed]) == _COUNT[claimed]
    lines, count = lines[usual], count[usual]
    start, end, good = _arguments(index, lines, count)
    if not good.all():
        kept = np.logical_and.reduceat(good, np.cumsum(count) - count)
        usual[usual] = kept
        stay = np.repeat(kept, count)
        start, end, count = start[stay], end[stay], count[kept]
    values = cut(pa.py_buffer(index.data), start, end).dictionary_encode()
    texts, place = _shown(values.dictionary, memory)
    each = texts.take(pa.array(place[values.indices.to_numpy(zero_copy_only=False)]))
    bounds = pa.array(np.concatenate(([0], np.cumsum(count))), pa.int32())
    return Spoken(usual, pc.binary_join(pa.ListArray.from_arrays(bounds, each), _BETWEEN))


def _arguments(index: Index, lines: Ints, count: Ints) -> tuple[Ints, Ints, Bools]:
    """Where the values of all arguments are, one after the other, and whether each is something under the right key."""
    number = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    stop = np.repeat(index.first[lines] + (_BEFORE - 1), count) + number
    before, end = index.stops[stop], index.stops[stop + 1]
    good = (index.words4[before + 1] & _KEY_MASK[number]) == _KEY[number]
    good &= index.bytes[before] == _SPACE
    start = before + 1 + _KEY_SIZE[number]
    good &= end > start
    return start, np.maximum(start, end), good


def _shown(tokens: pa.Array, memory: Memory) -> tuple[pa.Array, Ints]:
    """Texts of distinct values as a shell would want them written, and the place of each value's among them."""
    bounds, data = bounds_of(tokens), np.frombuffer(bytes_of(tokens), np.uint8)
    start, end = bounds[:-1], bounds[1:]
    odd = np.searchsorted(bounds, np.flatnonzero(_TO_QUOTE[data]), side="right") - 1
    plain = (data[start] == _QUOTE) & (data[end - 1] == _QUOTE) & (end - start > 2)
    plain &= np.bincount(odd, minlength=len(tokens)) == 2
    within = plain.astype(np.int64)
    texts = as_strings(cut(pa.py_buffer(data), start + within, end - within))
    place, special = np.arange(len(tokens)), np.flatnonzero(~plain)
    if not len(special):
        return texts, place
    others = [memory.argument(token) for token in tokens.take(pa.array(special)).to_pylist()]
    place[special] = len(tokens) + np.arange(len(special))
    return pa.concat_arrays([texts, pa.array(others, pa.string())]), place
