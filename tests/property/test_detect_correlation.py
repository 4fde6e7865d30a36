"""Correlations: the windows of the live stream and the SQL for history find the same groups, times and measures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from itertools import accumulate
from typing import Any

import duckdb
import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from seqwatch_tui.detect import Rule, history_sql, load_rules, shipped_rules
from seqwatch_tui.detect.coded import Columns
from seqwatch_tui.detect.condition import And, Match
from seqwatch_tui.detect.correlator import Correlator
from seqwatch_tui.detect.hits import Batch
from seqwatch_tui.detect.matcher import Matcher
from seqwatch_tui.detect.matching import Hits
from seqwatch_tui.detect.rule import Correlation, CorrelationKind
from seqwatch_tui.detect.timeline import Firing
from tests.detect.batches import START, batch
from tests.detect.naive import holds

SPAN = 10
CONNECTION = duckdb.connect()


def _plain(name: str, value: str) -> Rule:
    return Rule(name, name, "low", And((Match("action", "eq", value),)), "", 3600)


def _correlated(kind: CorrelationKind, names: tuple[str, ...], at_least: int, groups: tuple[str, ...]) -> Rule:
    field = "path" if kind == "value_count" else None
    return Rule("c", "c", "low", Correlation(kind, names, groups, SPAN, at_least, field), "", 3600)


PLAIN = [_plain("a", "read"), _plain("b", "write"), _plain("c0", "delete")]
CHILD = replace(_correlated("event_count", ("a",), 3, ("user_name",)), rule_id="child")
correlations = st.one_of(
    st.builds(_correlated, st.sampled_from(["event_count", "value_count"]), st.sampled_from([("a",), ("a", "b")]),
              st.integers(1, 5), st.sampled_from([(), ("user_name",), ("user_name", "dataset")])),
    st.builds(_correlated, st.just("temporal"), st.just(("a", "b", "c0")), st.integers(1, 3), st.just(("user_name",))),
    st.builds(_correlated, st.just("temporal_ordered"), st.just(("a", "b", "c0")), st.just(3), st.just(("user_name",))),
    st.builds(_correlated, st.just("temporal_ordered"), st.just(("child", "b")), st.just(2), st.just(("user_name",))),
)  # fmt: skip
events = st.lists(
    st.fixed_dictionaries({
        "gap": st.sampled_from([0, 0, 1, 2, 5, 10, 11]), "action": st.sampled_from(["read", "read", "read", "write", "delete", "other"]),
        "user_name": st.sampled_from(["u", "u", "v", None]), "dataset": st.sampled_from(["d", "e", None]),
        "path": st.sampled_from(["1", "2", "3", None]), "delay": st.integers(0, SPAN // 2),
    }),
    min_size=5, max_size=40,
)  # fmt: skip

Found = dict[tuple[Any, ...], tuple[float, float, int]]


def _live(rules: list[Rule], rows: list[dict[str, Any]], size: int) -> Found:
    plain = [rule for rule in rules if not isinstance(rule.body, Correlation)]
    matcher = Matcher([rule.body for rule in plain if not isinstance(rule.body, Correlation)])
    correlator = Correlator(rules)
    found: Found = {}
    for start in range(0, len(rows), size):
        table = batch(rows[start : start + size], start)
        view = Columns(table)
        matched = {plain[index].rule_id: Hits(view, held, held) for index, held in matcher.match(view).items()}
        fired: dict[str, list[Firing]] = {}
        for rule in rules:
            if isinstance(rule.body, Correlation):
                fired[rule.rule_id] = correlator.feed(rule.rule_id, Batch(table), matched, fired)
        for firing in fired["c"]:
            key, at = _key(rules[-1], rows[firing.entry.event_id]), firing.entry.ts / 1e6 - START
            first, last, measure = found.get(key, (at, at, 0))
            found[key] = min(first, at), max(last, at), max(measure, firing.measure)
    return found


def _arrived(rows: list[dict[str, Any]], *, late: bool) -> list[dict[str, Any]]:
    """Times from gaps; in order of time, or each up to half a span late."""
    times = accumulate(row["gap"] for row in rows)
    timed = [{**row, "ts": ts} for row, ts in zip(rows, times, strict=True)]
    if late:
        timed.sort(key=lambda row: row["ts"] + row["delay"])
    return [{name: row[name] for name in row if name not in ("gap", "delay")} for row in timed]


def _key(rule: Rule, row: dict[str, Any]) -> tuple[Any, ...]:
    assert isinstance(rule.body, Correlation)
    return tuple(row[name] for name in rule.body.group_by)


def _history(rules: list[Rule], rows: list[dict[str, Any]]) -> Found:
    rule = rules[-1]
    query = history_sql(rule, {each.rule_id: each for each in rules})
    CONNECTION.register("events", batch(rows))
    found = CONNECTION.execute(query.sql, query.params).fetchall()
    return {tuple(keys): (_seconds(first), _seconds(last), measure) for *keys, first, last, measure, _ in found}


def _seconds(moment: Any) -> float:
    return float(moment.replace(tzinfo=UTC).timestamp() - START)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(correlation=correlations, rows=events, size=st.integers(1, 50))
def test_in_order_in_any_batches(correlation: Rule, rows: list[dict[str, Any]], size: int) -> None:
    rows = _arrived(rows, late=False)
    rules = [*PLAIN, CHILD, correlation]
    assert _live(rules, rows, size) == _history(rules, rows)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(correlation=correlations, rows=events, size=st.integers(1, 50))
def test_late_events_are_put_in_their_places(correlation: Rule, rows: list[dict[str, Any]], size: int) -> None:
    rows = _arrived(rows, late=True)
    rules = [*PLAIN, CHILD, correlation]
    assert _live(rules, rows, size) == _history(rules, rows)


def _reference(rules: list[Rule], rows: list[dict[str, Any]]) -> Found:
    """Every event looked at with all those of its group in the window before it; nothing remembered."""
    body = rules[-1].body
    assert isinstance(body, Correlation)
    plain = {rule.rule_id: rule.body for rule in rules if not isinstance(rule.body, Correlation)}
    hits = [
        (row["ts"], stage, row)
        for row in rows
        for stage, name in enumerate(body.rules)
        if holds(plain[name], row)  # type: ignore[arg-type]
    ]
    found: Found = {}
    for ts, _, row in hits:
        key = _key(rules[-1], row)
        window = [hit for hit in hits if ts - body.span <= hit[0] <= ts and _key(rules[-1], hit[2]) == key]
        if (measure := _measure(body, window, ts)) >= body.at_least:
            first, last, most = found.get(key, (ts, ts, 0))
            found[key] = min(first, ts), max(last, ts), max(most, measure)
    return found


def _measure(body: Correlation, window: list[tuple[float, int, dict[str, Any]]], ts: float) -> int:
    if body.kind == "event_count":
        return len(window)
    if body.kind == "value_count":
        return len({row[body.field] for _, _, row in window if row[str(body.field)] is not None})
    return len({stage for _, stage, _ in window})


def _restarted(rules: list[Rule], rows: list[dict[str, Any]], size: int, cut: int) -> Found:
    """The stream with a stop after `cut` events: what lies within the longest window is played again, silently."""
    correlation = rules[-1].body
    assert isinstance(correlation, Correlation)
    before, after = rows[:cut], rows[cut:]
    reach = Correlator(rules).longest
    again = [row for row in before if row["ts"] >= before[-1]["ts"] - reach] if before else []
    found = _live(rules, before, size)
    for key, (first, last, measure) in _live(rules, [*again, *after], size).items():
        known = found.get(key, (first, last, 0))
        found[key] = min(first, known[0]), max(last, known[1]), max(measure, known[2])
    return found


FLAT = correlations.filter(lambda rule: "child" not in rule.body.rules and rule.body.kind != "temporal_ordered")  # type: ignore[union-attr]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(correlation=FLAT, rows=events, size=st.integers(1, 50), late=st.booleans())
def test_windows_are_those_of_the_reference(
    correlation: Rule, rows: list[dict[str, Any]], size: int, late: bool
) -> None:
    rows = _arrived(rows, late=late)
    rules = [*PLAIN, CHILD, correlation]
    by_time = {name: (first, last) for name, (first, last, _) in _live(rules, rows, size).items()}
    wanted = _reference(rules, rows)
    assert by_time == {name: (first, last) for name, (first, last, _) in wanted.items()}


@settings(max_examples=100, deadline=None, derandomize=True)
@given(correlation=correlations, rows=events, size=st.integers(1, 50), cut=st.integers(0, 40))
def test_a_restart_changes_nothing(correlation: Rule, rows: list[dict[str, Any]], size: int, cut: int) -> None:
    rows = _arrived(rows, late=False)
    rules = [*PLAIN, CHILD, correlation]
    assert _restarted(rules, rows, size, min(cut, len(rows))) == _live(rules, rows, size)


SHIPPED = load_rules([shipped_rules()])


@pytest.mark.parametrize(
    "rule", [r for r in SHIPPED.rules if not isinstance(r.body, Correlation)], ids=lambda rule: rule.rule_id
)
def test_shipped_rules_match_alike_on_every_sample(rule: Rule) -> None:
    rows = [dict(row) for other in SHIPPED.rules for sample in other.samples for row in sample.events]
    table = batch(rows)
    assert not isinstance(rule.body, Correlation)
    wanted = [number for number, row in enumerate(rows) if holds(rule.body, row)]
    assert list(Matcher([rule.body]).match(table).get(0, [])) == wanted
    CONNECTION.register("events", table)
    query = history_sql(rule)
    assert [number for (number,) in CONNECTION.execute(query.sql, query.params).fetchall()] == wanted
    assert wanted
    assert len(wanted) < len(rows)


@pytest.mark.parametrize(
    "rule", [r for r in SHIPPED.rules if isinstance(r.body, Correlation)], ids=lambda rule: rule.rule_id
)
def test_shipped_correlations_find_in_history_what_their_samples_raise(rule: Rule) -> None:
    rules = {each.rule_id: each for each in SHIPPED.rules}
    query = history_sql(rule, rules)
    for sample in rule.samples:
        CONNECTION.register("events", batch(list(sample.events)))
        family = [r for r in SHIPPED.rules if r.alert_as == rule.alert_as]
        queries = [history_sql(each, rules) for each in family]
        groups = sum(len(CONNECTION.execute(each.sql, each.params).fetchall()) for each in queries)
        assert bool(groups) is sample.raises
    assert query.params
