"""The thread of one address: at once, joined in a storm, tried again when it recovers, never in anybody's way."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from seqwatch_tui.config.alarm import Notify
from seqwatch_tui.engine import pager as pagers
from seqwatch_tui.engine.clock import SystemClock
from seqwatch_tui.engine.pager import Pager, Told
from seqwatch_tui.notify.interface import Delivery, NotSent, Page, Sent
from tests.notify.servers import alert


class Fake:
    """A channel that answers what the test puts into `answers`, and keeps the pages."""

    label = "fake"

    def __init__(self, *answers: Delivery) -> None:
        self.answers, self.pages = list(answers), queue.Queue[Page]()
        self.gate = threading.Event()
        self.gate.set()

    def deliver(self, page: Page) -> Delivery:
        self.gate.wait(20)
        self.pages.put(page)
        return self.answers.pop(0) if self.answers else Sent("ok")


def started(channel: Fake, keep: Callable[[Told], Any], severity: str = "high") -> Pager:
    pager = Pager("lab", Notify(url="file:/x", min_severity=severity), channel, SystemClock(), keep)  # type: ignore[arg-type]
    pager.start()
    return pager


def test_an_alert_is_paged_at_once_and_its_outcome_is_kept() -> None:
    channel, kept = Fake(), queue.Queue[Told]()
    pager = started(channel, kept.put)
    assert pager.offer(alert(1))
    told = kept.get(timeout=10)
    assert (told.sent, told.said, told.alerts[0].alert_id) == (True, "fake: ok", 1)
    assert (pager.view().state, pager.view().sent) == ("pass", 1)
    pager.stop()
    assert not pager.is_alive()


def test_only_levels_from_the_least_on_are_wanted() -> None:
    pager = Pager("lab", Notify(url="file:/x", min_severity="high"), Fake(), SystemClock(), print)
    assert [pager.wants(alert(level=level)) for level in ("medium", "high", "critical")] == [False, True, True]


def test_a_storm_becomes_one_page(monkeypatch: Any) -> None:
    monkeypatch.setattr(pagers, "STORM_SECONDS", 0.5)
    channel, kept = Fake(), queue.Queue[Told]()
    channel.gate.clear()
    pager = started(channel, kept.put)
    for number in range(100):
        assert pager.offer(alert(number))
    channel.gate.set()
    pages = [channel.pages.get(timeout=10).payload["count"] for _ in range(pagers.BURST + 1)]
    assert pages == [1] * pagers.BURST + [90]
    pager.stop()


def test_a_full_queue_is_counted_and_never_waited_for(monkeypatch: Any) -> None:
    monkeypatch.setattr(pagers, "WAITING", 3)
    channel = Fake()
    channel.gate.clear()
    pager = Pager("lab", Notify(url="file:/x"), channel, SystemClock(), lambda told: None)
    began = time.monotonic()
    assert [pager.offer(alert(n)) for n in range(5)] == [True] * 3 + [False] * 2
    assert time.monotonic() - began < 1
    assert (pager.view().dropped, pager.view().state) == (2, "fail")
    pager.stop()


def test_an_address_that_recovers_is_told_what_it_missed_and_the_outcome_is_kept_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(pagers, "STORM_SECONDS", 0.05)
    monkeypatch.setattr("seqwatch_tui.notify.channels.PAUSES", ())
    down = NotSent("down", again=True)
    channel, kept = Fake(down, down, down), queue.Queue[Told]()
    pager = started(channel, kept.put)
    pager.offer(alert(1))
    assert not kept.get(timeout=10).sent
    recovered = kept.get(timeout=10)
    assert (recovered.sent, [a.alert_id for a in recovered.alerts]) == (True, [1])
    assert (channel.pages.qsize(), pager.view().state, pager.view().waiting) == (4, "pass", 0)
    pager.stop()


def test_a_refusal_for_good_is_not_tried_again(monkeypatch: Any) -> None:
    monkeypatch.setattr(pagers, "STORM_SECONDS", 0.01)
    channel, kept = Fake(NotSent("who is that", again=False)), queue.Queue[Told]()
    pager = started(channel, kept.put)
    pager.offer(alert(1))
    assert not kept.get(timeout=10).sent
    assert (pager.view().state, pager.view().waiting, pager.view().last) == ("fail", 0, "fake: who is that")
    pager.stop()
    assert channel.pages.qsize() == 1


def test_a_drill_is_paged_whatever_its_level_and_marked() -> None:
    channel = Fake()
    pager = started(channel, lambda told: None, "critical")
    told = pager.drill(alert(level="informational")).result(10)
    assert (told.sent, told.kind) == (True, "drill")
    assert "DRILL" in channel.pages.get(timeout=1).title
    pager.stop()


def test_what_no_more_waits_for_an_address_to_recover_is_counted(monkeypatch: Any) -> None:
    monkeypatch.setattr(pagers, "JOINED", 2)
    monkeypatch.setattr("seqwatch_tui.notify.channels.PAUSES", ())
    channel, kept = Fake(*[NotSent("down", again=True)] * 4), queue.Queue[Told]()
    pager = started(channel, kept.put)
    for number in range(1, 5):
        pager.offer(alert(number))
        kept.get(timeout=10)
    assert pager.view().dropped == 2
    assert pager.view().state == "fail"
    pager.stop()
