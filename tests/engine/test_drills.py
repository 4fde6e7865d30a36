"""When a drill is due: by the last row of `actions`, a minute after a start at the earliest, one at a time."""

from __future__ import annotations

import queue
from types import SimpleNamespace
from typing import Any

import pytest

from seqwatch_tui.config.settings import loads
from seqwatch_tui.engine.drills import Drills
from seqwatch_tui.engine.peers import Peer
from seqwatch_tui.store.interface import Rows

DAY = 86_400.0
START = 1_795_000_000.0
SITE = "site: s\nstate_dir: /s\ndatasets: [{id: a, path: /a}]\n"


class Engine(SimpleNamespace):
    """As much of an engine as the schedule looks at."""

    def query_sql(self, sql: str, params: list[Any]) -> Rows:
        rows = [] if self.last is None else [(self.last, "done", "fine")]
        return Rows(("ts", "outcome", "detail"), rows)


def _drills(
    monkeypatch: pytest.MonkeyPatch, every: str, last: float | None, uptime: float
) -> tuple[Drills, queue.Queue[Peer]]:
    settings = loads(f"{SITE}drill: {{canary: /a/x{every}}}\n", "x")
    clock = SimpleNamespace(now=lambda: START + uptime)
    engine = Engine(settings=settings, clock=clock, started=START, last=last, trouble=print)
    engine.store = engine
    drills, ran = Drills(engine), queue.Queue[Peer]()  # type: ignore[arg-type]
    monkeypatch.setattr(drills, "run", ran.put)
    return drills, ran


@pytest.mark.parametrize(
    ("every", "last", "uptime", "due"),
    [
        (", every: 1d", None, 61.0, True),
        (", every: 1d", None, 59.0, False),
        (", every: 1d", START - DAY, 61.0, True),
        (", every: 1d", START - DAY, 30.0, False),
        (", every: 1d", START - DAY / 2, 61.0, False),
        (", every: 1d", START - DAY / 2, DAY / 2, True),
        (", every: 1m", START + 100, 150.0, False),
        (", every: 1m", START + 100, 160.0, True),
        ("", None, 10 * DAY, False),
    ],
)
def test_a_drill_is_due(
    monkeypatch: pytest.MonkeyPatch, every: str, last: float | None, uptime: float, due: bool
) -> None:
    drills, ran = _drills(monkeypatch, every, last, uptime)
    drills.look()
    if due:
        assert ran.get(timeout=10).name == "seqwatch"
    else:
        assert drills._thread is None
