"""Correlations as SQL: each rule a CTE of hits, each correlation a window over the hits it refers to.

A window is a RANGE frame over `ts`, both ends included, peers included: the meaning of `windows`, without its bounds
on memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqwatch_tui.detect.condition import Condition
from seqwatch_tui.detect.fields import FIELDS
from seqwatch_tui.detect.rule import Correlation, Rule
from seqwatch_tui.detect.slots import has_slot, slot_type, slots
from seqwatch_tui.detect.sql import SqlQuery, fields_of, where_sql
from seqwatch_tui.detect.sql_records import quoted
from seqwatch_tui.detect.sql_views import OF_EVENT, source_sql

_NULLS = {"text": "NULL::VARCHAR", "number": "NULL::BIGINT", "bool": "NULL::BOOLEAN"}


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
    statement = _Statement(rules, slots(correlation, rules), events)
    hits = statement.correlation(correlation)
    return Steps(tuple(statement.ctes), tuple(statement.params), statement.stages, hits)


def groups_sql(correlation: Correlation, rules: Mapping[str, Rule], rows: str | None = None) -> SqlQuery:
    """Return the query of the groups on which `correlation` fired; see `sql.history_sql`."""
    statement = _Statement(rules, slots(correlation, rules), rows=rows)
    hits = statement.correlation(correlation)
    names = ", ".join(f"k{n} AS {quoted(name)}" for n, name in enumerate(correlation.group_by))
    grouped = f"GROUP BY {_keys(correlation)}" if names else "HAVING count(*) > 0"
    values = "min(ts) AS first_ts, max(ts) AS last_ts, max(measure) AS measure, count(*) AS hits"
    select = f"{names}, {values}" if names else values
    ctes = ",\n".join(f"{name} AS ({sql})" for name, sql in statement.ctes)
    return SqlQuery(f"WITH {ctes}\nSELECT {select} FROM {hits} {grouped} ORDER BY ALL", tuple(statement.params))


def _keys(correlation: Correlation) -> str:
    return ", ".join(f"k{n}" for n in range(len(correlation.group_by)))


class _Statement:
    """The CTEs of one statement, in order, and their parameters. `slots` are columns of every hit."""

    def __init__(
        self, rules: Mapping[str, Rule], slots: Sequence[str], events: str = "events", rows: str | None = None
    ) -> None:
        self.ctes: list[tuple[str, str]] = []
        self.params: list[Any] = []
        self.stages = ""
        self._events, self._rows = events, rows
        self._rules, self._slots = rules, slots
        self._columns = ", ".join(["event_id", "ts", *map(quoted, slots)])

    def correlation(self, correlation: Correlation) -> str:
        """Add the CTEs of a correlation; return the name of the one with its hits.

        Its columns are those of a hit, the group's keys k0, k1, ..., the counted `v` and `measure`.
        """
        sources = [self._rule(self._rules[rule_id]) for rule_id in correlation.rules]
        stages = self._add(
            " UNION ALL ".join(
                f"SELECT {self._columns}{self._named(correlation, rule)}, {stage} AS stage FROM {source}"  # noqa: S608
                for stage, (rule, source) in enumerate(zip(correlation.rules, sources, strict=True))
            )
        )
        self.stages = stages
        if correlation.kind == "temporal_ordered":
            return self._ordered(correlation, stages)
        return self._counted(correlation, stages)

    @staticmethod
    def _named(correlation: Correlation, rule: str) -> str:
        """What one rule's hits are grouped by and counted as."""
        keys = [f", {quoted(correlation.source(n, rule))} AS k{at}" for at, n in enumerate(correlation.group_by)]
        counted = f", {quoted(correlation.source(correlation.field, rule))} AS v" if correlation.field else ""
        return "".join(keys) + counted

    def _rule(self, rule: Rule) -> str:
        if isinstance(rule.body, Correlation):
            return self.correlation(rule.body)
        where = where_sql(rule.body, rule.view)
        self.params += where.params
        return self._add(f"SELECT {self._selected(rule)} FROM {self._source(rule, rule.body)} WHERE {where.sql}")  # noqa: S608

    def _source(self, rule: Rule, condition: Condition) -> str:
        """The view of a plain rule, with its fields and the slots that it has."""
        if self._rows:
            return self._rows
        own = [name for name in self._slots if name not in FIELDS and has_slot(rule, name)]
        columns = [name for name in self._slots if name in FIELDS]
        return source_sql(rule.view, [*fields_of(condition), *own], columns, self._events)

    def _selected(self, rule: Rule) -> str:
        shown = ["event_id", "ts"]
        for name in self._slots:
            column = OF_EVENT + name if name in FIELDS and rule.view == "records" and not self._rows else name
            value = quoted(column) if has_slot(rule, name) else _NULLS[slot_type(name)]
            shown.append(f"{value if name in FIELDS else f'{value}::VARCHAR'} AS {quoted(name)}")
        return ", ".join(shown)

    def _counted(self, correlation: Correlation, stages: str) -> str:
        counted = {
            "value_count": "DISTINCT v",
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
        keys = _keys(correlation)
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
