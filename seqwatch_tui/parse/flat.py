"""A flat JSON object becomes a row of `events` by a mapping. Values that do not fit their column stay null, unguessed.

What an action or outcome word means is in the mapping only; the raw line is kept by the caller. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingOf
from datetime import UTC, datetime
from typing import Any

from seqwatch_tui.parse.event import ROW_COLUMNS
from seqwatch_tui.parse.identities import Identities, address_value
from seqwatch_tui.parse.mapping import Mapping, Steps
from seqwatch_tui.parse.normalise import W_NOCWD, normalise_path, unset_to_none

W_ACTION = "action"
"""The mapping does not know what the source calls the action."""

_MAX = 1 << 63


def flat_row(value: MappingOf[str, Any], mapping: Mapping, host: str, known: Identities) -> tuple[object, ...] | None:
    """The object's row in ROW_COLUMNS order, or null when it has no time that can be read."""
    found = {column: _find(value, places) for column, places in mapping.fields.items()}
    ts = time_us(found.get("ts"))
    if ts is None:
        return None
    row: dict[str, object] = {c: _CONVERT[c](v) for c, v in found.items() if c in _CONVERT}
    warnings = []
    action = _mapped(mapping, "action", found.get("action"))
    if action is None:
        warnings.append(W_ACTION)
    path = row.get("path")
    if isinstance(path, str) and not path.startswith("/"):
        warnings.append(W_NOCWD)
    row.update(
        ts=ts,
        host=row.get("host") or host,
        action=action or "other",
        outcome=_mapped(mapping, "outcome", found.get("outcome")) or "unknown",
        complete=True,
        warnings=";".join(warnings) or None,
    )
    auid, uid = row.get("auid"), row.get("uid")
    row["user_name"] = row.get("user_name") or (known.name_of(auid) if isinstance(auid, int) else None)
    row["uid_name"] = row.get("uid_name") or (known.name_of(uid) if isinstance(uid, int) else None)
    return tuple(row.get(column) for column in ROW_COLUMNS)


def _find(value: MappingOf[str, Any], places: tuple[Steps, ...]) -> Any:
    for steps in places:
        at: Any = value
        for step in steps:
            at = at.get(step) if isinstance(at, dict) else None
        if at is not None:
            return at
    return None


def _mapped(mapping: Mapping, column: str, value: Any) -> str | None:
    text = ("true" if value else "false") if isinstance(value, bool) else str(value).lower()
    return mapping.values.get(column, {}).get(text) if value is not None else None


def time_us(value: Any) -> int | None:
    """Microseconds since the epoch of an ISO 8601 text (no zone: UTC) or a number of s, ms, us or ns; else null.

    The unit of a number follows from its size: seconds stay below 1e11 until the year 5138.
    """
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        delta = moment - _EPOCH
        return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e20:
        return None
    for limit, factor in ((1e11, 1_000_000), (1e14, 1_000), (1e17, 1)):
        if value < limit:
            return round(value * factor)
    return int(value // 1000)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _int(value: Any) -> int | None:
    if isinstance(value, str) and len(value) < 20 and value.isascii() and value.removeprefix("-").isdigit():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and -_MAX <= value < _MAX else None


def _path(value: Any) -> str | None:
    text = _text(value)
    return normalise_path(text) if text else None


def _errno(value: Any) -> int | None:
    number = _int(value)
    return number if number is not None and 0 < number < 4096 else None


def _address(value: Any) -> str | None:
    return address_value(_text(value))


def _unset(value: Any) -> int | None:
    return unset_to_none(_int(value))


_CONVERT: dict[str, Callable[[Any], object]] = {
    **dict.fromkeys(
        ("host", "user_name", "uid_name", "tty", "process", "exe", "command_line", "rule_key", "syscall"), _text
    ),
    **dict.fromkeys(("uid", "pid", "ppid", "bytes"), _int),
    **dict.fromkeys(("path", "old_path"), _path),
    **dict.fromkeys(("auid", "session_id"), _unset),
    "source_ref": lambda value: str(value) if isinstance(value, str | int) and value != "" else None,
    "errno": _errno,
    "src_ip": _address,
}
