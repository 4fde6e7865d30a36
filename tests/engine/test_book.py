"""The book of alerts: what it remembers stays bounded, and a reason is written once however late a hit comes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seqwatch_tui.config.settings import loads
from seqwatch_tui.detect import Detector, Rule, RuleSet
from seqwatch_tui.detect import folding as folding_module
from seqwatch_tui.detect import reached as reached_module
from seqwatch_tui.detect.condition import Match
from seqwatch_tui.engine import book as book_module
from seqwatch_tui.engine.book import AlertBook, Past
from tests.detect.batches import batch

SETTINGS = loads("site: a\nstate_dir: /s\n", "x")
TOUCH = RuleSet((Rule("touch", "Touched", "low", Match("action", "eq", "read"), "{actor}", 60, alert_as="touch"),))
DAY = 86_400


def test_a_book_of_many_open_alerts_stays_small_and_writes_no_reason_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding_module, "PASSED_KEPT", 5)
    monkeypatch.setattr(reached_module, "BATCHES", 2)
    monkeypatch.setattr(book_module, "_SPARE", 10)
    detector, book = Detector(TOUCH, [], 1), AlertBook(TOUCH, SETTINGS, Past())
    reasons, first = [], None
    for day in range(100):
        events = batch([{"event_id": day, "ts": day * DAY, "action": "read", "user_name": f"u{day}"}])
        alerts, tables = book.complete(detector.feed(events), events, [], detector)
        first = first or alerts[0]
        reasons += [row["alert_id"] for row in tables["alert_reasons"]]
        assert book.known <= 2 * detector.open_alerts + 10
    assert reasons == list(range(1, 101))
    assert first is not None

    detector.keep(book.keep(replace(first, state="acknowledged")))
    late = batch([{"event_id": 500, "ts": 1, "action": "read", "user_name": "u0"}])
    (again,), tables = book.complete(detector.feed(late), late, [], detector)
    assert (again.alert_id, again.count, again.state, again.risk) == (1, 2, "acknowledged", first.risk)
    assert tables == {}
