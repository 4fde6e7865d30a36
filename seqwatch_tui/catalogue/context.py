"""Codes in the column `context`: marks on few rows of a batch, joined with those that are there already.

A code is a word such as `first-touch`, or a word and a value such as `session-read=wgs-cohort-a`; an event may have
several, separated by `; `. Rules test them with `context|contains`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seqwatch_tui.catalogue.coded import coded, words_array

Mask = npt.NDArray[np.bool_]
Mark = tuple[Mask, str]
"""Rows, and the code they get."""


def with_marks(events: pa.Table, marks: Sequence[Mark]) -> pa.Table:
    """Return the events with the codes added; the table itself when no row gets any."""
    given = [(rows, code) for rows, code in marks if rows.any()]
    if not given:
        return events
    column = coded(events.column("context"))
    codes, words = column.codes.astype(np.int32), list(column.words)
    for rows, code in given:
        codes, words = _joined(codes, words, rows, code)
    array = words_array(codes, words)
    position = events.schema.get_field_index("context")
    return events.set_column(position, events.schema.field(position), array)


def _joined(
    codes: npt.NDArray[np.int32], words: list[str | None], rows: Mask, code: str
) -> tuple[npt.NDArray[np.int32], list[str | None]]:
    """Each word that one of the rows has, with the code behind it, as a further word."""
    fresh = codes.copy()
    for number in np.unique(codes[rows]).tolist():
        word = words[number]
        fresh[rows & (codes == number)] = len(words)
        words.append(f"{word}; {code}" if word else code)
    return fresh, words
