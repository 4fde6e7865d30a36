"""Records (flat or nested JSON objects, parts of a text line) become rows of `events` by a mapping.

A run of records is turned into rows column by column. Values that do not fit their column stay null, unguessed; what an
action or outcome word means is in the mapping only. The raw line is kept by the caller. Pure.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from collections.abc import Mapping as MappingOf
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_to_bytes

from seqwatch_tui.model.text import from_bytes
from seqwatch_tui.parse.event import ROW_COLUMNS
from seqwatch_tui.parse.identities import Identities, Told, address_value, same_host
from seqwatch_tui.parse.lookup import Lookup, word_of
from seqwatch_tui.parse.mapping import ANY, Logins, Mapping, Place, Spec
from seqwatch_tui.parse.normalise import W_NOCWD, normalise_path, unset_to_none

W_ACTION = "action"
"""The mapping does not know what the source calls the action."""

_MAX = 1 << 63
_URL = re.compile(r"[a-z][a-z0-9+.-]*://")

Row = tuple[object, ...]


def wanted(mapping: Mapping, places: Lookup) -> list[bool]:
    """Which records are events: those for which one of the mapping's `only` holds; all when it has none."""
    if not mapping.only:
        return [True] * len(places)
    held = [places.holds(conditions) for conditions in mapping.only]
    return [any(one) for one in zip(*held, strict=True)]


def flat_rows(mapping: Mapping, places: Lookup, host: str, known: Identities) -> list[Row | None]:
    """The rows of a run of records in ROW_COLUMNS order; null for one without a time that can be read."""
    rows = len(places)
    nothing: list[Any] = [None] * rows
    hosts = [v or host for v in _column("host", mapping.columns.get("host", ()), places, _Names(known, [True] * rows))]
    own = {h: same_host(h, host) for h in set(hosts)}
    names = _Names(known, [own[h] for h in hosts])
    found = {column: _column(column, specs, places, names) for column, specs in mapping.columns.items()}
    found["host"] = hosts
    actions, paths = found.get("action", nothing), found.get("path", nothing)
    found["warnings"] = [_warnings(a, p) for a, p in zip(actions, paths, strict=True)]
    found["action"] = [value or "other" for value in actions]
    found["outcome"] = [value or "unknown" for value in found.get("outcome", nothing)]
    found["complete"] = [True] * rows
    for name, number in (("user_name", "auid"), ("uid_name", "uid")):
        given, of_ids = found.get(name, nothing), names.of(found.get(number, nothing))
        found[name] = [a or b for a, b in zip(given, of_ids, strict=True)]
    columns = [found.get(column, nothing) for column in ROW_COLUMNS]
    return [row if row[0] is not None else None for row in zip(*columns, strict=True)]


def lost_events(mapping: Mapping, places: Lookup, known: Identities) -> list[int | None]:
    """How many events each record says the source dropped."""
    names = _Names(known, [False] * len(places))
    return [number if number else None for number in _column("bytes", mapping.lost, places, names)]


def hear_logins(logins: Logins, places: Lookup, rows: Sequence[Row | None], known: Identities) -> None:
    """Tell of the logins in a run of records, in their order; the rows hold who, from where and which session."""
    steps = [
        [any(held) for held in zip(*map(places.holds, word), strict=True)] if word else [False] * len(places)
        for word in (logins.let_in, logins.opened, logins.closed)
    ]
    keys = places.first_of(logins.key) if logins.key else [None] * len(places)
    for row, key, let_in, opened, closed in zip(rows, keys, *steps, strict=True):
        if row is not None and (let_in or opened or closed):
            said = dict(zip(ROW_COLUMNS, row, strict=True))
            told = Told(
                said["ts"] / 1e6, said["host"] or "", said["pid"], said["session_id"], said["auid"], said["user_name"],
                said["src_ip"], said["tty"], said["process"], _text(key),
            )  # fmt: skip
            (known.let_in if let_in else known.opened if opened else known.closed)(told)


class _Names:
    """Names of uids, for records of this host only: the same number on another host is somebody else."""

    def __init__(self, known: Identities, own: Sequence[bool]) -> None:
        self._known, self._own = known, own

    def of(self, ids: Sequence[int | None]) -> list[str | None]:
        """The name of each record's id, null where it is not known."""
        name_of = self._known.name_of
        return [None if i is None else name_of(i, foreign=not own) for i, own in zip(ids, self._own, strict=True)]


def _warnings(action: Any, path: Any) -> str | None:
    relative = isinstance(path, str) and not path.startswith("/") and not _URL.match(path)
    if action is None:
        return f"{W_ACTION};{W_NOCWD}" if relative else W_ACTION
    return W_NOCWD if relative else None


