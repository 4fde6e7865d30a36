"""Times and amounts as an operator reads them: epoch seconds in, the operator's zone out. Reads no clock."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TypeGuard
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_TIMES = frozenset(
    ("ts", "at", "hour", "start", "end", "first_ts", "last_ts", "checked", "created", "since", "until", "rotated", "expires",
     "opened", "ended", "begins", "ends", "started", "finished")
)  # fmt: skip
_FIRST = 1e8
"""Epoch seconds below which a number is none: the year 1973."""


def zone_of(name: str) -> tzinfo:
    """The zone called `name`, or UTC when this host does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def offset(at: float, zone: tzinfo) -> str:
    """How far `zone` is from UTC at that moment: `+01:00`, or `UTC`."""
    text = datetime.fromtimestamp(at, zone).strftime("%z")
    return f"{text[:3]}:{text[3:5]}" if text.strip("+-0") else "UTC"


def clock(at: float | None, zone: tzinfo, *, millis: bool = False) -> str:
    """Time of day, `HH:MM:SS` or with milliseconds; a dash when there is none."""
    if at is None:
        return "-"
    moment = datetime.fromtimestamp(at, zone)
    text = f"{moment.hour:02}:{moment.minute:02}:{moment.second:02}"
    return f"{text}.{moment.microsecond // 1000:03}" if millis else text


def stamp(at: float | None, zone: tzinfo) -> str:
    """Date and time of day with the offset, for details and dialogs."""
    if at is None:
        return "never"
    return f"{datetime.fromtimestamp(at, zone):%Y-%m-%d} {clock(at, zone, millis=True)} {offset(at, zone)}"


def day(at: float, zone: tzinfo) -> str:
    """Date."""
    return f"{datetime.fromtimestamp(at, zone):%Y-%m-%d}"


def is_time(value: object, name: str) -> TypeGuard[float]:
    """Whether what the engine says under `name` is a moment in epoch seconds (docs/api.md), and not another number."""
    return name in _TIMES and isinstance(value, (int, float)) and value > _FIRST


def short(at: float | None, now: float, zone: tzinfo) -> str:
    """`HH:MM` on the day of `now`, else `MM-DD`; eight cells at most."""
    if at is None:
        return "never"
    moment = datetime.fromtimestamp(at, zone)
    same_day = moment.date() == datetime.fromtimestamp(now, zone).date()
    return f"{moment:%H:%M:%S}" if same_day else f"{moment:%d %b}" if now - at < 300 * 86400 else f"{moment:%Y-%m}"


def age(seconds: float | None) -> str:
    """A span in one unit: `12 s`, `4 min`, `3 h`, `71 d`."""
    if seconds is None:
        return "unknown"
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86400:.0f} d"


def size(count: float) -> str:
    """Bytes in decimal units: `1.4 TB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def rate(per_second: float) -> str:
    """A rate in two digits, so that it does not flicker: `14/s`, `1.2k/s`."""
    if per_second < 9.5:
        return f"{per_second:.1f}/s" if 0.05 <= per_second < 0.95 else f"{per_second:.0f}/s"
    if per_second < 950:
        digits = 10 if per_second >= 95 else 1
        return f"{round(per_second / digits) * digits}/s"
    return f"{per_second / 1000:.1f}k/s" if per_second < 9950 else f"{per_second / 1000:.0f}k/s"
