"""The samples that a rule brings, through both executions: what it says must raise it does, the rest does not.

A sample's events are rows with the fields of `events` and of the rule's own log source (`Image`, `a0`, ...); each view
sees the rows as they are given, so a sample tests the rule, not the parser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from seqwatch_tui.detect.coded import Coded, Codes, Columns, coded_list
from seqwatch_tui.detect.condition import Condition
from seqwatch_tui.detect.detector import Detector
from seqwatch_tui.detect.fields import FIELDS, field_type
from seqwatch_tui.detect.rule import Correlation, Rule, RuleSet, Sample
from seqwatch_tui.detect.slots import slots
from seqwatch_tui.detect.sql import fields_of, history_sql
from seqwatch_tui.detect.sql_records import quoted
from seqwatch_tui.detect.views import Views
from seqwatch_tui.parse.schema import event_table
from seqwatch_tui.store.scratch import query_tables

_START = 1_790_000_000.0
_ARROW = {"text": pa.string(), "number": pa.int64(), "bool": pa.bool_()}


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one sample of a rule: what it should do, and what each execution did."""

    rule: str
    number: int
    raises: bool
    live: bool
    sql: bool

    @property
    def passed(self) -> bool:
        """Both did what they should."""
        return self.live is self.raises and self.sql is self.raises


def try_samples(rules: RuleSet, wanted: Callable[[Rule], bool] = lambda _: True) -> list[Tried]:
    """Run the samples of the rules that are wanted."""
    chosen = [rule for rule in rules.rules if wanted(rule)]
    return [
        Tried(rule.rule_id, number, sample.raises, _live(rules, rule, sample), _history(rules, rule, sample))
        for rule in chosen
        for number, sample in enumerate(rule.samples, 1)
    ]


class _SampleRows:
    """Rows as they were given; a view's fields by name."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], events: Columns) -> None:
        self._rows, self._events = rows, events
        self.rows = len(rows)
        self.event_rows: Codes = np.arange(len(rows), dtype=np.int64)

    def __getitem__(self, name: str) -> Coded:
        given = any(name in row for row in self._rows)
        if not given and (name in FIELDS or name.startswith("ts.")):
            return self._events[name]
        return coded_list(row.get(name) for row in self._rows)


class _SampleViews(Views):
    """Every view is the sample."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], events: Columns) -> None:
        self._sample = _SampleRows(rows, events)
        self._columns = events

    def get(self, view: str) -> Columns | _SampleRows:
        """Return the rows of the sample."""
        return self._columns if view == "events" else self._sample


def _live(rules: RuleSet, rule: Rule, sample: Sample) -> bool:
    events = _events(sample)
    alone = RuleSet(tuple(_family(rules, rule)))
    detector = Detector(alone, [], 1)
    views = _SampleViews(sample.events, Columns(events))
    return any(alert.rule_id == rule.alert_as for alert in detector.feed(events, None, views).alerts)


def _family(rules: RuleSet, rule: Rule) -> Iterator[Rule]:
    """The rules that raise under the rule's name, and what they refer to, in order."""
    needed = {each.rule_id for each in rules.rules if each.alert_as == rule.alert_as} | {rule.alert_as}
    for each in reversed(rules.rules):
        if each.rule_id in needed and isinstance(each.body, Correlation):
            needed |= set(each.body.rules)
    for each in rules.rules:
        if each.rule_id in needed:
            yield replace(each, raises=each.raises or each.alert_as == rule.alert_as)


def _history(rules: RuleSet, rule: Rule, sample: Sample) -> bool:
    """Whether SQL finds something, with each view a table of the sample's rows."""
    table = _table(rules, rule, sample)
    family = [each for each in rules.rules if each.alert_as == rule.alert_as]
    for each in family:
        query = history_sql(each, rules.by_id, "sample")
        if query_tables({"sample": table}, query.sql, query.params):
            return True
    return False


def _table(rules: RuleSet, rule: Rule, sample: Sample) -> pa.Table:
    """The rows with every field that the rule or one it refers to looks at."""
    table = _events(sample)
    for name, view in _asked(rules, rule).items():
        kind = field_type(view, name) or "text"
        if name not in table.schema.names:
            values = [None if row.get(name) is None else row[name] for row in sample.events]
            column = quoted(name)[1:-1].replace('""', '"')
            table = table.append_column(column, pa.array(values, _ARROW[kind]))
    return table


def _asked(rules: RuleSet, rule: Rule) -> dict[str, str]:
    asked: dict[str, str] = {}
    for each in _family(rules, rule):
        body: Condition | Correlation = each.body
        names = slots(body, rules.by_id) if isinstance(body, Correlation) else fields_of(body)
        asked |= {name: each.view for name in names if not name.startswith("ts.")}
    return asked


def _events(sample: Sample) -> pa.Table:
    """The rows as events; numbers in `ts` are seconds after an arbitrary start."""
    rows = sample.events
    names = {name for row in rows for name in row} & set(FIELDS)
    columns: dict[str, Any] = {name: [row.get(name) for row in rows] for name in names}
    moments = [datetime.fromtimestamp(_START + row["ts"], UTC).replace(tzinfo=None) for row in rows]
    columns |= {"event_id": list(range(len(rows))), "ts": pa.array(moments, pa.timestamp("us"))}
    return event_table(columns, len(rows))
