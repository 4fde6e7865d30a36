"""Live traffic on a demo site: a quiet night of pipelines, and the incident on its schedule.

`step` does everything that is due at a moment, so tests need neither thread nor clock; `start` runs it in a thread.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from threading import Event, Thread

from seqwatch_tui.demo.cast import LIMS
from seqwatch_tui.demo.files import HOSTILE
from seqwatch_tui.demo.incident import Incident
from seqwatch_tui.demo.site import Site

_EVENTS_PER_SCENE = 1.94  # measured: what the mix below leaves in the logs
_TICK = 0.05

Lines = tuple[str, str]
Beat = tuple[float, int, Callable[[float], Lines]]
"""Seconds after the start, a number that keeps equal times in order, and what writes the lines (audit, laurel)."""


class Traffic:
    """Writes to the logs of `site` from `start` to `stop`.

    `rate` is the mean of quiet events per second; `pace` divides the incident's times (2 = twice as fast);
    `clock` returns epoch seconds. The same seed, start and steps give the same lines, but for real inode numbers.
    """

    def __init__(
        self, site: Site, *, seed: int = 7, rate: float = 6.0, pace: float = 1.0, clock: Callable[[], float]
    ) -> None:
        self.site = site
        self.error: str | None = None
        """Why the traffic ended by itself; None while all is well."""
        self._dice = random.Random(seed)  # noqa: S311 (a play, not a secret)
        self._stage = site.stage(self._dice)
        self._rate, self._pace, self._clock = rate, pace, clock
        self._begun: float | None = None
        self._beats = heapq.merge(self._quiet(), self._incident(), key=lambda beat: beat[:2])
        self._next = next(self._beats)
        self._stop = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin in a thread of its own."""
        self._thread = Thread(target=self._run, name="demo-traffic", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop and wait until the last line is written."""
        self._stop.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def step(self, now: float) -> None:
        """Do what is due at `now` (epoch seconds); the first call is the start."""
        if self._begun is None:
            self._begun = now
        audit, laurel = "", ""
        while self._begun + self._next[0] <= now:
            offset, _, act = self._next
            one, two = act(self._begun + offset)
            audit, laurel = audit + one, laurel + two
            self._next = next(self._beats)
        self.site.append(audit, laurel)

    def _run(self) -> None:
        try:
            while not self._stop.wait(_TICK):
                self.step(self._clock())
        except Exception as error:  # noqa: BLE001 (root of the thread: told to the operator by whoever asks `error`)
            self.error = f"the demo's traffic stopped: {error}; restart the demo"

    def _incident(self) -> Iterator[Beat]:
        for number, (offset, act) in enumerate(Incident(self.site, self._stage).steps()):
            yield offset / self._pace, number, lambda ts, act=act: (act(ts), "")  # type: ignore[misc]

    def _quiet(self) -> Iterator[Beat]:
        offset, number = 0.5, 1_000_000
        while True:
            yield offset, number, self._hostile if number == 1_000_004 else self._scene
            offset += self._dice.expovariate(self._rate / _EVENTS_PER_SCENE)
            number += 1

    def _scene(self, ts: float) -> Lines:
        stage, choice = self._stage, self._dice.random()
        if choice < 0.68:
            return stage.look(ts, LIMS, stage.pick("wgs-cohort-a", "rna-pilot-c", "wes-panel-b", "clinical-trio-d")), ""
        if choice < 0.74:
            return stage.refresh(ts, self.site.datasets["rna-pilot-c"].named("status.json")[0]), ""
        if choice < 0.76:
            return self._hostile(ts)
        return "", stage.back_up(ts, [stage.pick("wgs-cohort-a", "rna-pilot-c") for _ in range(2)])

    def _hostile(self, ts: float) -> Lines:
        return self._stage.look(ts, LIMS, self.site.datasets["wes-panel-b"].named(HOSTILE)[0]), ""
