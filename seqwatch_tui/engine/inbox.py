"""The way into the spine, which ends when the spine does: nobody waits for work that no thread will take any more."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from typing import Any

_LOOK_SECONDS = 0.5
"""How often somebody who waits for room looks whether the spine has ended."""


class SpineEnded(RuntimeError):
    """Nothing can be stored any more: the engine is stopping or has failed."""

    def __init__(self) -> None:
        super().__init__("the engine is stopping and stores nothing more; what is not stored is read again")


class Inbox(queue.Queue[Any]):
    """A bounded queue of work. After `end`, `put` raises SpineEnded and what is inside is refused."""

    def __init__(self, maxsize: int) -> None:
        super().__init__(maxsize)
        self._over = threading.Event()

    @property
    def ended(self) -> bool:
        """Whether nothing is taken any more."""
        return self._over.is_set()

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """As Queue.put; SpineEnded, also while waiting, once the spine has ended."""
        while True:
            self._look()
            try:
                super().put(item, block, timeout if timeout is not None else _LOOK_SECONDS)
                break
            except queue.Full:
                if timeout is not None or not block:
                    raise
        self._look()  # it may have ended between the look and the put

    def _look(self) -> None:
        if self.ended:
            self.end()
            raise SpineEnded

    def end(self) -> None:
        """Take nothing more, and tell those who wait for what is inside."""
        self._over.set()
        while True:
            try:
                refuse(getattr(self.get_nowait(), "done", None))
            except queue.Empty:
                return


def refuse(done: Future[Any] | None) -> None:
    """Tell whoever waits for this that it was not stored."""
    if done is not None and not done.done():
        done.set_exception(SpineEnded())
