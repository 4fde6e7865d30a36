"""What the detector remembers stays bounded however long the stream goes on, and nothing that still counts is given up."""

from __future__ import annotations

from typing import Any

import pytest

from seqwatch_tui.detect import Detector, Rule, RuleSet, load_rules, shipped_rules
from seqwatch_tui.detect import folding as folding_module
from seqwatch_tui.detect import incidents as incidents_module
from seqwatch_tui.detect import reached as reached_module
from seqwatch_tui.detect import windows as windows_module
from seqwatch_tui.detect.condition import Match
from seqwatch_tui.detect.folding import LATE_SECONDS
from seqwatch_tui.detect.incidents import Incidents
from seqwatch_tui.detect.reached import Reached
from tests.detect.batches import START, batch, last
from tests.detect.test_life import alert

BULK = load_rules([shipped_rules()], ["bulk-read"])
SPAN, FOLD, DAY = 600, 3600, 86_400
TOUCH = RuleSet((Rule("touch", "Touched", "low", Match("action", "eq", "read"), "{actor}", FOLD, alert_as="touch"),))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding_module, "PASSED_KEPT", 8)
    monkeypatch.setattr(windows_module, "PASSED_KEPT", 40)
    monkeypatch.setattr(reached_module, "BATCHES", 4)


def _reads(first: int, ts: float, user: str, count: int = 1) -> list[dict[str, Any]]:
    return [
        {"event_id": first + n, "ts": ts + n, "action": "read", "outcome": "success", "dataset": "wgs-a",
         "user_name": user, "bulk_granted": False, "path": f"/d/{n}.bam"}
        for n in range(count)
    ]  # fmt: skip


def test_alerts_and_windows_whose_time_has_passed_are_given_up() -> None:
    touch, bulk = Detector(TOUCH, [], 1), Detector(BULK, [], 1)
    for day in range(60):
        rows = batch(_reads(100 * day, day * DAY, f"u{day}", 10))
        touch.feed(rows)
        bulk.feed(rows)
        assert touch.open_alerts <= 8 + 4
        assert bulk.held <= 40 + 10 * 4
    assert bulk.dropped == 0  # no count was ever too low


def test_nothing_whose_time_has_not_passed_is_given_up() -> None:
    touch, bulk = Detector(TOUCH, [], 1), Detector(BULK, [], 1)
    found = [touch.feed(batch(_reads(n * 100, n, f"u{n}"))) for n in range(50)]
    found += [touch.feed(batch(_reads(10_000 + n, FOLD - 50 + n, f"u{n}"))) for n in range(50)]
    assert {a.count for a in last(found).values()} == {2}
    for n in range(30):
        bulk.feed(batch([row for user in range(20) for row in _reads(user * 100 + n, n * 10, f"u{user}")]))
    assert bulk.held == 600


def test_a_hit_that_is_late_still_finds_its_alert() -> None:
    detector = Detector(TOUCH, [], 1)
    detector.feed(batch(_reads(1, 0, "carol")))
    for n in range(20):
        detector.feed(batch(_reads(100 + n, FOLD + LATE_SECONDS - 20 + n, f"u{n}")))
    (again,) = detector.feed(batch(_reads(500, 5, "carol"))).alerts
    assert (again.alert_id, again.count) == (1, 2)


def test_what_has_passed_is_judged_by_the_slowest_source() -> None:
    detector, found = Detector(TOUCH, [], 1), []
    for n in range(30):
        found.append(detector.feed(batch(_reads(10 * n, 100 * DAY + n, f"live{n}"))))
        found.append(detector.feed(batch(_reads(10 * n + 5, n, "old"))))
    (old,) = (a for a in last(found).values() if a.actor == "old")
    assert (old.count, old.first_ts) == (30, START)


def test_what_is_reached_is_the_earliest_of_a_stretch_of_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reached_module, "EVENTS", 100)
    reached = Reached()
    assert [reached.by(ts, 50) for ts in (1, 9, 8, 10, 11)] == [1, 1, 8, 8, 10]
    assert [reached.by(ts, 1) for ts in (90, 91, 92, 93)] == [10, 10, 11, 90]  # by batches, where they are small
    assert reached.by(5, 1000) == 5


def test_incidents_are_bounded_and_the_ones_in_use_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incidents_module, "MAX_INCIDENTS", 3)
    found = Incidents([])
    for number, actor in enumerate(("a", "b", "c"), 1):
        assert found.of(alert(number, actor=actor)) == number
    assert found.of(alert(4, actor="a")) == 1
    assert found.of(alert(5, actor="d")) == 5
    assert found.of(alert(6, actor="b")) == 6  # the one not touched for longest
    assert found.of(alert(7, actor="a")) == 1
    assert found.of(alert(2, actor="b", incident_id=2, state="closed")) == 2


def test_incidents_whose_time_has_passed_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incidents_module, "PASSED_KEPT", 5)
    found = Incidents([])
    for day in range(50):
        at = day * DAY * 1.0
        assert found.of(alert(day + 1, first_ts=at, last_ts=at)) == day + 1
        found.passed(at)
        assert len(found) <= 6
    for number in range(100, 110):  # of other people, at the same time: none of them has passed
        assert found.of(alert(number, actor=f"u{number}", first_ts=49.0 * DAY, last_ts=49.0 * DAY)) == number
        found.passed(49.0 * DAY)
    assert found.of(alert(200, actor="u100", first_ts=49.0 * DAY + 1, last_ts=49.0 * DAY + 1)) == 100
