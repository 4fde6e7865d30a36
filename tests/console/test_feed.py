"""The feed: one snapshot at a time, only when the last is drawn, cheap when idle."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from seqwatch_tui.console.client import Client
from seqwatch_tui.console.feed import Feed, Fresh, Lost, Met, News, Rejected, Wanted
from tests.console.fake_engine import FakeEngine, Site


class Listener:
    """Keeps the news and tells when some came."""

    def __init__(self) -> None:
        self.news: list[News] = []
        self._came = threading.Condition()

    def __call__(self, news: News) -> None:
        with self._came:
            self.news.append(news)
            self._came.notify_all()

    def wait(self, kind: type, count: int = 1) -> News:
        with self._came:
            found: Callable[[], list[News]] = lambda: [one for one in self.news if isinstance(one, kind)]  # noqa: E731
            assert self._came.wait_for(lambda: len(found()) >= count, 20), self.news
            return found()[count - 1]


def fed(folder: Path, site: Site, interval: float = 0.02) -> tuple[FakeEngine, Feed, Listener]:
    listener = Listener()
    engine = FakeEngine(folder / "engine.sock", site)
    return engine, Feed(Client(engine.socket), listener, interval), listener


def test_it_does_not_ask_again_before_the_last_snapshot_is_drawn(tmp_path: Path) -> None:
    site = Site(1000.0)
    engine, feed, listener = fed(tmp_path, site)
    with engine:
        feed.start()
        listener.wait(Fresh)
        time.sleep(0.3)
        assert sum("snapshot" in path for _, path in site.requests) == 1
        feed.drawn()
        listener.wait(Fresh, 2)
        feed.stop()


def test_an_unchanged_site_is_not_handed_over_again_and_is_asked_for_its_status_only(tmp_path: Path) -> None:
    site = Site()
    engine, feed, listener = fed(tmp_path, site, 0.005)
    with engine:
        feed.start()
        listener.wait(Fresh)
        feed.drawn()
        end = time.monotonic() + 5
        while not any(path == "/v1/status" for _, path in site.requests) and time.monotonic() < end:
            time.sleep(0.01)
        assert [type(one) for one in listener.news] == [Met, Fresh]
        assert any(path == "/v1/status" for _, path in site.requests)
        site.alert_states[1] = "acknowledged"
        listener.wait(Fresh, 2)
        feed.stop()


def test_a_filter_that_is_not_understood_is_rejected_and_the_engine_is_not_lost(tmp_path: Path) -> None:
    engine, feed, listener = fed(tmp_path, Site())
    with engine:
        feed.want(Wanted(filter="colour=red", number=7))
        feed.start()
        rejected = listener.wait(Rejected)
        assert isinstance(rejected, Rejected)
        assert rejected.wanted.number == 7
        feed.want(Wanted(), at_once=True)
        listener.wait(Fresh)
        feed.stop()
    assert not any(isinstance(one, Lost) for one in listener.news[:3])


def test_an_engine_that_comes_back_is_met_again(tmp_path: Path) -> None:
    engine, feed, listener = fed(tmp_path, Site())
    feed.start()
    listener.wait(Lost)
    with engine:
        listener.wait(Fresh)
    feed.stop()


def test_the_question_names_what_is_wanted(tmp_path: Path) -> None:
    site = Site()
    engine, feed, listener = fed(tmp_path, site)
    with engine:
        feed.want(Wanted(events=5, after=17, filter="user=jlee", rows=9))
        feed.start()
        listener.wait(Fresh)
        feed.stop()
    assert ("GET", "/v1/snapshot?events=5&after=17&filter=user%3Djlee&limit=9") in site.requests
