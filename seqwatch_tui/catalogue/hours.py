"""Business hours of many instants at once, right across changes of the offset from UTC.

The offset is asked of the zone at both ends of each distinct hour of UTC. Where they differ, the change falls into that
hour and its instants are asked one by one; everywhere else it is arithmetic.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

import numpy as np
import numpy.typing as npt

from seqwatch_tui.config.people import BusinessHours
from seqwatch_tui.config.quiet import Schedule

Int64s = npt.NDArray[np.int64]

_SECOND = 1_000_000
_HOUR = 3600 * _SECOND
_DAY = 86_400 * _SECOND
_MEMO = 65_536
_CLOSE = 48
"""Hours between the first and the last of a batch up to which all between them are asked."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_HOUR = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(hours=1)


class Hours:
    """Business hours of a site, or another schedule, in its zone."""

    def __init__(self, hours: BusinessHours | Schedule, zone: tzinfo) -> None:
        self._zone = zone
        self._start, self._end = _microseconds(hours.start), _microseconds(hours.end)
        self._weekdays = np.array([day in hours.days for day in range(7)], bool)
        holidays = hours.holidays if isinstance(hours, BusinessHours) else ()
        self._holidays = np.array(sorted((day - date(1970, 1, 1)).days for day in holidays), np.int64)
        self._offsets: dict[int, int] = {}

    def inside(self, instants: Int64s) -> npt.NDArray[np.bool_]:
        """Say for each instant (microseconds of UTC since 1970) whether it is inside."""
        local = instants + self._offset_of(instants)
        day, of_day = np.divmod(local, _DAY)
        if self._start < self._end:
            return (of_day >= self._start) & (of_day < self._end) & self._working(day)
        evening = (of_day >= self._start) & self._working(day)
        morning = (of_day < self._end) & self._working(day - 1)
        return evening | morning

    def _working(self, day: Int64s) -> npt.NDArray[np.bool_]:
        weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
        return self._weekdays[weekday] & ~np.isin(day, self._holidays)

    def _offset_of(self, instants: Int64s) -> Int64s:
        hours, position = _distinct(instants // _HOUR)
        begin = np.array([self._offset(int(hour)) for hour in hours], np.int64)
        end = np.array([self._offset(int(hour) + 1) for hour in hours], np.int64)
        offsets: Int64s = begin[position]
        for row in np.flatnonzero((begin != end)[position]):
            offsets[row] = self._ask(_EPOCH + timedelta(microseconds=int(instants[row])))
        return offsets

    def _offset(self, hour: int) -> int:
        found = self._offsets.get(hour)
        if found is None:
            if len(self._offsets) >= _MEMO:
                self._offsets.clear()
            bounded = min(max(hour, 0), _LAST_HOUR)
            found = self._offsets[hour] = self._ask(_EPOCH + timedelta(hours=bounded))
        return found

    def _ask(self, instant: datetime) -> int:
        return (instant.astimezone(self._zone).utcoffset() or timedelta()) // timedelta(microseconds=1)


def _distinct(hours: Int64s) -> tuple[Int64s, npt.NDArray[np.intp]]:
    """Return a few hours that hold all of these, and the position of each; without sorting where they are close."""
    if not len(hours):
        return hours, np.zeros(0, np.intp)
    first, last = int(hours.min()), int(hours.max())
    if last - first > _CLOSE:
        return np.unique(hours, return_inverse=True)
    return np.arange(first, last + 1), hours - first


def _microseconds(moment: time) -> int:
    return (moment.hour * 3600 + moment.minute * 60) * _SECOND


def instants_of(column: Any) -> tuple[Int64s, npt.NDArray[np.bool_]]:
    """Return a timestamp[us] column as microseconds since 1970, and which rows are null (their value is 0)."""
    null = column.is_null().to_numpy()
    return column.cast("int64").fill_null(0).to_numpy(), null
