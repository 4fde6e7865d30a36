"""Loading rules: the good are loaded, the bad are listed with file, line and reason, nothing is skipped silently."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from seqwatch_tui.detect import RuleSet, load_rules
from seqwatch_tui.detect.condition import And, Condition, Match, Not, Or
from seqwatch_tui.detect.rule import Correlation

HEAD = "title: T\nlogsource: {product: seqwatch, category: dataset_access}\n"
CORRELATION = "---\ntitle: C\nname: c\ncorrelation:\n  type: event_count\n  rules: [base]\n  timespan: 5m\n  condition: {gte: 3}\n"


def _load(folder: Path, text: str | bytes, name: str = "rule.yml") -> RuleSet:
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return load_rules([folder])


def _condition(folder: Path, detection: str) -> Condition:
    rules = _load(folder, f"{HEAD}detection:\n  s:\n    {detection}\n  condition: s\n")
    assert rules.failures == ()
    body = rules.rules[0].body
    assert not isinstance(body, Correlation)
    return body


@pytest.mark.parametrize(
    ("detection", "wanted"),
    [
        ("path: /A", Match("path", "eq", "/a")),
        ("path: '/A*'", Match("path", "startswith", "/a")),
        ("path: '*.BAM'", Match("path", "endswith", ".bam")),
        ("path|contains: Key", Match("path", "contains", "key")),
        ("path: 'a*b?c'", Match("path", "wildcard", "a*b?c")),
        (r"path: 'a\*b'", Match("path", "eq", "a*b")),
        (r"path: '\*a?'", Match("path", "wildcard", r"\*a?")),
        ("path: ''", Match("path", "eq", "")),
        ("path: '*'", Match("path", "contains", "")),
        ("path|cased: Ab", Match("path", "eq", "Ab", cased=True)),
        ("path|re: '^a.b$'", Match("path", "regex", "^a.b$")),
        ("path|re|i|s: a.b", Match("path", "regex", "(?is)a.b")),
        ("path: null", Match("path", "null")),
        ("path|exists: false", Match("path", "null")),
        ("path|exists: true", Not(Match("path", "null"))),
        ("src_ip|cidr: 10.0.0.0/8", Match("src_ip", "cidr", "10.0.0.0/8")),
        ("src_ip|cidr: fe80::/10", Match("src_ip", "cidr", "fe80::/10")),
        ("ts|hour: 3", Match("ts.hour", "eq", 3)),
        ("uid: 0", Match("uid", "eq", 0)),
        ("uid: '1000'", Match("uid", "eq", 1000)),
        ("uid|gte: 1000", Match("uid", "gte", 1000)),
        ("uid|neq: 5", Not(Match("uid", "eq", 5))),
        ("allowed: false", Match("allowed", "eq", False)),
        ("exe|fieldref: path", Match("exe", "same", "path")),
        ("path: [a, b]", Or((Match("path", "eq", "a"), Match("path", "eq", "b")))),
        ("path|contains|all: [a, b]", And((Match("path", "contains", "a"), Match("path", "contains", "b")))),
        ("session_id: 7", Match("session_id", "eq", 7)),
        ("tty: 7", Match("tty", "eq", "7")),
    ],
)
def test_what_sigma_says_as_a_tree(tmp_path: Path, detection: str, wanted: Condition) -> None:
    assert _condition(tmp_path, detection) == wanted


@pytest.mark.parametrize(
    ("detection", "line", "why"),
    [
        ("Image: /x", 5, "field 'Image' is not a column that rules can test"),
        ("event_id: 7", 5, "field 'event_id' is not a column"),
        ("path|re: '(?=a)b'", 3, "Regular expression '(?=a)b' is invalid"),
        (r"path|re: '(a)\1'", 3, "Regular expression '(a)\\1' is invalid"),
        ("path|expand: '%secret%'", 5, "placeholder %secret%"),
        ("uid: 'a*'", 5, "the column is a number; 'a*'"),
        ("allowed: 'maybe'", 5, "is not true, false or null"),
        ("uid: 99999999999999999", 5, None),
        ("exe|fieldref: uid", 5, "no field of the same type"),
        ("path|nosuch: a", 3, "Unknown modifier"),
        ("uid|hour: 5", 5, "parts of a time"),
    ],
)
def test_what_cannot_be_watched_is_named(tmp_path: Path, detection: str, line: int, why: str | None) -> None:
    rules = _load(tmp_path, f"{HEAD}detection:\n  s:\n    {detection}\n  condition: s\n")
    if why is None:
        assert rules.failures == ()
        return
    assert rules.rules == ()
    (failure,) = rules.failures
    assert (failure.file, failure.line, failure.rule) == (str(tmp_path / "rule.yml"), line, "T")
    assert why in failure.why
    assert str(failure).startswith(f"{tmp_path}/rule.yml:{line}: T: ")


GOOD = HEAD + "detection:\n  s: {path: /a}\n  condition: s\n"


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("title: [", 2, "not YAML"),
        ("a: &x 1\nb: *x\n", 1, "anchors"),
        ("title: T\ntitle: U\n", 2, "second time"),
        ("title: !!python/object:os.system x\n", 1, "tag"),
        ("[1, 2]", 1, "a rule is a mapping"),
        ("x: " + "[" * 200 + "]" * 200, 1, "nested deeper"),
        (b"title: \xff", 1, "not UTF-8"),
        ("x: " + "y" * 300_000, 1, "larger than"),
        (HEAD + "detection:\n  s: {path: a}\n", 3, "not a Sigma rule"),
        (HEAD + "detection:\n  s: {path: a}\n  condition: s and t\n", 5, "not defined"),
        (HEAD + "detection:\n  s: {path: a}\n  condition: s | count() > 5\n", 5, "pipe"),
        ("title: T\nlogsource: {product: windows}\ndetection:\n  s: {a: b}\n  condition: s\n", 2, "product=windows is none"),
        (GOOD + "level: extreme\n", 6, "not a valid Sigma rule level"),
        (GOOD + "custom: {fold: soon}\n", 6, "fold must be a time"),
        (GOOD + "custom: {sumary: x}\n", 6, "'sumary' is not known"),
        (GOOD + "custom: {summary: 'by {who}'}\n", 6, "no {who}"),
        (GOOD + "custom:\n  positive:\n    - {pth: /a}\n", 8, "'pth' is not a column"),
        (GOOD + "custom:\n  positive:\n    - {path: /a, repeat: many}\n", 8, "repeat must be a number"),
        (GOOD + "id: 7\n", 1, "not a Sigma rule"),
    ],
)  # fmt: skip
def test_broken_files(tmp_path: Path, text: str | bytes, line: int, why: str) -> None:
    (tmp_path / "a-good.yml").write_text(GOOD)
    rules = _load(tmp_path, text)
    assert [rule.rule_id for rule in rules.rules] == ["a-good"]
    (failure,) = rules.failures
    assert failure.line == line
    assert why in failure.why


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("gte: 3", "lt: 3"), "only gte and gt"),
        (("gte: 3", "gte: 100000"), "out of range"),
        (("event_count", "value_sum"), "without field reference"),
        (("event_count", "nonsense"), "not"),
        (("5m", "30d"), "seven days"),
        (("[base]", "[nothing]"), "refers to the rule 'nothing', which is not loaded"),
        (("[base]", "[c]"), "refers back"),
        (("rules: [base]", "rules: [base]\n  group-by: [nope]"), "'nope', which is no field"),
        (("rules: [base]", "rules: [base]\n  aliases: {a: {other: path}}"), "an alias is of the rule 'other'"),
    ],
)
def test_correlations_that_cannot_be_watched(tmp_path: Path, change: tuple[str, str], why: str) -> None:
    rules = _load(tmp_path, GOOD + "name: base\n" + CORRELATION.replace(*change))
    assert [rule.rule_id for rule in rules.rules] == ["base"]
    (failure,) = rules.failures
    assert (failure.rule, why in failure.why) == ("C", True), failure
    assert failure.line >= 8


def test_a_correlation_mutes_what_it_refers_to_unless_it_says_generate(tmp_path: Path) -> None:
    identity = "id: 1e2c48ea-f216-425d-8c20-b7a78cb01d79\n"
    base = GOOD + "name: base\n" + identity
    muted = _load(tmp_path, base + CORRELATION.replace("[base]", "[1e2c48ea-f216-425d-8c20-b7a78cb01d79]"))
    assert [(rule.rule_id, rule.raises) for rule in muted.rules] == [("base", False), ("c", True)]
    body = muted.rules[1].body
    assert body == Correlation("event_count", ("base",), (), 300, 3)
    loud = _load(tmp_path, base + CORRELATION.replace("timespan", "generate: true\n  timespan"))
    assert [rule.raises for rule in loud.rules] == [True, True]


def test_a_taken_name_is_refused_and_the_first_stays(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(GOOD + "name: one\n")
    rules = _load(tmp_path, GOOD.replace("/a", "/b") + "name: one\n", "b.yml")
    assert [Path(rule.file).name for rule in rules.rules] == ["a.yml"]
    assert f"is taken by {tmp_path}/a.yml:1" in rules.failures[0].why


def test_links_folders_and_missing_folders(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("root:x:0:0")
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "link.yml").symlink_to(tmp_path / "secret")
    rules = load_rules([folder, tmp_path / "nothing"])
    assert [failure.why for failure in rules.failures] == [
        "the file cannot be read: is or passes a symbolic link or leaves its folder",
        "the folder of rules cannot be read: No such file or directory",
    ]


def test_importing_the_room_is_cheap() -> None:
    code = (
        "import sys, seqwatch_tui.detect; print([m for m in ('sigma', 'pyarrow', 'numpy', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_detector_does_not_need_pysigma() -> None:
    code = "import sys, seqwatch_tui.detect.detector; print('sigma' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