def _column(column: str, specs: Sequence[Spec], places: Lookup, names: _Names) -> list[Any]:
    """Values of one column: the first spec that gives one that fits."""
    values: list[Any] | None = None
    for spec in specs:
        if values is not None and None not in values:
            break
        mine = _fitting(column, spec, _values(spec, places, names))
        values = mine if values is None else [b if a is None else a for a, b in zip(values, mine, strict=True)]
    return values if values is not None else [None] * len(places)


def _values(spec: Spec, places: Lookup, names: _Names) -> list[Any]:
    """What a spec finds, before it is fitted to the column."""
    if spec.constant is not None:
        values: list[Any] = [spec.constant] * len(places)
    elif spec.text:
        values = _joined(spec.text, places)
    elif spec.account is not None:
        values = names.of([_unset(value) for value in places.of(spec.account)])
    else:
        values = places.first_of(spec.places)
    if spec.percent:
        values = [from_bytes(unquote_to_bytes(value)) if isinstance(value, str) else value for value in values]
    if spec.when:
        values = [value if held else None for value, held in zip(values, places.holds(spec.when), strict=True)]
    return values


def _joined(pieces: Sequence[str | Place], places: Lookup) -> list[Any]:
    parts = [[p] * len(places) if isinstance(p, str) else [_plain(v) for v in places.of(p)] for p in pieces]
    return ["".join(row) if None not in row else None for row in zip(*parts, strict=True)]


def _plain(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _fitting(column: str, spec: Spec, values: list[Any]) -> list[Any]:
    if column == "ts":
        return _times(values, spec.time)
    if spec.table is not None:
        table = spec.table
        values = [None if value is None else _meant(table, value) for value in values]
    convert = _CONVERT.get(column)
    return values if convert is None else [None if value is None else convert(value) for value in values]


def _meant(table: MappingOf[str, str], value: Any) -> str | None:
    """What a table says of a value; of a list, what it says of the first element that it knows."""
    if isinstance(value, list):
        return next((m for element in value if (m := table.get(word_of(element))) is not None), table.get(ANY))
    return table.get(word_of(value), table.get(ANY))


_UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}


def _times(values: list[Any], form: str | None) -> list[int | None]:
    if form is None:
        return [time_us(value) for value in values]
    if form in ("s", "ms", "us", "ns"):
        return [_counted(value, form) for value in values]
    seen = {value: _written(value, form) for value in {v for v in values if isinstance(v, str)}}
    return [seen[value] if isinstance(value, str) else None for value in values]


def _counted(value: Any, unit: str) -> int | None:
    """Microseconds of a number, or a text of one, in `unit`."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,19}(\.\d{1,9})?", value):
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e20:
        return None
    us = int(value) // 1000 if unit == "ns" else round(value * _UNITS[unit])
    return us if us < _MAX else None


def _written(value: str, form: str) -> int | None:
    try:
        return _since_epoch(datetime.strptime(value, form))  # noqa: DTZ007 - without a zone it is UTC, see there
    except ValueError:
        return None


def time_us(value: Any) -> int | None:
    """Microseconds since the epoch of an ISO 8601 text (no zone: UTC) or a number of s, ms, us or ns; else null.

    The unit of a number follows from its size: seconds stay below 1e11 until the year 5138.
    """
    if isinstance(value, str):
        try:
            return _since_epoch(datetime.fromisoformat(value))
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e20:
        return None
    for limit, factor in ((1e11, 1_000_000), (1e14, 1_000), (1e17, 1)):
        if value < limit:
            return round(value * factor)
    return int(value // 1000)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _since_epoch(moment: datetime) -> int:
    delta = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _int(value: Any) -> int | None:
    if isinstance(value, str) and len(value) < 20 and value.isascii() and value.removeprefix("-").isdigit():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and -_MAX <= value < _MAX else None


def _path(value: Any) -> str | None:
    text = _text(value)
    if text is None or _URL.match(text):
        return text  # the key of an object is no path: nothing in it is resolved
    return normalise_path(text)


def _command(value: Any) -> str | None:
    if isinstance(value, list) and value and all(isinstance(argument, str) for argument in value):
        return shlex.join(value)
    return _text(value)


def _errno(value: Any) -> int | None:
    """An error number, also as the kernel returns it (negative)."""
    number = _int(value)
    return abs(number) if number is not None and 0 < abs(number) < 4096 else None


def _address(value: Any) -> str | None:
    return address_value(_text(value))


def _unset(value: Any) -> int | None:
    return unset_to_none(_int(value))


def _reference(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and value != "" else None


_CONVERT: dict[str, Callable[[Any], object]] = {
    **dict.fromkeys(("host", "user_name", "uid_name", "tty", "process", "exe", "rule_key", "syscall"), _text),
    **dict.fromkeys(("uid", "auid", "session_id"), _unset),
    **dict.fromkeys(("pid", "ppid", "bytes"), _int),
    **dict.fromkeys(("path", "old_path"), _path),
    "command_line": _command,
    "source_ref": _reference,
    "errno": _errno,
    "src_ip": _address,
}
