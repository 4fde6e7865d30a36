"""SYSCALL records from auid= on: who did it, with what, and the names auditd added, for all records of a piece.

The three vary independently, so there are few of each where there are many of the whole; what each means is asked
from `bulk_memory`. Where one could say something about another, the whole is understood instead. Knows no events.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from seqwatch_tui.parse.bulk_columns import cut, encode
from seqwatch_tui.parse.bulk_index import Index, Ints, Row, word8
from seqwatch_tui.parse.bulk_memory import TAIL, Memory

_COMM = 24
"""Token `comm=` where auid uid gid euid suid fsuid egid sgid fsgid tty ses come before it."""
_LAST = (26, 27)
"""The token that 0x1d ends: exe, then perhaps subj, and key."""
_MOST_PAIRS = 1 << 20


def tail_fields(index: Index, lines: Ints, row: Row, memory: Memory) -> dict[str, Ints]:
    """The columns of TAIL for SYSCALL `lines` whose first tokens are `row`."""
    found = _by_part(index, lines, row, memory)
    if found is not None:
        return found
    texts, tail = encode(cut(pa.py_buffer(index.data), row.start(13), index.end[lines]))
    return {name: column[tail] for name, column in zip(TAIL, memory.tails(texts).T, strict=True)}


def _by_part(index: Index, lines: Ints, row: Row, memory: Memory) -> dict[str, Ints] | None:
    """The same, each part by itself; null where that is not to be done."""
    if int(index.tokens[lines].min(initial=1 << 30)) <= max(_LAST):
        return None
    rest = index.row(lines, max(_LAST) + 1, _COMM - 1)
    early, late = (index.stop_kinds(lines, number) == 29 for number in _LAST)
    comm = (index.words8[rest.start(_COMM)] & word8(b"\xff" * 5)) == word8(b"comm=")
    if not (comm & (early | late)).all():
        return None
    own_end = np.where(early, rest.end(_LAST[0]), rest.end(_LAST[1]))
    buffer = pa.py_buffer(index.data)
    who, who_of = encode(cut(buffer, row.start(13), rest.end(_COMM - 1)))
    what, what_of = encode(cut(buffer, rest.start(_COMM), own_end))
    names, names_of = encode(cut(buffer, own_end, index.end[lines]))
    if len(who) * len(names) > _MOST_PAIRS:
        return None
    ids, did, told = memory.who(who), memory.what(what), memory.told(names)
    if ids is None or did is None or told is None:
        return None
    people = _people(memory, ids[:, 1], told[:, 1], who_of * np.int64(len(names)) + names_of)
    columns = [told[names_of, 0], people, *ids[:, 2:6].T[:, who_of], *did[:, 6:].T[:, what_of]]
    return dict(zip(TAIL, columns, strict=True))


def _people(memory: Memory, ids: Ints, named: Ints, pair: Ints) -> Ints:
    """Who is behind each record; `pair` is its place in a table of `ids` by `named`."""
    used = np.zeros(len(ids) * len(named), np.bool_)
    used[pair] = True
    person = np.zeros(len(used), np.int64)
    for place in np.flatnonzero(used).tolist():
        person[place] = memory.person(int(ids[place // len(named)]), int(named[place % len(named)]))
    return person[pair]
