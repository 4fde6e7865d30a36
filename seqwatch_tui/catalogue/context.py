"""Codes in the column `context`: marks on few rows of a batch, joined with those that are there already.

A code is a word such as `first-touch`, or a word and a value such as `session-read=wgs-cohort-a`; an event may have
several, separated by `; `. Rules test them with `context|contains`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seqwatch_tui.catalogue.coded import Codes, coded, words_array

Rows = npt.NDArray[np.int64]
Mark = tuple[Rows, str]
"""Rows (ascending numbers), and the code they get."""


def marked(mask: npt.NDArray[np.bool_], code: str) -> Mark:
    """Return a mark on the rows of a mask."""
    return np.flatnonzero(mask), code


def with_marks(events: pa.Table, marks: Iterable[Mark]) -> pa.Table:
    """Return the events with the codes added, in the order of `marks`; the table itself when no row gets any."""
    given = [(rows, code) for rows, code in marks if len(rows)]
    if not given:
        return events
    column = coded(events.column("context"))
    codes, words = column.codes.astype(np.int32), list(column.words)
    place = {word: number for number, word in enumerate(words)}
    for rows, code in given:
        held, which = _distinct(codes[rows])
        longer = [f"{words[number]}; {code}" if words[number] else code for number in held.tolist()]
        for word in longer:
            if word not in place:
                place[word] = len(words)
                words.append(word)
        codes[rows] = np.array([place[word] for word in longer], np.int32)[which]
    position = events.schema.get_field_index("context")
    return events.set_column(position, events.schema.field(position), words_array(codes, words))


def _distinct(codes: Codes) -> tuple[Codes, npt.NDArray[np.intp]]:
    """The distinct codes, and the position of each among them; rows that get a mark are mostly alike."""
    if (codes == codes[0]).all():
        return codes[:1], np.zeros(len(codes), np.intp)
    return np.unique(codes, return_inverse=True)
