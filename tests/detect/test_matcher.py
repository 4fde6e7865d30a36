"""The matcher where it could go wrong without being wrong about any one event: size, memory, hostile text."""

from __future__ import annotations

import pyarrow as pa
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


def test_a_scan_of_many_values_misses_none() -> None:
    """Whatever a value is written in, `among` leaves no value out for which a test holds."""
    words = [
        "/etc/shadow",
        "/ETC/Shadow",
        "\u212aiss",
        "ki\u0130s",
        'say "hi"',
        "a.b",
        "axb",
        "/tmp/ä",
        "10",
        "",
        "ſ",
        "x\nend",
    ]
    values = [f"{word}{tail}" for word in words for tail in ("", "/", "9", " end", "ß")] * 2
    tests = [
        Match("path", "eq", "/etc/shadow"), Match("path", "startswith", "kis"), Match("path", "endswith", "end"),
        Match("path", "contains", "ä"), Match("path", "wildcard", "a.b*"), Match("path", "regex", "^/[eE]"),
        Match("path", "contains", "kiss"), Match("path", "eq", "kis", cased=True), Match("path", "eq", ""),
        Match("path", "regex", "(?i)END$"), Match("path", "contains", "ß"), Match("path", "regex", "ä"),
    ]  # fmt: skip
    for some in (tests[:1], tests[1:2], tests[2:3], tests[:11], tests, [*tests[:3], Match("path", "gte", 9)]):
        facts = TextFacts(list(enumerate(some)))
        for many in (values, values * 40):
            positions, found = facts.among(pa.array(many, pa.string()))
            held = dict(zip(positions, found, strict=True))
            alone = [TextFacts(list(enumerate(some))).facts([value])[0] for value in values]
            assert [held.get(place, frozenset()) for place in range(len(many))] == alone * (len(many) // len(values))
