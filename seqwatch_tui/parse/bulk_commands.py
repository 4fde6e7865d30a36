"""Command lines of usual events: the arguments of EXECVE, else PROCTITLE.

Titles are hex almost always: all distinct ones of a piece are decoded by one call. Follows `fields.arguments` and
`fields.title_value`, and asks them about everything that is not plain.
"""

from __future__ import annotations

import shlex

import numpy as np
import pyarrow as pa

from seqwatch_tui.parse.bulk_columns import Codes, Distinct, cut, encode, unhex
from seqwatch_tui.parse.bulk_index import Bools, Index, Ints
from seqwatch_tui.parse.bulk_layout import Usual
from seqwatch_tui.parse.fields import arguments, pairs, title_value

_SPACED = bytes.maketrans(b"\0", b" ")


def commands(index: Index, usual: Usual) -> tuple[Codes, Distinct, Bools]:
    """Number of each event's command line, what the numbers mean, and whether all its arguments are there."""
    texts = Distinct()
    buffer = pa.py_buffer(index.data)
    out = _titles(index, buffer, usual.proctitle, texts)
    whole = np.ones(len(usual), np.bool_)
    events = np.flatnonzero(usual.execve >= 0)
    order = np.argsort(usual.execve[events])
    events = events[order]
    lines = usual.execve[events]
    bodies, body = encode(cut(buffer, index.token_start(lines, 2), index.end[lines]))
    known = [arguments([text]) for text in bodies]
    number = np.array([texts.number(shlex.join(argv)) if argv else -1 for argv, _ in known], np.int32)[body]
    out[events] = np.where(number >= 0, number, out[events])
    whole[events] = np.array([complete for _, complete in known], np.bool_)[body]
    return out, texts, whole


def _titles(index: Index, buffer: pa.Buffer, lines: Ints, texts: Distinct) -> Codes:
    """Number of the title on each of `lines` (in any order)."""
    order = np.argsort(lines)
    start, end = index.token_start(lines[order], 2) + 10, index.end[lines[order]]
    encoded = cut(buffer, start, end).dictionary_encode()
    number = np.array([texts.number(text) for text in _decoded(encoded.dictionary)], np.int32)
    out = np.full(len(lines), -1, np.int32)
    out[order] = number[encoded.indices.to_numpy(zero_copy_only=False)]
    return out


def _decoded(tokens: pa.Array) -> list[str | None]:
    """Texts of distinct title tokens."""
    raw = tokens.to_pylist()
    plain = [place for place, token in enumerate(raw) if token[:1] not in (b'"', b"")]
    out: list[str | None] = [None] * len(raw)
    decoded = unhex(tokens if len(plain) == len(raw) else tokens.take(pa.array(plain, pa.int32())))
    if decoded is None:
        return [_decode(token) for token in raw]
    data, bounds = decoded
    text = data.translate(_SPACED).decode("latin-1")
    odd = _odd(data, bounds)
    for place, first, last, special in zip(plain, bounds[:-1].tolist(), bounds[1:].tolist(), odd.tolist(), strict=True):
        out[place] = _decode(raw[place]) if special else text[first:last]
    for place in set(range(len(raw))).difference(plain):
        out[place] = _decode(raw[place])
    return out


def _odd(data: bytes, bounds: Ints) -> Bools:
    """Which titles are not plain: bytes beyond ASCII, or NULs at the end."""
    values = np.frombuffer(data, np.uint8)
    odd = values[bounds[1:] - 1] == 0 if len(values) else np.zeros(len(bounds) - 1, np.bool_)
    high = np.flatnonzero(values >= 128)
    if len(high):
        odd[np.searchsorted(bounds, high, side="right") - 1] = True
    return odd


def _decode(token: bytes) -> str | None:
    return title_value(pairs(b"proctitle=" + token).get("proctitle"))
