"""The rules that come with seqwatch: they load, say what they must, and prove themselves on their own samples."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seqwatch_tui.detect import load_rules, shipped_rules
from seqwatch_tui.detect.pages import pages
from seqwatch_tui.detect.rule import Rule, Sample
from tests.detect.batches import run

RULES = load_rules([shipped_rules()])
CASES = [(rule, sample) for rule in RULES.rules for sample in rule.samples]
DOCS = Path(__file__).resolve().parents[2] / "docs" / "rules"


def test_all_load() -> None:
    assert RULES.failures == ()
    assert len({rule.file for rule in RULES.rules}) >= 11


@pytest.mark.parametrize("rule", [rule for rule in RULES.rules if rule.raises], ids=lambda rule: rule.rule_id)
def test_a_rule_that_raises_says_what_an_operator_needs(rule: Rule) -> None:
    assert rule.description
    assert rule.false_positives
    assert any(re.fullmatch(r"attack\.t[0-9.]+", tag) for tag in rule.tags)
    assert len(rule.hash) == 64
    if rule.alert_as == rule.rule_id:
        assert {sample.raises for sample in rule.samples} == {True, False}


@pytest.mark.parametrize(("rule", "sample"), CASES, ids=[f"{rule.rule_id}-{n}" for n, (rule, _) in enumerate(CASES)])
@pytest.mark.parametrize("size", [1, 1000])
def test_samples(rule: Rule, sample: Sample, size: int) -> None:
    alerts, evidence = run(RULES, sample.events, size)
    mine = [alert for alert in alerts.values() if alert.rule_id == rule.alert_as]
    assert len(mine) == (1 if sample.raises else 0)
    for alert in mine:
        shown = {row.event_id for row in evidence if row.alert_id == alert.alert_id}
        assert len(shown) == alert.count
        assert "{" not in alert.summary


def test_switching_a_rule_off_keeps_what_feeds_the_others() -> None:
    only = load_rules([shipped_rules()], ["bulk-read", "no-such-rule"])
    assert [rule.rule_id for rule in only.rules if rule.raises] == ["bulk-read"]
    assert [rule.rule_id for rule in only.rules] == ["bulk-read-base", "bulk-read"]
    assert [failure.rule for failure in only.failures] == ["no-such-rule"]


def test_every_rule_has_its_page_as_it_is_written_today() -> None:
    """`python -m seqwatch_tui.detect.pages docs/rules` brings them up to date."""
    made = pages()
    for name, text in made.items():
        assert DOCS.joinpath(name).read_text() == text, name
    assert {path.name for path in DOCS.glob("*.md")} == {*made, "context.md"}
    for rule in RULES.rules:
        if rule.raises:
            assert f"| [`{rule.alert_as}`](" in made["README.md"], rule.rule_id


def test_a_bulk_read_is_one_alert_with_its_facts() -> None:
    rows = [
        {"ts": 5.0 * n, "action": "read", "outcome": "success", "dataset": "wgs-a", "user_name": "carol", "role": "auditor",
         "src_ip": "127.0.0.3", "path": f"/d/{n % 41}.bam", "bulk_granted": False}
        for n in range(90)
    ]  # fmt: skip
    alerts, evidence = run(RULES, rows, 7)
    assert [alert.rule_id for alert in alerts.values()] == ["bulk-read"]
    (alert,) = alerts.values()
    assert alert.summary == (
        "carol (auditor) read 41 distinct files of wgs-a in 10 min from 127.0.0.3; threshold 30, role has no bulk grant"
    )
    assert (alert.measure, alert.count, alert.actor, alert.dataset) == (41, 90, "carol", "wgs-a")
    assert sorted(row.event_id for row in evidence) == list(range(90))
