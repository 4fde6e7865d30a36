"""Command lines of usual events: the arguments of EXECVE, else PROCTITLE.

Titles are hex almost always: all distinct ones of a piece are decoded by one call. Follows `fields.arguments` and
`Records.title`, and asks them about everything that is not plain.
"""

from __future__ import annotations

import re
import shlex

import numpy as np
import pyarrow as pa

from seqwatch_tui.model.text import from_bytes
from seqwatch_tui.parse.bulk_columns import Codes, Distinct, bounds_of, bytes_of, cut, encode, strings, unhex
from seqwatch_tui.parse.bulk_index import Bools, Index, Ints
from seqwatch_tui.parse.bulk_layout import Usual
from seqwatch_tui.parse.fields import arguments, raw_value
from seqwatch_tui.parse.records import Records

_MASKED = bytes.maketrans(bytes(range(128, 256)), b"?" * 128)
_PLAIN = re.compile(rb"[A-Za-z0-9_@%+=:,./-]+")
"""What a shell would not have to quote: of such arguments in quotes, the command line is what stands there."""
_EXECVE_FORMS = [[*(b" a%d=" % n if n else b"argc=%d a0=" % count for n in range(count)), b""] for count in range(64)]
"""What stands around the quoted arguments of an EXECVE record of so many."""
_ARGUMENT_KEYS = [b"a%d=" % n for n in range(64)]


def commands(index: Index, usual: Usual, records: Records) -> tuple[Codes, Distinct, Bools]:
    """Number of each event's command line, what the numbers mean, and whether all its arguments are there."""
    buffer = pa.py_buffer(index.data)
    lines, events = usual.ascending(usual.execve)
    bodies, body = encode(cut(buffer, index.token_start(lines, 2), index.end[lines]))
    known = [_command(text) for text in bodies]
    whole = np.ones(len(usual), np.bool_)
    whole[events] = np.array([complete for _, complete in known], np.bool_)[body]
    titled = np.ones(len(usual), np.bool_)
    titled[events] = np.array([text is None for text, _ in known], np.bool_)[body]
    out, texts = _titles(index, buffer, usual, titled, records)
    number = np.array([texts.number(text) for text, _ in known], np.int32)[body]
    out[events] = np.where(number >= 0, number, out[events])
    return out, texts, whole


def _command(body: bytes) -> tuple[str | None, bool]:
    """Command line of an EXECVE record, null without arguments, and whether all of them are there."""
    parts = body.split(b'"')
    values = parts[1::2]
    usual = len(values) < len(_EXECVE_FORMS) and parts[::2] == _EXECVE_FORMS[len(values)] and all(values)
    if usual and _PLAIN.fullmatch(b"".join(values)):
        return b" ".join(values).decode("ascii"), True
    argv = _in_order(body)
    complete = argv is not None
    if argv is None:
        argv, complete = arguments([body])
    return shlex.join(argv) if argv else None, complete


def _in_order(body: bytes) -> list[str] | None:
    """The arguments of an EXECVE record that has all of them, one after the other and none in parts; else null."""
    count, *tokens = body.split(b" ")
    if b"\x1d" in body or len(tokens) >= len(_ARGUMENT_KEYS) or count != b"argc=%d" % len(tokens):
        return None
    argv = []
    for key, token in zip(_ARGUMENT_KEYS, tokens, strict=False):
        value = token[len(key) :]
        if token[: len(key)] != key or not value:
            return None
        argv.append(from_bytes(raw_value(value) or value.strip(b'"')))
    return argv


def _titles(index: Index, buffer: pa.Buffer, usual: Usual, wanted: Bools, records: Records) -> tuple[Codes, Distinct]:
    """Number of the title of each event that is `wanted` (-1: none), and what the numbers mean."""
    lines, events = usual.ascending(np.where(wanted, usual.proctitle, -1))
    start, end = index.token_start(lines, 2) + 10, index.end[lines]
    encoded = cut(buffer, start, end).dictionary_encode()
    number, texts = _decoded(encoded.dictionary, records)
    out = np.full(len(usual), -1, np.int32)
    out[events] = number[encoded.indices.to_numpy(zero_copy_only=False)]
    return out, texts


def _decoded(tokens: pa.Array, records: Records) -> tuple[Codes, Distinct]:
    """Numbers and texts of distinct title tokens: those in hex decoded at once, what is special one by one."""
    bounds = bounds_of(tokens)
    first = np.frombuffer(bytes_of(tokens) + b'"', np.uint8)[bounds[:-1]]
    is_hex = (first != 34) & (np.diff(bounds) > 0)
    hexed = np.flatnonzero(is_hex)
    decoded = unhex(tokens if len(hexed) == len(tokens) else tokens.take(pa.array(hexed)))
    number = np.full(len(tokens), -1, np.int32)
    if decoded is None:
        texts, is_hex = Distinct(), np.zeros(len(tokens), np.bool_)
    else:
        data, cuts = decoded
        texts = Distinct(strings(_only_ascii(data).replace(b"\0", b" "), cuts))
        number[hexed] = np.arange(len(hexed), dtype=np.int32)
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
