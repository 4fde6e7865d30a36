"""Which fields with many values a row needs: none where the rest settles it, one rule's field never for another's."""

from __future__ import annotations

import pytest

from seqwatch_tui.detect import condition
from seqwatch_tui.detect import matcher as matcher_module
from seqwatch_tui.detect.condition import And, Condition, Match, Not, Or
from seqwatch_tui.detect.facts import TextFacts
from seqwatch_tui.detect.matcher import Matcher
from seqwatch_tui.detect.narrowing import Narrowing
from tests.detect.batches import batch

DELETE, READ = Match("action", "eq", "delete"), Match("action", "eq", "read")
BAM, SECRET = Match("path", "endswith", ".bam"), Match("command_line", "contains", "secret")
NO_PATH = Match("path", "null")
WIDE = frozenset({"path", "command_line"})


def _needed(tree: Condition, *held: Match) -> frozenset[str]:
    numbers = {test: number for number, test in enumerate(dict.fromkeys([*condition.tests(tree), *held]))}
    return Narrowing([tree], numbers, WIDE).needed(frozenset(numbers[test] for test in held))


@pytest.mark.parametrize(
    ("tree", "held", "needed"),
    [
        (And((DELETE, BAM)), (DELETE,), {"path"}),
        (And((DELETE, BAM)), (READ,), set()),
        (And((DELETE, Not(BAM))), (DELETE,), {"path"}),
        (And((DELETE, Not(BAM))), (READ,), set()),
        (And((BAM, Not(DELETE))), (DELETE,), set()),
        (Or((And((DELETE, BAM)), And((READ, SECRET)))), (READ,), {"command_line"}),
        (Not(And((DELETE, BAM))), (READ,), {"path"}),
        (And((DELETE, Not(NO_PATH))), (DELETE,), set()),
        (And((NO_PATH, SECRET)), (), set()),
        (Or((BAM, SECRET)), (), {"path", "command_line"}),
    ],
)
def test_a_field_is_needed_where_a_rule_can_still_hold(
    tree: Condition, held: tuple[Match, ...], needed: set[str]
) -> None:
    assert _needed(tree, *held) == needed


def test_values_of_rows_that_are_settled_are_never_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    looked = TextFacts.facts
    monkeypatch.setattr(
        TextFacts, "facts", lambda self, values, **how: seen.extend(values) or looked(self, values, **how)  # type: ignore[func-returns-value]
    )  # fmt: skip
    monkeypatch.setattr(matcher_module, "WIDE", 100)
    rows = [{"action": "delete" if n % 10 == 0 else "read", "path": f"/d/{n}.bam"} for n in range(500)]
    found = Matcher([And((DELETE, BAM))]).match(batch(rows))
    assert found[0].tolist() == list(range(0, 500, 10))
    assert sorted(each for each in seen if each.endswith(".bam")) == sorted(f"/d/{n}.bam" for n in range(0, 500, 10))
