"""Statements written out for people: every value survives, none breaks out of its literal."""

from __future__ import annotations

from datetime import datetime

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seqwatch_tui.detect import load_rules, shipped_rules
from seqwatch_tui.detect.backtest import backtest_sql
from seqwatch_tui.detect.shown import ALERT_ID, alert_sql, literal, rendered, rule_sql
from seqwatch_tui.detect.sql import SqlQuery
from seqwatch_tui.store.schema import ALL_TABLES


def _evaluated(expression: str) -> object:
    with duckdb.connect() as con:
        return con.execute(f"select {expression}").fetchall()[0][0]


RULES = load_rules([shipped_rules()])


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
@example("'; drop table events; --")
@example("a'' || chr(10)\n\x1b]0;x\x07\u202eend")
@example("\x85\u2028\\'")
def test_a_text_comes_back_as_it_was_and_shows_no_controls(text: str) -> None:
    shown = literal(text)
    assert _evaluated(shown) == text
    assert shown.isprintable()


@pytest.mark.parametrize("value", [None, True, False, 0, -7, 2**62, 1.5])
def test_other_values_come_back(value: object) -> None:
    found = _evaluated(literal(value))
    assert (found if value is None else type(value)(found)) == value


def test_places_and_values_must_agree_in_number() -> None:
    assert rendered(SqlQuery("a = ? and b = ?", ("x?", 2))) == "a = 'x?' and b = 2"
    with pytest.raises(ValueError, match="2 places for 1 values"):
        rendered(SqlQuery("a = ? and b = ?", (1,)))


@pytest.mark.parametrize("rule", [rule for rule in RULES.rules if rule.raises], ids=lambda rule: rule.rule_id)
def test_the_statements_of_every_shipped_rule_run(rule: object) -> None:
    with duckdb.connect() as con:
        for table in ALL_TABLES:
            con.execute(table.ddl)
        con.execute(rule_sql(rule, RULES.by_id))  # type: ignore[arg-type]
        con.execute(alert_sql([rule], RULES.by_id).replace(ALERT_ID, "7"))  # type: ignore[list-item]
        assert [d[0] for d in con.description or ()][:2] == ["event_id", "ts"]


@pytest.mark.parametrize("rule", [rule for rule in RULES.rules if rule.raises], ids=lambda rule: rule.rule_id)
def test_every_shipped_rule_can_be_tested_against_history(rule: object) -> None:
    made = backtest_sql(rule, RULES.by_id, datetime(2026, 1, 1))  # type: ignore[arg-type]  # noqa: DTZ001
    with duckdb.connect() as con:
        for table in ALL_TABLES:
            con.execute(table.ddl)
        assert con.execute(made.sql, dict(made.parameters)).fetchall() == []
