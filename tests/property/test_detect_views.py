"""Random rules on raw records and processes, on random trails: live = SQL = the plain reference, however it is cut."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from typing import Any
from unittest.mock import patch

import hypothesis.strategies as st
from hypothesis import given, settings

from seqwatch_tui.detect import facts, matcher, record_view
from seqwatch_tui.detect.condition import And, Condition, Match, Not, Or
from seqwatch_tui.detect.rule import Rule
from tests.detect import history, naive_views
from tests.detect.synthetic_trail import Trail
from tests.detect.test_views import matched

WORDS = st.sampled_from(
    ["a", "/bin/sh", "/tmp/ä b", "root", "33", "-1", "x=1", "it's", 'say "hi"', "AB", "C0FFEE", "?", ""]
)
RECORD_FIELDS = ["type", "a0", "a1", "name", "exe", "comm", "cmd", "euid", "EUID", "key", "*"]
PROCESS_FIELDS = ["Image", "CommandLine", "ParentImage", "ParentCommandLine", "CurrentDirectory", "User"]
OF_TYPE = {
    "EXECVE": {"a0", "a1"}, "PATH": {"name"}, "SYSCALL": {"a0", "a1", "exe", "comm", "key", "euid", "EUID"},
    "USER_CMD": {"exe", "cmd", "*", "comm", "euid", "EUID", "name"}, "PROCTITLE": set(),
}  # fmt: skip
"""Fields that records of a type can have."""
TYPES = st.sampled_from(["EXECVE", "PATH", "SYSCALL", "USER_CMD", "PROCTITLE"])


def _tests(names: list[str]) -> st.SearchStrategy[Condition]:
    field = st.sampled_from(names)
    text = st.builds(
        lambda f, k, v: Match(f, k, v.lower()),
        field,
        st.sampled_from(["eq", "startswith", "endswith", "contains"]),
        WORDS,
    )
    more = st.one_of(
        st.builds(lambda f: Match(f, "null"), field.filter(lambda f: f != "*")),
        st.builds(lambda f, v: Match(f, "regex", v), field, st.sampled_from(["^/", "[0-9]+", "(?i)ROOT$", "b|x"])),
        st.builds(lambda f, v: Match(f, "gte", v), field.filter(lambda f: f != "*"), st.integers(-2, 40)),
        st.builds(lambda f, v: Match(f, "wildcard", v), field, st.sampled_from(["*/?in*", "a*", "*s*i*"])),
    )
    return st.one_of(text, text, more)


def _trees(names: list[str]) -> st.SearchStrategy[Condition]:
    def deeper(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        several = st.lists(inner, min_size=1, max_size=3).map(tuple)
        return st.one_of(several.map(And), several.map(Or), inner.map(Not))

    return st.recursive(_tests(names), deeper, max_leaves=5)


def _rows(names: list[str], fixed: dict[str, Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    fields = {name: st.one_of(st.none(), WORDS) for name in names}
    return st.lists(st.fixed_dictionaries({**fields, **fixed}), min_size=1, max_size=6)


def _in_bulk() -> AbstractContextManager[Any]:
    """As if any number of records were many: what is done to all lines at once is done to a few."""
    stack = ExitStack()
    for module, names in ((record_view, ("_BULK", "_SCANNED")), (facts, ("_MANY",)), (matcher, ("FEW",))):
        stack.enter_context(patch.multiple(module, **dict.fromkeys(names, 0)))
    stack.enter_context(patch.object(record_view, "_SHORT", 1 << 20))
    return stack


def _holds(view: str, body: Condition, rows: list[dict[str, Any]], size: int) -> None:
    trail = Trail()
    for row in rows:
        trail.add(view, {name: value for name, value in row.items() if value is not None})
    events, records = trail.tables()
    rule = Rule("r", "r", "low", body, "", 3600, view=view)
    wanted = naive_views.found(view, body, events, records)
    assert matched([rule], events, records, size).get("r", []) == wanted
    with _in_bulk():
        assert matched([rule], events, records, size).get("r", []) == wanted
    assert history.found(history.history(events, records), rule) == wanted


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    body=_trees(RECORD_FIELDS),
    rows=_rows(RECORD_FIELDS[1:], {"type": TYPES, "euid": st.sampled_from(["0", "33"])}),
    size=st.integers(1, 9),
)
def test_records(body: Condition, rows: list[dict[str, Any]], size: int) -> None:
    named = [{**row, "EUID": "root" if row["euid"] == "0" else "www"} for row in rows]
    mine = [{name: row[name] for name in row if name == "type" or name in OF_TYPE[row["type"]]} for row in named]
    _holds("records", body, mine, size)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(body=_trees(PROCESS_FIELDS), rows=_rows(PROCESS_FIELDS, {}), size=st.integers(1, 9))
def test_processes(body: Condition, rows: list[dict[str, Any]], size: int) -> None:
    _holds("processes", body, rows, size)
