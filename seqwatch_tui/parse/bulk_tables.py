"""Two tables from one piece: usual events as columns and those of the reference stages as rows, in the order they ended.

Everything is placed by row number, so that nothing has to be sorted or joined afterwards. Raw lines stay where they
are if all of the piece's lines are usual and in order; else they are gathered once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from seqwatch_tui.model.evidence import Counts
from seqwatch_tui.parse.bulk_columns import Codes, Distinct, dictionary
from seqwatch_tui.parse.bulk_index import Index, Ints
from seqwatch_tui.parse.bulk_layout import Lines, Usual
from seqwatch_tui.parse.bulk_memory import NULL
from seqwatch_tui.parse.bulk_values import Column, Values
from seqwatch_tui.parse.bulk_walk import Slow
from seqwatch_tui.parse.event import ROW_COLUMNS
from seqwatch_tui.parse.schema import EVENT_SCHEMA, event_table, record_table
from seqwatch_tui.parse.tables import constant

_SHORT_RUN = 8
"""Runs of lines that are shorter than this on average are copied one by one."""
_PLACE = {name: place for place, name in enumerate(ROW_COLUMNS)}


class Merge:
    """The rows of a piece: `usual` and `slow` events, each with the row it gets."""

    def __init__(self, usual: Usual, slow: Sequence[Slow]) -> None:
        self._usual, self._slow = usual, slow
        ends = np.concatenate((usual.proctitle, np.array([event.line for event in slow], np.int64)))
        order = np.argsort(ends, kind="stable")
        row = np.empty(len(order), np.int64)
        row[order] = np.arange(len(order))
        self.rows = len(order)
        self._usual_row, self._slow_row = row[: len(usual)], row[len(usual) :]

    # Events.

    def events(
        self, values: Values, identities: dict[str, Column], *, source: str, host: str, millis: Ints, serial: Ints
    ) -> pa.Table:
        """EVENT_SCHEMA; `millis` and `serial` are those of the usual events."""
        columns: dict[str, Any] = {
            "event_id": pa.array(np.arange(self.rows)),
            "source": constant(source, self.rows),
            "ts": self._numbers("ts", millis * 1000).cast(pa.timestamp("us")),
            "serial": self._numbers("serial", serial),
            "host": self._host(host),
            "complete": self._truths(values.complete),
        }
        for name, numbers in values.numbers.items():
            columns[name] = self._numbers(name, numbers).cast(EVENT_SCHEMA.field(name).type)
        for name, column in (values.texts | identities).items():
            columns[name] = self._texts(name, column)
        return event_table(columns, self.rows)

    def _slow_values(self, name: str) -> list[Any]:
        place = _PLACE[name]
        return [event.row[place] for event in self._slow]

    def _numbers(self, name: str, numbers: Ints) -> pa.Array:
        out = np.empty(self.rows, np.int64)
        out[self._usual_row] = numbers
        out[self._slow_row] = [NULL if value is None else value for value in self._slow_values(name)]
        null = out == NULL
        return pa.array(out, mask=null if null.any() else None)

    def _truths(self, truths: Any) -> pa.Array:
        out = np.empty(self.rows, np.bool_)
        out[self._usual_row] = truths
        out[self._slow_row] = self._slow_values("complete")
        return pa.array(out)

    def _texts(self, name: str, column: Column) -> pa.DictionaryArray:
        out: Codes = np.empty(self.rows, np.int32)
        out[self._usual_row] = column.codes
        out[self._slow_row] = [column.values.number(text) for text in self._slow_values(name)]
        return dictionary(out, column.values)

    def _host(self, host: str) -> pa.DictionaryArray:
        known = Distinct()
        return self._texts("host", Column(np.full(len(self._usual), known.number(host), np.int32), known))

    # Records.

    def records(self, index: Index, lines: Lines, count: int, *, source: str, position: int) -> tuple[pa.Table, Counts]:
        """RECORD_SCHEMA and the counts of the piece's first `count` lines; `position` is where the piece begins."""
        usual = np.flatnonzero(self._usual.event[:count] >= 0)
        records = [record for event in self._slow for record in event.records]
        owners = np.repeat(self._slow_row, [len(event.records) for event in self._slow])
        row = np.concatenate((self._usual_row[self._usual.event[usual]], owners))
        order = np.argsort(row, kind="stable")
        row = row[order]
        types = Distinct()
        kinds = np.array([types.number(name) for name in lines.types], np.int32)[lines.type_number[usual]]
        kind = np.concatenate((kinds, np.array([types.number(record[0]) for record in records], np.int32)))
        place = np.concatenate((index.line[usual] + position, np.array([record[3] for record in records], np.int64)))
        early = [record[2] for record in records if record[3] < position]
        within = np.searchsorted(index.line[:count], place[len(usual) :] - position)
        numbers = np.concatenate((usual, within))
        numbers[np.flatnonzero(place < position)] = np.arange(count, count + len(early))
        raw = _raw(index, count, early, numbers[order])
        begins = np.concatenate(([True], row[1:] != row[:-1])) if len(row) else np.zeros(0, np.bool_)
        begun, first = np.flatnonzero(begins), np.empty(self.rows, np.int64)
        first[row[begun]] = begun
        columns = {
            "event_id": pa.array(row),
            "source": constant(source, len(row)),
            "seq": pa.array((np.arange(len(row)) - first[row]).astype(np.int32)),
            "type": dictionary(kind[order].astype(np.int32), types),
            "raw": raw,
            "position": pa.array(place[order]),
        }
        size = int((index.end[usual] - index.line[usual] + 1).sum()) + sum(len(record[2]) for record in records)
        return record_table(columns, len(row)), Counts(records=len(row), events=self.rows, bytes=size)


def _raw(index: Index, count: int, early: list[bytes], wanted: Ints) -> pa.Array | pa.ChunkedArray:
    """The `wanted` of the first `count` lines of the piece, which the `early` ones, of pieces before, follow.

    Lines that follow each other are a chunk of the piece as it is: whoever wants one chunk copies once.
    """
    bounds = np.append(index.line[:count], index.end[count - 1] + 1).astype(np.int32)
    whole = pa.Array.from_buffers(pa.binary(), count, [None, pa.py_buffer(bounds), pa.py_buffer(index.data)])
    before = pa.array(early, pa.binary())
    breaks = np.flatnonzero((np.diff(wanted) != 1) | (wanted[1:] == count)) + 1
    if len(breaks) > count // _SHORT_RUN:
        return (pa.concat_arrays([whole, before]) if early else whole).take(pa.array(wanted, pa.int64()))
    begin = np.concatenate(([0], breaks, [len(wanted)]))
    runs = zip(wanted[begin[:-1]].tolist(), np.diff(begin).tolist(), strict=True) if len(wanted) else ()
    chunks = [whole.slice(at, size) if at < count else before.slice(at - count, size) for at, size in runs]
    return pa.chunked_array(chunks, pa.binary())
