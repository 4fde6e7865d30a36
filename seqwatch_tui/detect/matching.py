"""Plain rules by the view they look at: one matcher a view, hits under the rows of the batch of events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from seqwatch_tui.detect.coded import Columns, Rowset
from seqwatch_tui.detect.condition import Condition, tests
from seqwatch_tui.detect.matcher import Matcher, Rows
from seqwatch_tui.detect.record_view import RecordRows
from seqwatch_tui.detect.relevance import KindRules, Relevance
from seqwatch_tui.detect.rule import Correlation, Rule
from seqwatch_tui.detect.views import PARENTS, Past, Views

FAULTS = (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError, pa.ArrowException)
"""What a rule that cannot be evaluated raises."""


class Hits(NamedTuple):
    """Where a rule holds: rows of its view, and for each the row of the batch of events; those may repeat."""

    view: Rowset
    at: Rows
    rows: Rows

    @property
    def events(self) -> Rows:
        """The rows of events, each once, ascending."""
        return self.rows if isinstance(self.view, Columns) else np.unique(self.rows)


class Matching:
    """Plain rules compiled. Correlations among `rules` are left out; `asked` are fields that those look at besides."""

    def __init__(self, rules: Sequence[Rule], asked: Collection[str] = ()) -> None:
        self._rules: dict[str, list[Rule]] = defaultdict(list)
        self.rules = [rule for rule in rules if not isinstance(rule.body, Correlation)]
        for rule in self.rules:
            self._rules[rule.view].append(rule)
        bodies = {view: [_condition(rule) for rule in held] for view, held in self._rules.items()}
        self._matchers: dict[str, Matcher | RecordMatcher] = {
            view: RecordMatcher(conditions) if view == "records" else Matcher(conditions, view)
            for view, conditions in bodies.items()
        }
        self._relevance = Relevance(bodies.get("records", ()), asked)
        fields = {test.field for test in (t for c in bodies.get("processes", ()) for t in tests(c))}
        self.parents = bool(fields & PARENTS)
        """Some rule asks who started a process."""
        self.records = "records" in bodies or "connections" in bodies or "CurrentDirectory" in fields
        """Some rule looks at raw records."""

    def views(self, events: pa.Table, records: pa.Table | None, columns: Columns, past: Past) -> Views:
        """Return the views of a batch as these rules look at them."""
        return Views(events, records, columns, past, self._relevance)

    def match(self, views: Views) -> dict[str, Hits]:
        """Return the hits by rule id, without empty ones."""
        found: dict[str, Hits] = {}
        for name, matcher in self._matchers.items():
            view = views.get(name)
            held = matcher.match(view)
            for index, rows in held.items():
                of_events = rows if isinstance(view, Columns) else view.event_rows[rows]
                found[self._rules[name][index].rule_id] = Hits(view, rows, of_events)
        return found


class RecordMatcher:
    """Rules of raw records: one matcher for each type of record, with what is left of the rules when it is known."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self._conditions = conditions
        self._matchers: dict[KindRules, Matcher] = {}

    def match(self, view: Rowset) -> dict[int, Rows]:
        """Return {position of a rule: ascending rows of the view for which it holds}, without empty ones."""
        if not isinstance(view, RecordRows):  # a rule's own samples: rows of any type, not taken from lines
            return Matcher(self._conditions, "records").match(view)
        found: dict[int, list[Rows]] = defaultdict(list)
        begin = 0
        for kind in view.kinds:
            for place, rows in self._matcher(kind.rules).match(kind).items():
                found[kind.rules.indexes[place]].append(rows + begin)
            begin += kind.rows
        return {index: np.concatenate(rows) for index, rows in found.items()}

    def _matcher(self, rules: KindRules) -> Matcher:
        matcher = self._matchers.get(rules)
        if matcher is None:
            matcher = self._matchers[rules] = Matcher(rules.conditions, "records")
        return matcher


def _condition(rule: Rule) -> Condition:
    assert not isinstance(rule.body, Correlation), "a plain rule"  # noqa: S101
    return rule.body
