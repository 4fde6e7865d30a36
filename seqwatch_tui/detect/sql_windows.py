"""Correlations as SQL: each rule a CTE of hits, each correlation a window over the hits it refers to.

A window is a RANGE frame over `ts`, both ends included, peers included: the meaning of `windows`, without its bounds
on memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqwatch_tui.detect.rule import Correlation, Rule
from seqwatch_tui.detect.sql import SqlQuery, column, where_sql


@dataclass(frozen=True, slots=True)
class Steps:
    """A correlation step by step: the CTEs in order and the values of their `?`.

    `stages` names the CTE with every event that the correlation looked at, `hits` the one where it held; both have
    event_id and ts, `hits` the measure as well.
    """

    ctes: tuple[tuple[str, str], ...]
    params: tuple[Any, ...]
    stages: str
    hits: str


def steps_sql(correlation: Correlation, rules: Mapping[str, Rule], events: str = "events") -> Steps:
    """Return the steps of a correlation over the events of the table or CTE `events`."""
    statement = _Statement(rules, _columns(correlation, rules), events)
    hits = statement.correlation(correlation)
    return Steps(tuple(statement.ctes), tuple(statement.params), statement.stages, hits)


def groups_sql(correlation: Correlation, rules: Mapping[str, Rule]) -> SqlQuery:
    """Return the query of the groups on which `correlation` fired; see `sql.history_sql`."""
    statement = _Statement(rules, _columns(correlation, rules))
    hits = statement.correlation(correlation)
    keys = ", ".join(column(name) for name in correlation.group_by)
    grouped = f"GROUP BY {keys}" if keys else "HAVING count(*) > 0"
    values = "min(ts) AS first_ts, max(ts) AS last_ts, max(measure) AS measure, count(*) AS hits"
    select = f"{keys}, {values}" if keys else values
    ctes = ",\n".join(f"{name} AS ({sql})" for name, sql in statement.ctes)
    return SqlQuery(f"WITH {ctes}\nSELECT {select} FROM {hits} {grouped} ORDER BY ALL", tuple(statement.params))


def _columns(correlation: Correlation, rules: Mapping[str, Rule]) -> tuple[str, ...]:
    """The columns that this correlation, or one that it refers to, groups by or counts."""
    names = [*correlation.group_by, *([correlation.field] if correlation.field else [])]
    for rule_id in correlation.rules:
        body = rules[rule_id].body
        if isinstance(body, Correlation):
            names += _columns(body, rules)
    return tuple(dict.fromkeys(names))


class _Statement:
    """The CTEs of one statement, in order, and their parameters."""

    def __init__(self, rules: Mapping[str, Rule], columns: Sequence[str], events: str = "events") -> None:
        self.ctes: list[tuple[str, str]] = []
        self.params: list[Any] = []
        self.stages = ""
        self._events = events
        self._rules = rules
        self._columns = ", ".join(["event_id", "ts", *(column(name) for name in columns)])

    def correlation(self, correlation: Correlation) -> str:
        """Add the CTEs of a correlation; return the name of the one with its hits: columns and `measure`."""
        sources = [self._rule(self._rules[rule_id]) for rule_id in correlation.rules]
        stages = self._add(
            " UNION ALL ".join(f"SELECT {self._columns}, {stage} AS stage FROM {s}" for stage, s in enumerate(sources))  # noqa: S608
        )
        self.stages = stages
        if correlation.kind == "temporal_ordered":
            return self._ordered(correlation, stages)
        return self._counted(correlation, stages)

    def _rule(self, rule: Rule) -> str:
        if isinstance(rule.body, Correlation):
            return self.correlation(rule.body)
        where = where_sql(rule.body)
        self.params += where.params
        return self._add(f"SELECT {self._columns} FROM {self._events} WHERE {where.sql}")  # noqa: S608

    def _counted(self, correlation: Correlation, stages: str) -> str:
        counted = {
            "value_count": f"DISTINCT {column(correlation.field)}" if correlation.field else "*",
            "temporal": "DISTINCT stage",
        }
        measure = f"count({counted.get(correlation.kind, '*')}) OVER ({self._window(correlation, correlation.span)})"
        return self._fired(f"SELECT *, {measure} AS measure FROM {stages}", correlation.at_least)  # noqa: S608

    def _ordered(self, correlation: Correlation, stages: str) -> str:
        """`start` of an event of stage n: the latest event of stage 0 from which stages 1..n follow in order."""
        before = stages
        for stage in range(len(correlation.rules)):
            start = (
                "ts"
                if stage == 0
                else f"max(start) FILTER (stage = {stage - 1}) OVER ({self._window(correlation, None)})"
            )
            kept = "NULL::TIMESTAMP" if stage == 0 else "start"
            chosen = "* EXCLUDE (start)" if stage else "*"
            before = self._add(
                f"SELECT {chosen}, CASE WHEN stage = {stage} THEN {start} ELSE {kept} END AS start FROM {before}"  # noqa: S608
            )
        last = len(correlation.rules)
        self.params += [last - 1, correlation.span]
        return self._add(
            f"SELECT *, {last} AS measure FROM {before} WHERE stage = ? AND ts - start <= to_seconds(?)"  # noqa: S608
        )

    def _window(self, correlation: Correlation, span: int | None) -> str:
        keys = ", ".join(column(name) for name in correlation.group_by)
        reach = "UNBOUNDED" if span is None else f"INTERVAL {int(span)} SECOND"
        partition = f"PARTITION BY {keys} " if keys else ""
        return f"{partition}ORDER BY ts RANGE BETWEEN {reach} PRECEDING AND CURRENT ROW"

    def _fired(self, counted: str, at_least: int) -> str:
        self.params.append(at_least)
        return self._add(f"SELECT * FROM ({counted}) WHERE measure >= ?")  # noqa: S608

    def _add(self, sql: str) -> str:
        name = f"step{len(self.ctes)}"
        self.ctes.append((name, sql))
        return name
