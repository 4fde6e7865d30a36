"""The detector over time: folding, closing, restart, late and old events, bounds, faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from seqwatch_tui.detect import Detector, Rule, RuleSet, load_rules, shipped_rules
from seqwatch_tui.detect import folding as folding_module
from seqwatch_tui.detect import windows as windows_module
from seqwatch_tui.detect.condition import Match
from seqwatch_tui.detect.correlator import Correlator
from seqwatch_tui.detect.matcher import Matcher
from seqwatch_tui.detect.rule import Correlation
from tests.detect.batches import START, batch, last, run

SHIPPED = load_rules([shipped_rules()])
BULK = load_rules([shipped_rules()], ["bulk-read"])
HOUR = 3600


def _read(number: int, ts: float, **more: Any) -> dict[str, Any]:
    return {
        "event_id": number, "ts": ts, "action": "read", "outcome": "success", "dataset": "wgs-a", "user_name": "carol",
        "role": "auditor", "bulk_granted": False, "path": f"/d/{number}.bam", **more,
    }  # fmt: skip


def _plain(rule_id: str = "touch", **more: Any) -> Rule:
    return Rule(
        rule_id, "Touched", "low", Match("action", "eq", "read"), "{actor}: {events}", HOUR, alert_as=rule_id, **more
    )


def test_hits_fold_by_actor_dataset_and_window() -> None:
    rows = [_read(n, n * 600.0) for n in range(6)]
    rows += [
        _read(10, 0, user_name=None),
        _read(11, 0, dataset="wes-b"),
        _read(12, 3000 + HOUR),
        _read(13, 3001 + 2 * HOUR),
    ]
    alerts, evidence = run(RuleSet((_plain(),)), rows, 3)
    found = sorted(
        (a.actor, a.dataset, a.count, a.first_ts - START, a.last_ts - START, a.summary) for a in alerts.values()
    )
    assert found == [
        ("carol", "wes-b", 1, 0, 0, "carol: 1 event"),
        ("carol", "wgs-a", 1, 3001 + 2 * HOUR, 3001 + 2 * HOUR, "carol: 1 event"),
        ("carol", "wgs-a", 7, 0, 3000 + HOUR, "carol: 7 events"),
        ("unattributed", "wgs-a", 1, 0, 0, "unattributed: 1 event"),
    ]
    assert len(evidence) == len({(row.alert_id, row.event_id) for row in evidence}) == 10


def test_one_batch_that_spans_days_gives_the_alerts_that_small_batches_give() -> None:
    rows = [_read(n, ts) for n, ts in enumerate([0, 100, 8000, 8100, 90000, 90001])]
    whole, single = (run(RuleSet((_plain(),)), rows, size)[0] for size in (100, 1))
    assert [(a.count, a.first_ts, a.last_ts) for a in whole.values()] == [
        (a.count, a.first_ts, a.last_ts) for a in single.values()
    ]
    assert [a.count for a in whole.values()] == [2, 2, 2]


def test_a_closed_alert_is_not_touched_again() -> None:
    detector = Detector(RuleSet((_plain(),)), [], 7)
    (first,) = detector.feed(batch([_read(1, 0)])).alerts
    assert first.alert_id == 7
    detector.keep(replace(first, state="acknowledged", owner="lead", incident_id=7))
    (again,) = detector.feed(batch([_read(2, 1)])).alerts
    assert (again.alert_id, again.state, again.count, again.owner, again.incident_id) == (
        7,
        "acknowledged",
        2,
        "lead",
        7,
    )
    detector.keep(replace(again, state="closed", verdict="false"))
    (new,) = detector.feed(batch([_read(3, 2)])).alerts
    assert (new.alert_id, new.state, new.count) == (8, "new", 1)
    assert detector.alert(7) is None
    detector.forget(8)
    assert detector.feed(batch([_read(4, 3)])).alerts[0].alert_id == 9


def test_open_alerts_of_before_a_restart_go_on() -> None:
    before = Detector(RuleSet((_plain(),)), [], 1)
    (alert,) = before.feed(batch([_read(1, 0), _read(2, 1)])).alerts
    after = Detector(RuleSet((_plain(),)), [alert], 2)
    (grown,) = after.feed(batch([_read(3, 2)])).alerts
    assert (grown.alert_id, grown.count, grown.first_ts) == (1, 3, START)


def test_a_restart_amid_a_bulk_read_neither_misses_nor_repeats() -> None:
    rows = [_read(n, n * 5.0) for n in range(60)]
    whole, evidence = run(BULK, rows, 10)
    for cut in (10, 29, 30, 45):
        first = Detector(BULK, [], 1)
        one = first.feed(batch(rows[:cut]))
        second = Detector(BULK, one.alerts, 1 + len(one.alerts))
        assert second.longest_window == 600
        second.warm(batch(rows[:cut]))
        two = second.feed(batch(rows[cut:]))
        alerts = last([one, two])
        assert [(a.alert_id, a.count, a.measure) for a in alerts.values()] == [(1, 60, 60)], cut
        assert [(a.count, a.measure) for a in whole.values()] == [(60, 60)]
        assert sorted(e.event_id for e in (*one.evidence, *two.evidence)) == sorted(e.event_id for e in evidence)


def test_warming_raises_nothing() -> None:
    detector = Detector(SHIPPED, [], 1)
    detector.warm(batch([_read(n, n) for n in range(50)]))
    assert detector.feed(batch([_read(100, 5000, bulk_granted=True)])).alerts == ()
    assert detector.longest_window == 7200  # from packing to sending


def test_back_fill_beside_the_live_stream() -> None:
    live = [_read(n, 100_000 + n) for n in range(29)]
    old = [_read(1000 + n, n) for n in range(30)]
    mixed = [row for pair in zip(live, old, strict=False) for row in pair] + old[29:]
    alerts, evidence = run(BULK, mixed, 4)
    assert [(a.first_ts - START, a.count) for a in alerts.values()] == [(0, 30)]
    assert sorted(e.event_id for e in evidence) == list(range(1000, 1030))


def test_an_event_that_comes_late_completes_the_window() -> None:
    rows = [_read(n, n * 10.0) for n in range(30)]
    detector = Detector(BULK, [], 1)
    assert detector.feed(batch(rows[:5] + rows[6:])).alerts == ()
    (alert,) = detector.feed(batch([rows[5]])).alerts
    assert (alert.count, alert.measure) == (30, 30)
    assert alert.summary.startswith("carol (auditor) read 30 distinct files of wgs-a in 10 min")


def test_a_window_includes_both_its_ends() -> None:
    rows = [_read(n, 0) for n in range(29)]
    assert len(run(BULK, [*rows, _read(29, 600)])[0]) == 1
    assert run(BULK, [*rows, _read(29, 600.000001)])[0] == {}


def test_evidence_is_capped_and_the_count_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding_module, "MAX_EVIDENCE", 5)
    alerts, evidence = run(RuleSet((_plain(),)), [_read(n, n) for n in range(12)], 4)
    assert [a.count for a in alerts.values()] == [12]
    assert [e.event_id for e in evidence] == [0, 1, 2, 3, 4]


def test_windows_are_bounded_and_say_what_they_gave_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows_module, "MAX_TOTAL", 100)
    detector = Detector(BULK, [], 1)
    for user in range(40):
        detector.feed(batch([_read(user * 10 + n, n, user_name=f"u{user}") for n in range(10)]))
    assert detector.dropped == 300


def test_a_flood_within_one_window_keeps_the_distinct_values() -> None:
    detector = Detector(BULK, [], 1)
    rows = [_read(n, n / 1000, path=f"/d/{n % 29}") for n in range(25_000)]
    assert detector.feed(batch(rows)).alerts == ()
    (alert,) = detector.feed(batch([_read(30_000, 26)])).alerts
    assert alert.measure == 30


def test_events_without_time_order_within_a_batch() -> None:
    rows = [_read(n, (n * 7 % 30) * 10.0) for n in range(30)]
    alerts, _ = run(BULK, rows)
    assert [(a.count, a.measure) for a in alerts.values()] == [(30, 30)]


def test_hostile_text_stays_text() -> None:
    name = "{actor}\x1b[31m'; DROP TABLE events; --\u202e" + "x" * 500
    alerts, _ = run(RuleSet((_plain("t", description="d"),)), [_read(1, 0, user_name=name)])
    (alert,) = alerts.values()
    assert alert.actor == name
    assert alert.summary.startswith("{actor}\x1b[31m'; DROP")
    assert len(alert.summary) < 250


def test_a_rule_that_faults_is_set_aside_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Matcher.match

    def match(self: Matcher, events: Any) -> Any:
        if any(number is not None for number in [self._fields.get("exe")]):
            raise ValueError("broken pattern")
        return real(self, events)

    bad = Rule("bad", "Bad", "low", Match("exe", "eq", "x"), "", HOUR, alert_as="bad", file="bad.yml")
    detector = Detector(RuleSet((bad, _plain())), [], 1)
    monkeypatch.setattr(Matcher, "match", match)
    counts = [detector.feed(batch([_read(n, n)])).alerts[0].count for n in range(5)]
    assert counts == [1, 2, 3, 4, 5]
    (fault,) = detector.faults
    assert (fault.rule_id, fault.file, fault.count, fault.disabled, fault.why) == (
        "bad", "bad.yml", 3, True, "ValueError: broken pattern",
    )  # fmt: skip


def test_a_correlation_that_faults_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    def feed(*_: Any) -> list[Any]:
        raise KeyError("gone")

    monkeypatch.setattr(Correlator, "feed", feed)
    detector = Detector(SHIPPED, [], 1)
    for n in range(4):
        detector.feed(batch([_read(n, n, allowed=False)]))
    assert {fault.rule_id for fault in detector.faults if fault.disabled} == {
        rule.rule_id for rule in SHIPPED.rules if isinstance(rule.body, Correlation)
    }
    assert detector.feed(batch([_read(9, 9, allowed=False, role=None)])).alerts[0].rule_id == "access-without-grant"


def test_nothing_in_nothing_out() -> None:
    assert Detector(SHIPPED, [], 1).feed(batch([])).alerts == ()


@pytest.mark.parametrize("rows", [[{"path": "/x"}], [{}]])
def test_rows_that_are_mostly_null(rows: list[Mapping[str, Any]]) -> None:
    assert run(SHIPPED, rows) == ({}, [])
