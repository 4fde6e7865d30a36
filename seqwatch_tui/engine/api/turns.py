"""How many queries run at once: each is a process of up to a gigabyte, and none may keep others from theirs for long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from seqwatch_tui.engine.api.server import ApiError
from seqwatch_tui.engine.peers import Peer

OF_ONE, OF_ALL = 2, 4
"""Queries of one person, and of all together."""


class Turns:
    """Who runs queries just now. Used from the event loop only."""

    def __init__(self) -> None:
        self._running: Counter[int] = Counter()

    @contextmanager
    def taken(self, peer: Peer) -> Iterator[None]:
        """Hold a place for a query of `peer`; ApiError 429 when there is none."""
        if self._running[peer.uid] >= OF_ONE:
            raise ApiError(429, f"{OF_ONE} queries of {peer.name} run already", "wait for one to end, or cancel it")
        if self._running.total() >= OF_ALL:
            raise ApiError(429, f"{OF_ALL} queries run already", "try again when one has ended")
        self._running[peer.uid] += 1
        try:
            yield
        finally:
            self._running[peer.uid] -= 1


TURNS: web.AppKey[Turns] = web.AppKey("turns", Turns)
