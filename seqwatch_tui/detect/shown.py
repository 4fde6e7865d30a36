"""Rules and alerts as SQL that a person can read and run: the values of the twin written out as literals.

The twin itself (`sql`) only has bound parameters. What is written here is shown, stored beside an alert, and run by an
operator in the sandbox (`seqwatch sql`); the engine never runs it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from seqwatch_tui.detect.rule import Correlation, Rule
from seqwatch_tui.detect.sql import SqlQuery, fields_of, history_sql, pieces_of, where_sql
from seqwatch_tui.detect.sql_views import source_sql
from seqwatch_tui.detect.sql_windows import steps_sql

_COLUMNS = ("event_id", "ts", "action", "outcome", "user_name", "src_ip", "process", "path", "dataset")
_MARGIN = "INTERVAL 1 MILLISECOND"
_OF_ALERT = {
    "user_name": "e.user_name IS NOT DISTINCT FROM nullif(a.actor, 'unattributed')",
    "dataset": "e.dataset IS NOT DISTINCT FROM a.dataset",
}


def literal(value: Any) -> str:
    """Return a value as an SQL literal in printable characters; controls and bidi marks become chr(n)."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    parts = [_quoted(part) if printable else _chars(part) for part, printable in _parts(str(value))]
    return f"({' || '.join(parts)})" if len(parts) > 1 else parts[0] if parts else "''"


def rendered(query: SqlQuery) -> str:
    """Return the statement with its values in place of `?`; ValueError when their numbers differ."""
    pieces = pieces_of(query.sql)
    if len(pieces) != len(query.params) + 1:
        raise ValueError(f"the statement has {len(pieces) - 1} places for {len(query.params)} values")
    values = [*map(literal, query.params), ""]
    return "".join(piece + value for piece, value in zip(pieces, values, strict=True))


def rule_sql(rule: Rule, rules: Mapping[str, Rule]) -> str:
    """Return the query over all of history that a rule stands for."""
    return rendered(history_sql(rule, rules))


ALERT_ID = "{alert_id}"
"""Stands for the number of the alert in `alert_sql`."""


def alert_sql(family: Sequence[Rule], rules: Mapping[str, Rule]) -> str:
    """Return the query that shows again what raised an alert, ALERT_ID in place of its number.

    It gives the events, and of a correlation the measure.
    `family` are the rules that raise alerts under the alert's rule id, the one it is named after first. The bounds
    come from the row of `alerts`, so the same text holds while the alert grows.
    """
    head = family[0].body
    if isinstance(head, Correlation):
        return _correlation(head, rules)
    seen = _seen(("user_name", "dataset"))
    where = " OR ".join(_where(rule) for rule in family if not isinstance(rule.body, Correlation))
    return f"WITH {seen}\nSELECT {', '.join(_COLUMNS)} FROM seen\nWHERE {where}\nORDER BY event_id"


def _where(rule: Rule) -> str:
    """A plain rule's condition on the events `seen`; of another view, the events of which it has rows."""
    assert not isinstance(rule.body, Correlation), "a plain rule"  # noqa: S101
    where, source = where_sql(rule.body, rule.view), source_sql(rule.view, fields_of(rule.body), (), "seen")
    if source == "seen":
        return rendered(where)
    inner = SqlQuery(f"SELECT event_id FROM {source} WHERE {where.sql}", where.params)  # noqa: S608
    return f"event_id IN ({rendered(inner)})"


def _correlation(body: Correlation, rules: Mapping[str, Rule]) -> str:
    steps = steps_sql(body, rules, "seen")
    ctes = ",\n".join([_seen(body.group_by), *(f"{name} AS ({sql})" for name, sql in steps.ctes)])
    columns = ", ".join(f"e.{name}" for name in _COLUMNS)
    return rendered(
        SqlQuery(
            f"WITH {ctes}\nSELECT DISTINCT {columns}, h.measure\n"
            f"FROM seen e JOIN {steps.stages} s USING (event_id) LEFT JOIN {steps.hits} h USING (event_id)\n"
            "ORDER BY e.event_id",
            steps.params,
        )
    )


def _seen(group: Sequence[str]) -> str:
    """The events over the span of the alert; of the actor and dataset, where the rule keeps those apart."""
    same = "".join(f" AND {_OF_ALERT[name]}" for name in group if name in _OF_ALERT)
    span = f"e.ts BETWEEN a.first_ts - {_MARGIN} AND a.last_ts + {_MARGIN}"
    alert = f"a AS (SELECT * FROM alerts WHERE alert_id = {ALERT_ID})"  # noqa: S608
    return f"{alert},\nseen AS (SELECT e.* FROM events e, a WHERE {span}{same})"  # noqa: S608


def _parts(text: str) -> list[tuple[str, bool]]:
    return [("".join(run), printable) for printable, run in groupby(text, str.isprintable)]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _chars(text: str) -> str:
    return " || ".join(f"chr({ord(character)})" for character in text)
