"""Every rule fires on an event made from its own conditions, and not on one that just misses them.

Over the rules that come with seqwatch, over a set of our own that has every modifier and log source, and, when
SIGMA_RULES names a folder of Sigma rules (SigmaHQ's `rules/linux`), over those: how many load, compile and run is printed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest

from seqwatch_tui.detect import Detector, RuleSet, history_sql, load_rules, shipped_rules
from seqwatch_tui.detect.condition import And, Condition, Match, Not, Or
from seqwatch_tui.detect.rule import Correlation, Rule
from tests.detect import history, naive_views
from tests.detect.synthetic import fires, near_miss, sample
from tests.detect.synthetic_trail import NO_RECORD_GIVES, Trail
from tests.detect.test_views import matched

SETS = {"shipped": shipped_rules(), "own": Path(__file__).parent / "rules"}
HUB = os.environ.get("SIGMA_RULES", "")


def _plain(rules: RuleSet) -> list[Rule]:
    return [rule for rule in rules.rules if not isinstance(rule.body, Correlation)]


def _cases(rules: list[Rule]) -> tuple[Trail, dict[str, tuple[int, int]], list[str]]:
    """A trail with two cases a rule, their events by rule, and the rules that no audit record can fire."""
    trail, cases, beyond = Trail(), {}, []
    for rule in rules:
        assert not isinstance(rule.body, Correlation)
        row = fires(rule.view, rule.body)
        missed = near_miss(rule.view, rule.body, row)
        if NO_RECORD_GIVES & row.keys():
            beyond.append(rule.rule_id)
        else:
            cases[rule.rule_id] = trail.add(rule.view, row), trail.add(rule.view, missed)
    return trail, cases, beyond


def _prove(rules: list[Rule], size: int) -> list[str]:
    """Check every rule against its two cases; return those that audit records cannot fire."""
    trail, cases, beyond = _cases(rules)
    events, records = trail.tables()
    found = matched(rules, events, records, size)
    for rule_id, (hit, missed) in cases.items():
        assert hit in found.get(rule_id, []), rule_id
        assert missed not in found[rule_id], rule_id
    return beyond


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("size", [3, 1 << 20])
def test_every_rule_fires_on_its_own_event_and_not_on_a_near_miss(name: str, size: int) -> None:
    assert _prove(_plain(load_rules([SETS[name]])), size) == []


@pytest.mark.parametrize("name", SETS)
def test_sql_and_reference_agree_on_all_of_them(name: str) -> None:
    rules = _plain(load_rules([SETS[name]]))
    trail, cases, _ = _cases(rules)
    events, records = trail.tables()
    connection = history.history(events, records)
    for rule in rules:
        assert not isinstance(rule.body, Correlation)
        found = history.found(connection, rule)
        assert found == naive_views.found(rule.view, rule.body, events, records), rule.rule_id
        hit, missed = cases[rule.rule_id]
        assert (hit in found, missed in found) == (True, False), rule.rule_id


@pytest.mark.skipif(not HUB, reason="SIGMA_RULES is not set")
def test_the_rules_of_the_hub(capsys: pytest.CaptureFixture[str]) -> None:
    rules = load_rules([Path(HUB)])
    plain = _plain(rules)
    detector = Detector(rules, [], 1)
    trail, _, _ = _cases(plain)
    events, records = trail.tables()
    alerts = detector.feed(events, records).alerts
    beyond = _prove(plain, 1 << 20)
    ran = [rule for rule in rules.rules if rule.rule_id not in {fault.rule_id for fault in detector.faults}]
    with capsys.disabled():
        files, fired = len(list(Path(HUB).rglob("*.yml"))), len({alert.rule_id for alert in alerts})
        print(
            f"\n{HUB}: {files} files, {len(rules.rules)} rules load, {len(ran)} compile and run, {fired} fire on their event"
        )
        for failure in rules.failures:
            print(f"  not loaded: {failure}")
        for rule_id in beyond:
            print(f"  no audit record has the field it asks for: {rules.by_id[rule_id].title}")
    assert rules.failures == ()
    assert detector.faults == ()
    assert {rule.rule_id for rule in plain} - {alert.rule_id for alert in alerts} == set(beyond)
    for rule_id in beyond:  # on rows of the view they hold as well
        _alone(rules.by_id[rule_id])


def _alone(rule: Rule) -> None:
    """A rule in SQL on a row with the fields it asks for, whatever source would give them."""
    assert not isinstance(rule.body, Correlation)
    row = fires(rule.view, rule.body)
    missed = near_miss(rule.view, rule.body, row)
    from seqwatch_tui.detect.sql import where_sql

    where = where_sql(rule.body, rule.view)
    names = {name for test in (row, missed) for name in test}
    table = pa.table({name: [row.get(name), missed.get(name)] for name in names})
    connection = history.history(table, pa.table({"raw": pa.array([], pa.binary())}))
    assert connection.execute(f"SELECT count(*) FROM events WHERE {where.sql}", where.params).fetchall() == [(1,)]


@pytest.mark.parametrize(
    "condition",
    [
        And((Match("path", "startswith", "/a"), Match("path", "contains", "b"), Not(Match("path", "endswith", "c")))),
        Or((And((Match("uid", "gt", 5), Match("uid", "lt", 7))), Match("uid", "eq", -3))),
        And((Match("path", "regex", r"^/x{2,3}[^a-z]\d(b|c)+$"), Match("exe", "wildcard", "*/bin/?s"))),
        Not(Or((Match("user_name", "null"), Match("user_name", "eq", "root")))),
    ],
)
def test_the_maker_makes_what_it_says(condition: Condition) -> None:
    from tests.detect.naive import holds

    row = fires("events", condition)
    assert holds(condition, row)
    missed = near_miss("events", condition, row)
    assert not holds(condition, missed)
    assert sum(row[name] != missed[name] for name in row) == 1


def test_a_sample_of_a_pattern_is_found_by_it() -> None:
    import re

    for pattern in (
        r"(?:\s-[^-\s]{0,20}i|\s--inode\s)",
        r"-(W|R)\s?(\s|\"|')([0-9a-fA-F]{2}\s?){2,20}",
        r"(^|\/)\.[^.\/]",
    ):
        assert re.search(pattern, sample(pattern))


def test_history_of_a_rule_on_fields_of_no_source_is_empty() -> None:
    rule = Rule("r", "r", "low", Match("DestinationHostname", "endswith", ".onion"), "", 3600, view="connections")
    query = history_sql(rule)
    events, records = Trail().tables()
    assert history.history(events, records).execute(query.sql, query.params).fetchall() == []
