"""YAML as a weapon, and the core schema."""

from __future__ import annotations

import pytest

from seqwatch_tui.config.errors import ConfigError
from seqwatch_tui.config.yamltree import MAX_BYTES, Map, parse


def values(text: str) -> dict[str, object]:
    tree = parse(text, "f")
    assert isinstance(tree, Map)
    return tree.value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &x [1]\nb: *x", "f:1: anchors"),
        ("a: 1\nb: *x", "f:2: anchors"),
        ("&a [*a]", "anchors"),
        ("a: !!python/object/apply:os.system [id]", "tag"),
        ("a: !x 1", "tag"),
        ("a: 1\nb: 2\na: 3", "f:3: key 'a' stands here a second time (first: line 1)"),
        ("a: 1\n---\nb: 1", "second document"),
        ("? [1]\n: 2", "a key must be a word"),
        ("[" * 200_000, "deeper than 32"),
        ("{a: " * 60_000, "deeper than 32"),
        ("- " * 33 + "x", "deeper than 32"),
        ("a: [1", "f:1"),
        ("a: \x07", "not YAML"),
        ("a: \ud800", "not YAML"),
        ("x" * (MAX_BYTES + 1), "larger than"),
        ("%YAML 9.9\n---\na: 1", "not YAML"),
    ],
)
def test_what_does_harm_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "f")
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    bomb = "a: &a [x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
    )
    with pytest.raises(ConfigError, match="anchors"):
        parse(bomb, "f")


def test_plain_scalars_follow_the_core_schema() -> None:
    text = "a: no\nb: 1:30\nc: 2026-01-02\nd: 0o17\ne: 0x1F\nf: 1.5\ng: true\nh: ~\ni: '1'\n"
    text += "j: +12\nk: on\nl: 1_000\nm: .inf\nn: 017\n"
    assert values(text) == {
        "a": "no", "b": "1:30", "c": "2026-01-02", "d": 15, "e": 31, "f": 1.5, "g": True, "h": None, "i": "1",
        "j": 12, "k": "on", "l": "1_000", "m": ".inf", "n": 17,
    }  # fmt: skip


def test_thirty_two_levels_are_allowed() -> None:
    assert parse("[" * 31 + "x" + "]" * 31, "f").line == 1
