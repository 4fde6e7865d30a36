"""Questions outside the feed (a detail, a plan, a query): each on a thread and connection of its own, never in the way.

Plain daemon threads: leaving the console never waits for a slow query, and hanging up is what cancels one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from seqwatch_tui.console.client import Client, EngineError

T = TypeVar("T")
Deliver = Callable[[Callable[[], None]], None]


class Errand:
    """A question on its way; `cancel` hangs up, and no hook is called any more."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.cancelled = False

    def cancel(self) -> None:
        """Hang up."""
        self.cancelled = True
        self._client.close()


class Errands:
    """Starts errands; `deliver` brings a hook back to the application's own thread."""

    def __init__(self, socket: Path, deliver: Deliver) -> None:
        self._socket, self._deliver = socket, deliver

    def send(
        self, call: Callable[[Client], T], done: Callable[[T], None], failed: Callable[[EngineError], None],
        timeout: float = 20.0,
    ) -> Errand:  # fmt: skip
        """Run `call` on a thread; then `done` with its result or `failed`, on the application's thread."""
        client = Client(self._socket, timeout=timeout)
        errand = Errand(client)
        threading.Thread(target=self._run, args=(errand, client, call, done, failed), daemon=True).start()
        return errand

    def _run(
        self, errand: Errand, client: Client, call: Callable[[Client], T], done: Callable[[T], None],
        failed: Callable[[EngineError], None],
    ) -> None:  # fmt: skip
        try:
            answer = call(client)
        except EngineError as error:
            problem = error
            self._deliver(lambda: None if errand.cancelled else failed(problem))
        else:
            self._deliver(lambda: None if errand.cancelled else done(answer))
        finally:
            client.close()
