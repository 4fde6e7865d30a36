"""A column as codes and distinct values: rules look at each distinct value once, however many rows have it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Codes = npt.NDArray[np.int64]
FEW = 64
"""Rows up to which plain Python is faster than calls into arrays."""


class Coded:
    """A column of n rows: `codes[row]` indexes `values`; -1 is null. Values become Python's when they are asked for."""

    __slots__ = ("_array", "_listed", "codes", "size")

    def __init__(self, codes: Codes, values: pa.Array | Sequence[Any]) -> None:
        self.codes, self.size = codes, len(values)
        self._array: pa.Array | None = None
        self._listed: Sequence[Any] | None = None
        if isinstance(values, pa.Array):
            self._array = values
        else:
            self._listed = values

    @property
    def values(self) -> Sequence[Any]:
        """All distinct values, `size` of them."""
        if self._listed is None:
            self._listed = self._array.to_pylist() if self._array is not None else ()
        return self._listed

    def some(self, codes: Codes) -> pa.Array:
        """Return the values of some codes, none of them -1, as they are in the batch."""
        places = pa.array(codes)
        return (self._array if self._array is not None else pa.array(self.values)).take(places)

    def at(self, codes: Codes) -> list[Any]:
        """Return the values of some codes, None for -1."""
        if self._listed is None and self._array is not None and 4 * len(codes) < self.size:
            places = [None if code < 0 else code for code in codes.tolist()]
            taken: list[Any] = self._array.take(pa.array(places, pa.int64())).to_pylist()
            return taken
        values = self.values
        return [None if code < 0 else values[code] for code in codes.tolist()]


class Rowset(Protocol):
    """What the matcher asks of a view: its rows, and its fields by codes."""

    @property
    def rows(self) -> int:
        """Number of rows."""

    @property
    def event_rows(self) -> Codes:
        """For each row, the row of the batch it belongs to."""

    def __getitem__(self, name: str) -> Coded:
        """A field by codes."""


class LazyRowset(ABC):
    """A view some of whose fields cost so much to make that they are made for the rows that need them only."""

    @property
    @abstractmethod
    def event_rows(self) -> Codes:
        """For each row, the row of the batch it belongs to."""

    @property
    @abstractmethod
    def costly(self) -> AbstractSet[str]:
        """Those fields."""

    @abstractmethod
    def worth(self, name: str, rows: Codes, worth: Callable[[pa.Array], Sequence[int]]) -> tuple[Codes, Coded]:
        """Return those of some rows, ascending, in which a test of a field may hold, and the field in these rows.

        `worth` tells the positions of texts (binary, as written) in which one may hold.
        """


class Columns:
    """The columns of one batch by codes, each made once, when it is first asked for; `ts.hour` and its kin are columns."""

    def __init__(self, events: pa.Table) -> None:
        self._events = events
        self._made: dict[str, Coded] = {}

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self._events.num_rows)

    @cached_property
    def event_rows(self) -> Codes:
        """Each row's own number: a batch of events is a view of itself."""
        return np.arange(self.rows, dtype=np.int64)

    def __getitem__(self, name: str) -> Coded:
        """Return a column by codes."""
        made = self._made.get(name)
        if made is None:
            _, is_part, part = name.partition(".")
            made = _time_part(self._events, part) if is_part else coded(self._events.column(name))
            self._made[name] = made
        return made


_PARTS: Mapping[str, Callable[[pa.Array], pa.Array]] = {
    "minute": pc.minute, "hour": pc.hour, "day": pc.day, "week": pc.iso_week, "month": pc.month, "year": pc.year,
}  # fmt: skip


def _time_part(events: pa.Table, part: str) -> Coded:
    """A part of the events' `ts` (UTC)."""
    return coded(pa.chunked_array([_PARTS[part](events.column("ts").combine_chunks()).cast(pa.int64())]))


def coded_list(values: Iterable[Any]) -> Coded:
    """Return plain values, None for null, as codes and distinct values."""
    place: dict[Any, int] = {}
    codes = [-1 if value is None else place.setdefault(value, len(place)) for value in values]
    return Coded(np.array(codes, np.int64), list(place))


def some_rows(column: Coded, rows: Codes) -> Coded:
    """Return some rows of a column, with only the values that they have."""
    used, codes = np.unique(column.codes[rows], return_inverse=True)
    first = 1 if len(used) and used[0] < 0 else 0
    return Coded(codes.astype(np.int64) - first, column.at(used[first:]))


def coded(column: pa.ChunkedArray) -> Coded:
    """Return a column of `events` by codes. Values that no row has may be among `values` only if they are few."""
    if column.num_chunks != 1:
        column = column.unify_dictionaries() if pa.types.is_dictionary(column.type) else column
        array = column.combine_chunks()
    else:
        array = column.chunk(0)
    if pa.types.is_string(array.type):
        array = array.dictionary_encode()
    if pa.types.is_dictionary(array.type):
        return _dictionary(array)
    if pa.types.is_boolean(array.type):
        if len(array) <= FEW:
            return Coded(np.array([-1 if v is None else int(v) for v in array.to_pylist()], np.int64), (False, True))
        return Coded(_filled(array.cast(pa.int8())), (False, True))
    return _numbers(array)


def _filled(array: pa.Array) -> Codes:
    """Small whole numbers as codes, null as -1."""
    if len(array) <= FEW:
        return np.array([-1 if code is None else code for code in array.to_pylist()], np.int64)
    filled = array.fill_null(-1) if array.null_count else array
    return np.asarray(filled.to_numpy(zero_copy_only=False), np.int64)


def _dictionary(array: pa.DictionaryArray) -> Coded:
    codes, values = _filled(array.indices), array.dictionary
    if len(values) <= 2 * len(codes) + 16:
        return Coded(codes, values)
    # A slice of a larger table: look only at the values that are there.
    used, inverse = np.unique(codes, return_inverse=True)
    first = 1 if len(used) and used[0] < 0 else 0
    return Coded(inverse.astype(np.int64) - first, values.take(pa.array(used[first:].tolist(), pa.int64())))


def _numbers(array: pa.Array) -> Coded:
    if array.null_count == len(array):
        return Coded(np.full(len(array), -1, np.int64), ())
    encoded = array.dictionary_encode()
    return Coded(_filled(encoded.indices), encoded.dictionary.to_pylist())
