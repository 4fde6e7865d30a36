"""The filter language of docs/api.md, compiled to one SQL condition with every value as a parameter.

Pure: field names come from the table below, values never become SQL text, `now` is passed in.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from seqwatch_tui.model.columns import ACTIONS, EVENT_COLUMNS
from seqwatch_tui.store.interface import StoreError
from seqwatch_tui.store.saved import convert


class FilterError(StoreError):
    """A word of a filter does not parse; the text names it and what would."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A compiled filter: a condition on the columns of `events` and the values of its `$names`."""

    sql: str = "true"
    params: Mapping[str, Any] = field(default_factory=dict)


_SHORT = {
    "user": "user_name", "ip": "src_ip", "session": "session_id", "key": "rule_key", "command": "command_line",
}  # fmt: skip
_BY_NAME = {
    c.name: c for c in EVENT_COLUMNS if c.name not in ("event_id", "ts", "serial", "source_ref", "errno", "bytes")
}
FIELDS: tuple[str, ...] = (
    "user", "ip", "dataset", "action", "outcome", "role", "path", "process", "exe", "session", "pid", "source", "key",
    "allowed", "command", "since", "until", *(n for n in _BY_NAME if n not in _SHORT.values()),
)  # fmt: skip
"""What may stand before `=`; the short names first."""
_BARE = ("path", "user_name", "process", "dataset", "reason")
_WORD = re.compile(r'(?:[^\s"]|"[^"]*")+')
_PARTS = re.compile(r"(!?)([A-Za-z_]+)(!?=|~)(.*)", re.DOTALL)
_SPAN = re.compile(r"-?(\d{1,6}[smhdw])")
_TIME = re.compile(r"now|\d{9,}(\.\d*)?|\d{4}-.+")
"""Epoch seconds since 1973, ISO 8601: a shorter number is more likely half a date, or a span without its unit."""
_TRUTH = {"yes": "is true", "no": "is false", "unknown": "is null", "true": "is true", "false": "is false"}
_OUTCOMES = ("success", "failure", "unknown")
_IPV4 = (
    "case when regexp_full_match(src_ip, '[0-9]{1,3}([.][0-9]{1,3}){3}') then "
    + " + ".join(f"split_part(src_ip, '.', {i})::bigint * {256 ** (4 - i)}" for i in range(1, 5))
    + " end"
)


def compile_filter(text: str, now: float) -> Filter:
    """Compile a filter; all its words must hold. Raises FilterError naming the word that does not parse.

    `now` (epoch seconds) is what `since=10m` counts from. Values with spaces are quoted: path="final copy".
    """
    if text.count('"') % 2:
        raise FilterError(f"a quote is not closed in: {text}")
    compiler = _Compiler(now)
    conditions = [compiler.word(word) for word in _WORD.findall(text)]
    return Filter(" and ".join(conditions) or "true", compiler.params)


class _Compiler:
    """Turns words into conditions and gathers their values as $f0, $f1, ..."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.params: dict[str, Any] = {}

    def word(self, word: str) -> str:
        match = _PARTS.fullmatch(word)
        if match is None:
            return self._bare(word)
        negated = bool(match[1]) != match[3].startswith("!")
        name, value = match[2], match[4].replace('"', "")
        if not value:
            raise FilterError(f"{word}: there is no value after {match[3]}")
        condition = self._field(word, name, match[3][-1], value)
        return f"not coalesce({condition}, false)" if negated else f"({condition})"

    def _value(self, value: Any) -> str:
        name = f"f{len(self.params)}"
        self.params[name] = value
        return f"${name}"

    def _bare(self, word: str) -> str:
        text = word.lstrip("!").replace('"', "")
        if not text:
            raise FilterError(f"{word}: there is no word after !")
        condition = self._contains(_BARE, text)
        return f"not {condition}" if word.startswith("!") else condition

    def _contains(self, columns: tuple[str, ...], text: str) -> str:
        value = self._value(text.lower())
        return "(" + " or ".join(f"coalesce(contains(lower({c}), {value}), false)" for c in columns) + ")"

    def _field(self, word: str, name: str, operator: str, value: str) -> str:
        if name in ("since", "until"):
            return self._time(word, name, value)
        column = _SHORT.get(name, name)
        if column not in _BY_NAME:
            raise FilterError(
                f"{word}: there is no field {name}{_nearest(name, FIELDS)}; fields: {', '.join(FIELDS[:17])}"
            )
        kind = _BY_NAME[column].arrow
        if operator == "~":
            return self._contains((f"{column}::varchar",), value)
        if kind == "bool":
            return _truth(word, column, value)
        if kind in ("int64", "int32"):
            return f"{column} = {self._value(_number(word, value))}"
        return _SPECIAL.get(column, _Compiler._text)(self, word, column, value)

    def _time(self, word: str, name: str, value: str) -> str:
        try:
            moment = convert("timestamp", _time_text(value), self.now)
        except (ValueError, OverflowError) as error:
            raise FilterError(f"{word}: write {name}=10m, 2h, 7d or a time such as 2026-11-22T03:00 (UTC)") from error
        return f"ts >= {self._value(moment)}" if name == "since" else f"ts < {self._value(moment)}"

    def _text(self, _word: str, column: str, value: str) -> str:
        if "*" not in value:
            return f"{column} = {self._value(value)}"
        escaped = re.sub(r"([\\%_])", r"\\\1", value).replace("*", "%")
        return f"{column} like {self._value(escaped)} escape '\\'"

    def _user(self, word: str, column: str, value: str) -> str:
        return f"{column} is null" if value == "unattributed" else self._text(word, column, value)

    def _action(self, word: str, column: str, value: str) -> str:
        return self._one_of(word, column, value, ACTIONS)

    def _outcome(self, word: str, column: str, value: str) -> str:
        return self._one_of(word, column, value, _OUTCOMES)

    def _one_of(self, word: str, column: str, value: str, known: tuple[str, ...]) -> str:
        if "*" not in value and value not in known:
            raise FilterError(
                f"{word}: there is no {column} {value}{_nearest(value, known)}; one of {', '.join(known)}"
            )
        return self._text(word, column, value)

    def _ip(self, word: str, column: str, value: str) -> str:
        if "/" not in value:
            return self._text(word, column, value)
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError as error:
            raise FilterError(f"{word}: {value} is not a network; write ip=10.0.0.0/8") from error
        if network.version == 6:
            raise FilterError(f"{word}: networks of IPv6 are not supported here; write ip=2001:db8:*")
        first, last = int(network.network_address), int(network.broadcast_address)
        return f"{_IPV4} between {self._value(first)} and {self._value(last)}"


_SPECIAL: Mapping[str, Callable[[_Compiler, str, str, str], str]] = {
    "user_name": _Compiler._user, "action": _Compiler._action, "outcome": _Compiler._outcome, "src_ip": _Compiler._ip,
}  # fmt: skip


def _time_text(value: str) -> str:
    """A time as `convert` takes it: a span counts back from now. ValueError for what is no time."""
    if back := _SPAN.fullmatch(value):
        return f"-{back[1]}"
    if _TIME.fullmatch(value):
        return value
    raise ValueError(value)


def _truth(word: str, column: str, value: str) -> str:
    if value not in _TRUTH:
        raise FilterError(f"{word}: write yes, no or unknown")
    return f"{column} {_TRUTH[value]}"


def _number(word: str, value: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", value):
        raise FilterError(f"{word}: {value} is not a whole number")
    return int(value)


def _nearest(name: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f" (did you mean {close[0]}?)" if close else ""
