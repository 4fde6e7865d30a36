"""What-if: the alerts a rule would have raised over history, and what operators said of those it did raise. SQL only.

The statement has bound parameters and runs in the sandbox. Folding is that of live alerts: hits of one actor and
dataset with at most `fold` seconds between them are one alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seqwatch_tui.detect.rule import Correlation, Rule
from seqwatch_tui.detect.sql import fields_of, pieces_of, where_sql
from seqwatch_tui.detect.sql_views import source_sql
from seqwatch_tui.detect.sql_windows import steps_sql

JUDGED = ("true", "false", "expected", "open", "suppressed", "none")
"""How a past alert of the rule on the same events stands; `none`: the rule raised nothing on them."""
_SEEN = "seen AS (SELECT * FROM events WHERE ts >= $since)"
_ALERTS = """
h AS (SELECT DISTINCT e.event_id, e.ts, coalesce(e.user_name, 'unattributed') AS actor, e.dataset
  FROM hits JOIN seen e USING (event_id)),
g AS (SELECT *, coalesce(ts - lag(ts) OVER w > to_seconds($fold), true)::integer AS first FROM h
  WINDOW w AS (PARTITION BY actor, dataset ORDER BY ts, event_id)),
n AS (SELECT *, sum(first) OVER (PARTITION BY actor, dataset ORDER BY ts, event_id) AS number FROM g),
past AS (SELECT v.event_id, max_by(CASE a.state WHEN 'closed' THEN coalesce(a.verdict, 'open')
    WHEN 'suppressed' THEN 'suppressed' ELSE 'open' END, a.alert_id) AS judged
  FROM alert_evidence v JOIN alerts a USING (alert_id) WHERE a.rule_id = $rule GROUP BY v.event_id),
one AS (SELECT n.actor, n.dataset, n.number, min(n.ts) AS ts, count(*) AS events,
    coalesce(max_by(p.judged, n.event_id) FILTER (p.judged IS NOT NULL), 'none') AS judged
  FROM n LEFT JOIN past p USING (event_id) GROUP BY n.actor, n.dataset, n.number)
SELECT strftime(ts, '%Y-%m-%d') AS day, actor, dataset, judged, count(*)::bigint AS alerts, sum(events)::bigint AS events
FROM one GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement and the values of its $names."""

    sql: str
    parameters: Mapping[str, Any]


def backtest_sql(rule: Rule, rules: Mapping[str, Rule], since: Any) -> Statement:
    """Return the statement for one rule over the events from `since` (a UTC datetime) on.

    It gives day (UTC), actor, dataset, judged (one of JUDGED), alerts and events. `rules` holds the rules that a
    correlation refers to; raises KeyError when one is missing.
    """
    if isinstance(rule.body, Correlation):
        steps = steps_sql(rule.body, rules, "seen")
        ctes = [*(f"{name} AS ({sql})" for name, sql in steps.ctes), f"hits AS (SELECT event_id FROM {steps.hits})"]  # noqa: S608
        values = steps.params
    else:
        where = where_sql(rule.body, rule.view)
        source = source_sql(rule.view, fields_of(rule.body), (), "seen")
        ctes, values = [f"hits AS (SELECT event_id FROM {source} WHERE {where.sql})"], where.params  # noqa: S608
    named = {f"p{number}": value for number, value in enumerate(values, 1)}
    sql = _named(",\n".join(ctes), len(values))
    fixed = {"since": since, "fold": rule.fold, "rule": rule.alert_as or rule.rule_id}
    return Statement(f"WITH {_SEEN},\n{sql},{_ALERTS}", {**named, **fixed})


def _named(sql: str, count: int) -> str:
    """The places `?` as $p1, $p2, ...; ValueError when their number is not `count`."""
    pieces = pieces_of(sql)
    if len(pieces) != count + 1:
        raise ValueError(f"the statement has {len(pieces) - 1} places for {count} values")
    return pieces[0] + "".join(f"$p{number}{piece}" for number, piece in enumerate(pieces[1:], 1))
