"""The second execution of a rule: SQL for history, over its view (`sql_views`), with the meaning of `condition`.

Values are bound parameters only; identifiers come from the allow-list of `fields`. Each test is made two-valued by coalesce, so
AND, OR and NOT are plain logic, as in the matcher. Case: `lower()`, the same mapping as `text.fold`; `regexp_matches`
is RE2, as in the matcher.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqwatch_tui.detect.condition import And, Condition, Match, Not, Or, tests, wildcard_parts
from seqwatch_tui.detect.fields import FieldType, types_of
from seqwatch_tui.detect.rule import Rule
from seqwatch_tui.detect.sql_networks import cidr_sql
from seqwatch_tui.detect.sql_records import quoted
from seqwatch_tui.detect.sql_views import source_sql

_TEXT: Mapping[str, str] = {
    "eq": "{} = ?", "startswith": "starts_with({}, ?)", "endswith": "ends_with({}, ?)", "contains": "contains({}, ?)",
    "wildcard": "{} LIKE ? ESCAPE '\\'",
}  # fmt: skip
_COMPARE: Mapping[str, str] = {"eq": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_TOKENS = re.compile(r"""'[^']*'|"[^"]*"|\?|[^'"?]+""")
_PLACE = "?"
TypeOf = Callable[[str], FieldType]


@dataclass(frozen=True, slots=True)
class SqlQuery:
    """One statement and the values of its `?`, in order."""

    sql: str
    params: tuple[Any, ...]


def history_sql(rule: Rule, rules: Mapping[str, Rule] | None = None, rows: str | None = None) -> SqlQuery:
    """Return the query that finds in `events` what `rule` would have raised.

    A plain rule gives `event_id`, ascending. A correlation, for which `rules` holds the rules it refers to by id,
    gives one row per group that fired: its group_by columns, first_ts and last_ts (when it fired), measure (the
    highest value that was compared with the threshold) and hits. Raises KeyError for a rule that is not in `rules`.
    `rows` names a table that holds the fields of every view already, in place of history.
    """
    if isinstance(rule.body, And | Or | Not | Match):
        where = where_sql(rule.body, rule.view)
        source = rows or source_sql(rule.view, fields_of(rule.body))
        once = "DISTINCT " if rule.view == "records" else ""
        return SqlQuery(f"SELECT {once}event_id FROM {source} WHERE {where.sql} ORDER BY event_id", where.params)  # noqa: S608
    from seqwatch_tui.detect.sql_windows import groups_sql

    return groups_sql(rule.body, rules or {}, rows)


def pieces_of(sql: str) -> list[str]:
    """Return a statement cut at its places for values: at every `?` outside of quotes."""
    pieces = [""]
    for token in _TOKENS.findall(sql):
        if token == _PLACE:
            pieces.append("")
        else:
            pieces[-1] += token
    return pieces


def fields_of(condition: Condition) -> list[str]:
    """Return the fields that a condition looks at."""
    found = [name for test in tests(condition) for name in (test.field, *([test.value] if test.kind == "same" else []))]
    return [str(name) for name in dict.fromkeys(found)]


def where_sql(condition: Condition, view: str = "events") -> SqlQuery:
    """Return the condition on a view's fields as a two-valued SQL expression."""
    params: list[Any] = []
    return SqlQuery(_expression(condition, types_of(view), params), tuple(params))


def _expression(condition: Condition, type_of: TypeOf, params: list[Any]) -> str:
    match condition:
        case Match():
            return _test(condition, type_of, params)
        case Not(part):
            return f"(NOT {_expression(part, type_of, params)})"
        case And(parts):
            return _joined(" AND ", parts, "true", type_of, params)
        case Or(parts):
            return _joined(" OR ", parts, "false", type_of, params)


def _joined(word: str, parts: Sequence[Condition], empty: str, type_of: TypeOf, params: list[Any]) -> str:
    return f"({word.join(_expression(part, type_of, params) for part in parts)})" if parts else empty


def _test(test: Match, type_of: TypeOf, params: list[Any]) -> str:
    kind, name = type_of(test.field), quoted(test.field)
    if test.kind == "null":
        return f"({name} IS NULL)"
    if test.kind == "same":
        type_of(str(test.value))
        other = quoted(str(test.value))
        inner = f"lower({name}) = lower({other})" if kind == "text" else f"{name} = {other}"
    else:
        inner = _text(name, test, params) if kind == "text" else _plain(name, test, params)
    return f"coalesce({inner}, false)"


def _plain(name: str, test: Match, params: list[Any]) -> str:
    params.append(test.value)
    return f"{name} {_COMPARE[test.kind]} ?"


def _text(name: str, test: Match, params: list[Any]) -> str:
    match test.kind:
        case "regex":
            params.append(test.value)
            return f"regexp_matches({name}, ?)"
        case "cidr":
            return cidr_sql(name, str(test.value), params)
        case "lt" | "lte" | "gt" | "gte":
            params += ["-?[0-9]{1,18}", test.value]
            return f"CASE WHEN regexp_full_match({name}, ?) THEN {name}::BIGINT {_COMPARE[test.kind]} ? END"
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
