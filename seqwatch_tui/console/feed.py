"""The worker thread that fetches: asked for one snapshot at a time, and only when the last one is drawn.

A slow engine delays this thread and never a key; a slow screen asks less; an idle site is asked for its status only.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from seqwatch_tui.console.answers import Hello, Snapshot, Status
from seqwatch_tui.console.client import Client, EngineError, Refused

_IDLE_AFTER = 8
_IDLE_EVERY = 0.5
_RETRY_EVERY = 1.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the screen shows: how many events after which one, and how many rows of each other panel."""

    events: int = 60
    after: int | None = None
    filter: str = ""
    rows: int = 40
    number: int = 0
    """Counts the changes of the filter: an answer to an old question is dropped."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A snapshot, and the question it answers."""

    snapshot: Snapshot
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Rejected:
    """The engine does not accept the filter."""

    error: Refused
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Lost:
    """The engine does not answer; `hello` asks again once it does."""

    error: EngineError


@dataclass(frozen=True, slots=True)
class Met:
    """The engine answered for the first time, or again."""

    hello: Hello


News = Fresh | Rejected | Lost | Met
Sink = Callable[[News], None]


class Feed(threading.Thread):
    """Fetches snapshots and hands them to `sink` (called in this thread)."""

    def __init__(self, client: Client, sink: Sink, interval: float = 0.25) -> None:
        super().__init__(name="feed", daemon=True)
        self._client, self._sink = client, sink
        self.interval = interval
        self._wanted = Wanted()
        self._drawn, self._now, self._over = threading.Event(), threading.Event(), threading.Event()
        self._drawn.set()
        self._met = False
        self._last: tuple[object, ...] = ()
        self._equal = 0

    def want(self, wanted: Wanted, *, at_once: bool = False) -> None:
        """Ask for something else from now on; `at_once` does not wait for the next turn."""
        self._wanted = wanted
        if at_once:
            self._equal = 0
            self._now.set()
            self._drawn.set()

    def drawn(self) -> None:
        """The last snapshot is on the screen: the next one may come."""
        self._drawn.set()

    def stop(self) -> None:
        """End the thread and hang up."""
        self._over.set()
        self._now.set()
        self._drawn.set()
        self._client.close()

    def run(self) -> None:
        """Ask, hand over, wait until drawn; for ever."""
        while not self._over.is_set():
            began = time.monotonic()
            try:
                pause = self._turn()
            except EngineError as error:
                pause = self._lost(error)
            self._now.wait(max(pause - (time.monotonic() - began), 0.005))
            self._now.clear()
            self._drawn.wait()

    def _turn(self) -> float:
        if not self._met:
            self._sink(Met(self._client.get("/v1/hello", Hello.of)))
            self._met = True
        if self._equal >= _IDLE_AFTER and self._client.get("/v1/status", Status.of).essence() == self._last[0]:
            return max(_IDLE_EVERY, self.interval)
        wanted = self._wanted
        try:
            snapshot = self._client.get(
                "/v1/snapshot", Snapshot.of, events=wanted.events, after=wanted.after,
                filter=wanted.filter or None, limit=wanted.rows,
            )  # fmt: skip
        except Refused as error:
            if error.status != 400 or not wanted.filter:
                raise
            self._drawn.clear()
            self._sink(Rejected(error, wanted))
        else:
            self._hand_over(snapshot, wanted)
        return self.interval

    def _hand_over(self, snapshot: Snapshot, wanted: Wanted) -> None:
        panels = (snapshot.events, snapshot.alerts, snapshot.encryption, snapshot.integrity)
        seen = (snapshot.status.essence(), panels, wanted)
        if seen == self._last:
            self._equal += 1
            return
        self._last, self._equal = seen, 0
        self._drawn.clear()
        self._sink(Fresh(snapshot, wanted))

    def _lost(self, error: EngineError) -> float:
        self._met, self._last, self._equal = False, (), 0
        self._sink(Lost(error))
        return _RETRY_EVERY
