"""The second execution of a rule: SQL for history, over the `events` view, with the meaning of `condition`.

Values are bound parameters only; identifiers come from `fields.FIELDS`. Each test is made two-valued by coalesce, so
AND, OR and NOT are plain logic, as in the matcher. Case: `lower()`, the same mapping as `text.fold`; `regexp_matches`
is RE2, as in the matcher.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from seqwatch_tui.detect.condition import And, Condition, Match, Not, Or, wildcard_parts
from seqwatch_tui.detect.fields import FIELDS
from seqwatch_tui.detect.rule import Rule

_TEXT: Mapping[str, str] = {
    "eq": "{} = ?", "startswith": "starts_with({}, ?)", "endswith": "ends_with({}, ?)", "contains": "contains({}, ?)",
    "wildcard": "{} LIKE ? ESCAPE '\\'",
}  # fmt: skip
_COMPARE: Mapping[str, str] = {"eq": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(\.{_OCTET}){{3}}"


@dataclass(frozen=True, slots=True)
class SqlQuery:
    """One statement and the values of its `?`, in order."""

    sql: str
    params: tuple[Any, ...]


def history_sql(rule: Rule, rules: Mapping[str, Rule] | None = None) -> SqlQuery:
    """Return the query that finds in `events` what `rule` would have raised.

    A plain rule gives `event_id`, ascending. A correlation, for which `rules` holds the rules it refers to by id,
    gives one row per group that fired: its group_by columns, first_ts and last_ts (when it fired), measure (the
    highest value that was compared with the threshold) and hits. Raises KeyError for a rule that is not in `rules`.
    """
    if isinstance(rule.body, And | Or | Not | Match):
        where = where_sql(rule.body)
        return SqlQuery(f"SELECT event_id FROM events WHERE {where.sql} ORDER BY event_id", where.params)  # noqa: S608
    from seqwatch_tui.detect.sql_windows import groups_sql

    return groups_sql(rule.body, rules or {})


def where_sql(condition: Condition) -> SqlQuery:
    """Return the condition as a two-valued SQL expression."""
    params: list[Any] = []
    return SqlQuery(_expression(condition, params), tuple(params))


def column(name: str) -> str:
    """Return the quoted column of a field; KeyError for a name that is not on the allow-list."""
    if name not in FIELDS:
        raise KeyError(f"'{name}' is not a column that rules can test")
    return f'"{name}"'


def _expression(condition: Condition, params: list[Any]) -> str:
    match condition:
        case Match():
            return _test(condition, params)
        case Not(part):
            return f"(NOT {_expression(part, params)})"
        case And(parts):
            return _joined(" AND ", parts, "true", params)
        case Or(parts):
            return _joined(" OR ", parts, "false", params)


def _joined(word: str, parts: Sequence[Condition], empty: str, params: list[Any]) -> str:
    return f"({word.join(_expression(part, params) for part in parts)})" if parts else empty


def _test(test: Match, params: list[Any]) -> str:
    name = column(test.field)
    if test.kind == "null":
        return f"({name} IS NULL)"
    kind = FIELDS[test.field]
    inner = _text(name, test, params) if kind == "text" else _plain(name, test, params)
    return f"coalesce({inner}, false)"


def _plain(name: str, test: Match, params: list[Any]) -> str:
    if test.kind == "same":
        return f"{name} = {column(str(test.value))}"
    params.append(test.value)
    return f"{name} {_COMPARE[test.kind]} ?"


def _text(name: str, test: Match, params: list[Any]) -> str:
    match test.kind:
        case "same":
            return f"lower({name}) = lower({column(str(test.value))})"
        case "regex":
            params.append(test.value)
            return f"regexp_matches({name}, ?)"
        case "cidr":
            return _cidr(name, IPv4Network(str(test.value)), params)
    params.append(_like(str(test.value)) if test.kind == "wildcard" else test.value)
    return _TEXT[test.kind].format(name if test.cased else f"lower({name})")


def _like(pattern: str) -> str:
    """A wildcard pattern in LIKE's spelling, backslash as the escape character."""
    spelled = ""
    for part in wildcard_parts(pattern):
        if isinstance(part, str):
            spelled += part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        else:
            spelled += "%" if part is None else "_"
    return spelled


def _cidr(name: str, network: IPv4Network, params: list[Any]) -> str:
    """Membership of an address in dotted form (RFC 4632) by arithmetic on its four numbers; other text is outside."""
    number = " + ".join(
        f"try_cast(split_part({name}, '.', {place}) AS BIGINT) * {256 ** (4 - place)}" for place in (1, 2, 3, 4)
    )
    params += [_IPV4, int(network.network_address), int(network.broadcast_address)]
    return f"(regexp_full_match({name}, ?) AND {number} BETWEEN ? AND ?)"
