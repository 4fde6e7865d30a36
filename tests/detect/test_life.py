"""States of an alert, incidents and the risk score: small arithmetic, held to the tables of docs/alerts.md."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqwatch_tui.detect.incidents import INCIDENT_SECONDS, Incidents
from seqwatch_tui.detect.life import Said, changed, transition
from seqwatch_tui.detect.risk import KIND, LEVEL, over_threshold, risk_parts, score
from seqwatch_tui.model.action import Refused
from seqwatch_tui.model.alert import Alert

MANUAL = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()


def alert(number: int = 1, **more: Any) -> Alert:
    base = Alert(number, "r", "R", "h", "high", "jlee", "wgs", None, 1000.0, 1010.0, 1, None, "s")
    return replace(base, **more)


@pytest.mark.parametrize(
    ("state", "word", "to"),
    [
        ("new", "acknowledge", "acknowledged"), ("new", "contain", "contained"), ("acknowledged", "contain", "contained"),
        ("new", "close", "closed"), ("acknowledged", "close", "closed"), ("contained", "close", "closed"),
        ("suppressed", "close", "closed"), ("closed", "reopen", "new"), ("suppressed", "reopen", "new"),
    ],
)  # fmt: skip
def test_words_that_fit(state: Any, word: Any, to: str) -> None:
    before = alert(state=state, suppressed_by="snooze 1" if state == "suppressed" else None)
    said = Said(word, "expected" if word == "close" else None)
    after = changed(before, said)
    assert isinstance(after, Alert)
    assert (after.state, after.verdict) == (to, "expected" if to == "closed" else None)
    assert word != "reopen" or after.suppressed_by is None
    assert transition(before, after, said).startswith(f"{state} -> {to}")


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("acknowledged", "acknowledge"), ("closed", "acknowledge"), ("suppressed", "acknowledge"), ("contained", "contain"),
        ("closed", "close"), ("new", "reopen"), ("contained", "reopen"),
    ],
)  # fmt: skip
def test_words_that_do_not_fit_say_what_would(state: Any, word: Any) -> None:
    refused = changed(alert(state=state), Said(word, "true"))
    assert isinstance(refused, Refused)
    assert refused.reason == f"alert 1 is {state}"
    assert word in refused.advice


def test_an_alert_is_not_closed_without_a_verdict_nor_changed_by_a_note() -> None:
    assert isinstance(changed(alert(), Said("close")), Refused)
    assert changed(alert(state="closed"), Said("note")) == alert(state="closed")
    owned = changed(alert(), Said("assign", owner="lead"))
    assert isinstance(owned, Alert)
    assert owned.owner == "lead"
    assert transition(alert(), owned, Said("assign")) == "owner nobody -> lead"


def test_alerts_of_one_actor_and_dataset_close_together_are_one_incident() -> None:
    found = Incidents([])
    assert found.of(alert(1)) == 1
    assert (
        found.of(alert(2, rule_id="other", first_ts=1010.0 + INCIDENT_SECONDS, last_ts=1010.0 + INCIDENT_SECONDS)) == 1
    )
    assert found.of(alert(3, first_ts=1011.0 + 2 * INCIDENT_SECONDS, last_ts=1011.0 + 2 * INCIDENT_SECONDS)) == 3
    assert found.of(alert(4, actor="bob")) == 4
    assert found.of(alert(5, dataset=None)) == 5
    assert found.of(alert(6, state="suppressed")) is None


def test_an_incident_is_over_when_its_alerts_are_closed_and_goes_on_when_one_is_reopened() -> None:
    found = Incidents([alert(1, incident_id=1), alert(2, incident_id=1)])
    found.of(alert(1, incident_id=1, state="closed"))
    assert found.of(alert(3)) == 1
    for number in (2, 3):
        found.of(alert(number, incident_id=1, state="closed"))
    assert found.of(alert(4)) == 4
    assert found.of(alert(1, incident_id=1)) == 1
    assert found.of(alert(2, incident_id=1, state="closed")) == 1


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e4), st.booleans()), max_size=30))
def test_incidents_never_mix_actors_and_each_alert_has_one(spans: list[tuple[float, float, bool]]) -> None:
    found, actors = Incidents([]), {}
    for number, (first, length, other) in enumerate(spans, 1):
        actor = "bob" if other else "jlee"
        incident = found.of(alert(number, actor=actor, first_ts=first, last_ts=first + length))
        assert incident is not None
        assert incident <= number
        assert actors.setdefault(incident, actor) == actor


def test_the_score_is_the_sum_of_its_parts() -> None:
    facts = {"business_hours": False, "network_allowed": False, "allowed": False, "complete": False}
    parts = risk_parts("medium", "wgs", "clinical", facts, actor_known=False)
    assert parts == {
        "level": 35, "dataset": 15, "unattributed": 5, "outside hours": 5, "outside networks": 5, "not allowed": 5,
        "certainty": -5,
    }  # fmt: skip
    assert score(sum(parts.values()), 60, 30) == 70
    assert risk_parts("low", None, None, {}, actor_known=True) == {"level": 15}


@pytest.mark.parametrize(
    ("measure", "threshold", "points"),
    [(None, 30, 0), (30, None, 0), (30, 30, 0), (60, 30, 5), (120, 30, 10), (10_000, 30, 10), (10, 30, 0)],
)
def test_points_above_the_threshold(measure: int | None, threshold: int | None, points: int) -> None:
    assert over_threshold(measure, threshold) == points


@given(st.integers(-50, 200), st.integers(0, 10**9), st.integers(1, 5000))
def test_the_score_stays_within_its_bounds(fixed: int, measure: int, threshold: int) -> None:
    assert 0 <= score(fixed, measure, threshold) <= 100


@pytest.mark.parametrize(("word", "points"), [*LEVEL.items(), *KIND.items()])
def test_the_manual_has_the_same_points(word: str, points: int) -> None:
    assert re.search(rf"\b{word} {points}\b", MANUAL)
