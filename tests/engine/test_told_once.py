"""Who was offered which alert: each once, whatever comes between, and nothing kept in memory for it."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqwatch_tui.config.settings import Settings, loads
from seqwatch_tui.engine import paging as rooms
from seqwatch_tui.engine.paging import Paging
from seqwatch_tui.model.alert import Alert
from seqwatch_tui.store.interface import Commit, Rows
from tests.notify.servers import alert

NOW = 1_795_000_100.0
SITE = "site: s\nstate_dir: /s\n"
ADDRESSES = [f"{{url: 'file:/{name}', min_severity: low}}" for name in "ab"]


def site(addresses: int) -> Settings:
    return loads(f"{SITE}notify: [{', '.join(ADDRESSES[:addresses])}]\n", "x")


class Store:
    """The alerts as committed; nobody was told of any."""

    def __init__(self) -> None:
        self.alerts: dict[int, Alert] = {}

    def next_alert_id(self) -> int:
        return max(self.alerts, default=0) + 1

    def open_alerts(self) -> list[Alert]:
        return [each for each in self.alerts.values() if each.state != "closed"]

    def query_sql(self, sql: str, params: list[Any]) -> Rows:
        return Rows(("subject",), [])


class Stage:
    """Paging over that store; `offered` is (address, alert) in order."""

    def __init__(self, before: int = 0) -> None:
        self.store, self.offered = Store(), list[tuple[str, int]]()
        self.store.alerts = {number: alert(number) for number in range(1, before + 1)}
        clock = SimpleNamespace(now=lambda: NOW)
        self.paging = Paging(site(0), self.store, clock, print, print)  # type: ignore[arg-type]

    def pager(self, _site: str, notify: Any, *_: object) -> SimpleNamespace:
        def offer(each: Alert) -> bool:
            self.offered.append((notify.url, each.alert_id))
            return True

        return SimpleNamespace(notify=notify, offer=offer, wants=lambda _: True, start=bool, stop=bool)

    def commit(self, *alerts: Alert) -> None:
        self.store.alerts.update({each.alert_id: each for each in alerts})

    def stored(self, *alerts: Alert) -> None:
        self.commit(*alerts)
        self.paging.stored(Commit(alerts=list(alerts)))

    def told(self, address: str = "file:/a") -> list[int]:
        return [number for url, number in self.offered if url == address]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    made = Stage(before=3)
    monkeypatch.setattr(rooms, "Pager", made.pager)
    return made


def test_ten_thousand_alerts_leave_nothing_in_memory(stage: Stage) -> None:
    stage.paging.configure(site(1))
    stage.paging.begin()
    held = lambda: {name: len(each) for name, each in vars(stage.paging).items() if isinstance(each, Sized)}  # noqa: E731
    before = held()
    for number in range(4, 10_004):
        stage.stored(alert(number))
    assert held() == before
    assert stage.told() == list(range(1, 10_004))


def test_what_becomes_of_an_alert_later_is_not_told_again(stage: Stage) -> None:
    stage.paging.configure(site(2))
    stage.paging.begin()
    stage.stored(alert(5), alert(4), alert(5, count=46))
    stage.stored(alert(4, count=47), alert(6, state="suppressed"))
    stage.stored(replace(alert(5), state="acknowledged"), alert(2, count=99), alert(6))
    assert (stage.told(), stage.told("file:/b")) == ([1, 2, 3, 5, 4], [1, 2, 3, 5, 4])


def test_an_alert_from_before_the_first_address_is_told_once(stage: Stage) -> None:
    stage.paging.begin()
    stage.stored(alert(4))
    stage.paging.configure(site(1))
    stage.stored(alert(4, count=46))
    assert stage.told() == [1, 2, 3, 4]


def test_an_alert_that_is_in_the_store_before_paging_hears_of_it_is_told_once(stage: Stage) -> None:
    stage.paging.configure(site(1))
    stage.commit(alert(4))
    stage.paging.begin()
    stage.stored(alert(4))
    assert stage.told() == [1, 2, 3, 4]


def test_what_somebody_took_on_while_no_address_was_there_is_not_told(stage: Stage) -> None:
    stage.paging.begin()
    stage.stored(alert(4), alert(5))
    stage.stored(alert(4, state="acknowledged"))
    stage.paging.configure(site(1))
    assert stage.told() == [1, 2, 3, 5]


@given(st.lists(st.sampled_from(["new", "fold", "commit", "hear", "begin", "1", "2"]), max_size=30))
def test_no_address_is_told_twice_and_the_first_one_of_everything(steps: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stage, unheard, begun = Stage(before=2), list[Alert](), False
        patch.setattr(rooms, "Pager", stage.pager)
        stage.paging.configure(site(1))
        for step in [*steps, "hear", *([] if "begin" in steps else ["begin"]), "1"]:
            newest = stage.store.next_alert_id()
            if step in {"new", "commit"}:
                stage.commit(alert(newest))
                unheard.append(alert(newest))
            elif step == "fold":
                unheard.append(alert(newest - 1, count=99))
            elif step == "begin" and not begun:
                stage.paging.begin()
                begun = True
            elif step.isdigit():
                stage.paging.configure(site(int(step)))
            if step in {"new", "hear"}:
                stage.paging.stored(Commit(alerts=unheard))
                unheard = []
        assert sorted(stage.told()) == sorted(stage.store.alerts)
