"""One tree, two executions: for any condition and any events, matcher = SQL = the naive reference."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import duckdb
import hypothesis.strategies as st
from hypothesis import given, settings

from seqwatch_tui.detect import matcher as matcher_module
from seqwatch_tui.detect.condition import And, Condition, Match, Not, Or
from seqwatch_tui.detect.matcher import Matcher
from seqwatch_tui.detect.rule import Rule
from seqwatch_tui.detect.sql import history_sql
from seqwatch_tui.detect.text import fold
from seqwatch_tui.parse.schema import event_table
from tests.detect.naive import holds

CONNECTION = duckdb.connect()
LETTERS = "aAbBkKxX.*?%_\\'\"/ \néÉßİKſΣ;-"
TEXTS = ("path", "exe", "user_name", "old_path")
texts = st.text(LETTERS, max_size=6)
addresses = st.sampled_from(
    ["10.0.0.1", "10.0.1.255", "010.0.0.1", "10.0.0", "256.1.1.1", "::1", "192.168.7.9", "", "10.0.0.1 "]
)
numbers = st.integers(-3, 3) | st.sampled_from([2**62, -(2**62)])

rows = st.fixed_dictionaries({
    **dict.fromkeys(TEXTS, st.none() | texts), "src_ip": st.none() | addresses, "uid": st.none() | numbers,
    "pid": st.none() | numbers, "allowed": st.none() | st.booleans(),
})  # fmt: skip

text_tests = st.builds(
    lambda field, kind, value, cased: Match(field, kind, value if cased else fold(value), cased),
    st.sampled_from(TEXTS), st.sampled_from(["eq", "startswith", "endswith", "contains", "wildcard"]), texts, st.booleans(),
)  # fmt: skip
other_tests = st.one_of(
    st.builds(Match, st.sampled_from(TEXTS), st.just("regex"), st.sampled_from(["a.b", "^A+$", "(?i)k|x$", "[^a]", r"\.", "(?s)a.b", ""])),
    st.builds(Match, st.just("src_ip"), st.just("cidr"), st.sampled_from(["10.0.0.0/24", "0.0.0.0/0", "192.168.7.9/32"])),
    st.builds(Match, st.sampled_from(["uid", "pid"]), st.sampled_from(["eq", "lt", "lte", "gt", "gte"]), numbers | st.just(0.5)),
    st.builds(Match, st.just("allowed"), st.just("eq"), st.booleans()),
    st.builds(Match, st.sampled_from([*TEXTS, "uid", "allowed"]), st.just("null")),
    st.just(Match("path", "same", "old_path")), st.just(Match("uid", "same", "pid")),
)  # fmt: skip
conditions: st.SearchStrategy[Condition] = st.recursive(
    text_tests | other_tests,
    lambda inner: st.one_of(
        st.builds(Not, inner), st.builds(lambda parts: And(tuple(parts)), st.lists(inner, max_size=3)),
        st.builds(lambda parts: Or(tuple(parts)), st.lists(inner, max_size=3)),
    ),
    max_leaves=8,
)  # fmt: skip


def _events(table: list[dict[str, Any]]) -> Any:
    columns = {name: [row[name] for row in table] for name in table[0]}
    return event_table({"event_id": list(range(len(table))), **columns}, len(table))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(trees=st.lists(conditions, min_size=1, max_size=4), table=st.lists(rows, min_size=1, max_size=12))
def test_matcher_equals_sql_equals_reference(trees: list[Condition], table: list[dict[str, Any]]) -> None:
    events = _events(table)
    found = Matcher(trees).match(events)
    CONNECTION.register("events", events)
    for index, tree in enumerate(trees):
        wanted = [number for number, row in enumerate(table) if holds(tree, row)]
        query = history_sql(Rule("r", "r", "low", tree, "", 3600))
        assert [number for (number,) in CONNECTION.execute(query.sql, query.params).fetchall()] == wanted
        assert list(found.get(index, [])) == wanted


@settings(max_examples=60, deadline=None, derandomize=True)
@given(tree=conditions, table=st.lists(rows, min_size=33, max_size=80), repeat=st.booleans())
def test_batches_of_any_size_and_memory_do_not_change_the_outcome(
    tree: Condition, table: list[dict[str, Any]], repeat: bool
) -> None:
    matcher = Matcher([tree])
    wanted = [number for number, row in enumerate(table) if holds(tree, row)]
    if repeat:
        matcher.match(_events(table[:5]))
    assert list(matcher.match(_events(table)).get(0, [])) == wanted
    whole = _events(table)
    assert list(matcher.match(whole.slice(3, 2)).get(0, [])) == [n - 3 for n in wanted if 3 <= n < 5]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    trees=st.lists(conditions, min_size=1, max_size=4),
    table=st.lists(rows, min_size=1, max_size=40),
    wide=st.integers(1, 8),
)
def test_fields_that_are_looked_at_last_do_not_change_the_outcome(
    trees: list[Condition], table: list[dict[str, Any]], wide: int
) -> None:
    with patch.object(matcher_module, "WIDE", wide), patch.object(matcher_module, "FEW", 0):
        matcher = Matcher(trees)
        for part in (table, table[::2], table):
            found = matcher.match(_events(part))
            for index, tree in enumerate(trees):
                assert list(found.get(index, [])) == [number for number, row in enumerate(part) if holds(tree, row)]
