"""The matcher where it could go wrong without being wrong about any one event: size, memory, hostile text."""

from __future__ import annotations

import pytest

from seqwatch_tui.detect import facts as facts_module
from seqwatch_tui.detect import matcher as matcher_module
from seqwatch_tui.detect.condition import And, Match, Not, Or
from seqwatch_tui.detect.facts import TextFacts
from seqwatch_tui.detect.matcher import Matcher
from tests.detect.batches import batch


def test_many_stars_do_not_backtrack() -> None:
    pattern = "*" + "*".join("ab" for _ in range(12)) + "*x"
    found = Matcher([Match("path", "wildcard", pattern)]).match(
        batch([{"path": "ab" * 5000}, {"path": "ab" * 5000 + "x"}])
    )
    assert found[0].tolist() == [1]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_module, "MEMO", 50)
    facts = TextFacts([(0, Match("path", "endswith", "7"))])
    for start in range(0, 1000, 40):
        values = [str(number) for number in range(start, start + 40)]
        assert [bool(found) for found in facts.facts(values)] == [value.endswith("7") for value in values]
        assert len(facts._memo) <= 50


def test_forgetting_signatures_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matcher_module, "_SIGNATURES", 1)
    matcher = Matcher([Match("path", "contains", "a"), Not(Match("exe", "null"))])
    rows = [{"path": "a"}, {"path": "b", "exe": "x"}, {"path": "ab", "exe": "y"}]
    for _ in range(3):
        assert {index: held.tolist() for index, held in matcher.match(batch(rows)).items()} == {0: [0, 2], 1: [1, 2]}


def test_a_thousand_rules_find_what_one_does_each() -> None:
    trees = [
        And(
            (
                Match("exe", "endswith", f"/tool{n}"),
                Or((Match("command_line", "contains", f"secret{n % 7}"), Match("uid", "lt", n))),
            )
        )
        for n in range(1000)
    ]
    rows = [{"exe": f"/bin/tool{n * 37 % 1500}", "command_line": f"run secret{n % 11}", "uid": n} for n in range(300)]
    together = Matcher(trees).match(batch(rows))
    for index, tree in enumerate(trees[:200]):
        alone = Matcher([tree]).match(batch(rows)).get(0)
        assert together.get(index, []) == [] if alone is None else together[index].tolist() == alone.tolist()
    assert len(together) > 20


def test_more_fields_than_one_code_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matcher_module, "_DENSE", 8)
    names = ("path", "exe", "process", "tty", "user_name")
    trees = [Match(name, "eq", "x") for name in names]
    rows = [{name: "x" if number >> place & 1 else "y" for place, name in enumerate(names)} for number in range(100)]
    found = Matcher(trees).match(batch(rows))
    for place in range(len(names)):
        assert found[place].tolist() == [number for number in range(100) if number >> place & 1]
