"""Command lines of usual events: the arguments of EXECVE, else PROCTITLE.

Titles are hex almost always: all distinct ones of a piece are decoded by one call. Follows `fields.arguments` and
`Records.title`, and asks them about everything that is not plain.
"""

from __future__ import annotations

import shlex

import numpy as np
import pyarrow as pa

from seqwatch_tui.parse.bulk_arguments import spoken
from seqwatch_tui.parse.bulk_columns import Codes, Distinct, bounds_of, bytes_of, cut, strings, unhex
from seqwatch_tui.parse.bulk_index import Bools, Index, Ints
from seqwatch_tui.parse.bulk_layout import Usual
from seqwatch_tui.parse.bulk_memory import Memory
from seqwatch_tui.parse.fields import arguments
from seqwatch_tui.parse.records import Records

_QUOTE = 34
_MASKED = bytes.maketrans(bytes(range(128, 256)), b"?" * 128)


def commands(index: Index, usual: Usual, memory: Memory, records: Records) -> tuple[Codes, Distinct, Bools]:
    """Number of each event's command line, what the numbers mean, and whether all its arguments are there."""
    lines, events = usual.ascending(usual.execve)
    one, body = _different(index, lines)
    said = spoken(index, one, memory)
    others = np.flatnonzero(~said.usual)
    spans = zip(index.token_start(one[others], 2).tolist(), index.end[one[others]].tolist(), strict=True)
    known = [_command(index.data[start:end]) for start, end in spans]
    whole, titled = np.ones(len(one), np.bool_), np.zeros(len(one), np.bool_)
    whole[others] = [complete for _, complete in known]
    titled[others] = [text is None for text, _ in known]
    wanted, complete = np.ones(len(usual), np.bool_), np.ones(len(usual), np.bool_)
    wanted[events], complete[events] = titled[body], whole[body]
    out, texts = _titles(index, usual, wanted, said.texts, records)
    number = np.empty(len(one), np.int32)
    number[said.usual] = np.arange(len(said.texts))
    number[others] = [texts.number(text) for text, _ in known]
    out[events] = np.where(titled[body], out[events], number[body])
    return out, texts, complete


def _different(index: Index, lines: Ints) -> tuple[Ints, Ints]:
    """The first line of each distinct body, ascending, and which of them each of `lines` has."""
    bodies = cut(pa.py_buffer(index.data), index.token_start(lines, 2), index.end[lines]).dictionary_encode()
    body = bodies.indices.to_numpy(zero_copy_only=False)
    one = np.empty(len(bodies.dictionary), np.int64)
    one[body[::-1]] = lines[::-1]
    return one, body


def _command(body: bytes) -> tuple[str | None, bool]:
    """Command line of an EXECVE record, null without arguments, and whether all of them are there."""
    argv, complete = arguments([body])
    return shlex.join(argv) if argv else None, complete


def _titles(index: Index, usual: Usual, wanted: Bools, others: pa.Array, records: Records) -> tuple[Codes, Distinct]:
    """Number of the title of each event that is `wanted` (-1: none), and what the numbers mean: `others` come first."""
    lines, events = usual.ascending(np.where(wanted, usual.proctitle, -1))
    start, end = index.token_start(lines, 2) + 10, index.end[lines]
    encoded = cut(pa.py_buffer(index.data), start, end).dictionary_encode()
    number, texts = _decoded(encoded.dictionary, others, records)
    out = np.full(len(usual), -1, np.int32)
    out[events] = number[encoded.indices.to_numpy(zero_copy_only=False)]
    return out, texts


def _decoded(tokens: pa.Array, others: pa.Array, records: Records) -> tuple[Codes, Distinct]:
    """Numbers and texts of distinct title tokens: those in hex decoded at once, what is special one by one."""
    bounds = bounds_of(tokens)
    first = np.frombuffer(bytes_of(tokens) + b'"', np.uint8)[bounds[:-1]]
    is_hex = (first != _QUOTE) & (np.diff(bounds) > 0)
    hexed = np.flatnonzero(is_hex)
    decoded = unhex(tokens if len(hexed) == len(tokens) else tokens.take(pa.array(hexed)))
    number = np.full(len(tokens), -1, np.int32)
    if decoded is None:
        texts, is_hex = Distinct(others), np.zeros(len(tokens), np.bool_)
    else:
        data, cuts = decoded
        texts = Distinct(pa.concat_arrays([others, strings(_only_ascii(data).replace(b"\0", b" "), cuts)]))
        number[hexed] = np.arange(len(others), len(others) + len(hexed), dtype=np.int32)
        is_hex[hexed[_odd(data, cuts)]] = False
    special = np.flatnonzero(~is_hex)
    for place, token in zip(special.tolist(), tokens.take(pa.array(special)).to_pylist(), strict=True):
        number[place] = texts.number(records.title(b"proctitle=" + token))
    return number, texts


def _only_ascii(data: bytes) -> bytes:
    """The same length, bytes beyond ASCII masked: titles that have them are not taken from here."""
    return data if data.isascii() else data.translate(_MASKED)


def _odd(data: bytes, bounds: Ints) -> Bools:
    """Which titles are not plain: bytes beyond ASCII, or NULs at the end."""
    values = np.frombuffer(data, np.uint8)
    odd: Bools = values[bounds[1:] - 1] == 0 if len(values) else np.zeros(len(bounds) - 1, np.bool_)
    if not data.isascii():
        odd[np.searchsorted(bounds, np.flatnonzero(values >= 128), side="right") - 1] = True
    return odd
