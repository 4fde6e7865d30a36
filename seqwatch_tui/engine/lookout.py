"""Looks at what may not answer: a dead NFS or FUSE mount keeps whoever asks in the kernel, and nobody can call him back.

So every look is made by a thread of its own and waited for a moment. One that does not come back is left where it is; its
subject is said to give no answer, and is not looked at again before the look is back. So threads do not pile up round by
round. What was left goes with its file system, or with the engine.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from seqwatch_tui.engine.clock import Clock

LOG = logging.getLogger("seqwatch")
PATIENCE = 1.0
"""How long a look is waited for, in seconds."""
TOLD_SECONDS = 10.0
"""From this age on operators are told: storage that is merely slow has answered by then."""
MOST = 256
"""Looks that may be left at a time. Beyond that nothing is looked at, and that is said: better than threads without end."""
_SHOWN = 8
T = TypeVar("T")
Late = Callable[[str, BaseException], None]


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """What gives no answer, and since when (epoch seconds)."""

    subject: str
    since: float

    def __str__(self) -> str:
        since = f"{datetime.fromtimestamp(self.since, UTC):%Y-%m-%d %H:%M:%S} UTC"
        return f"{self.subject} has not answered since {since} and is not looked at; see to its mount"


def subject(dataset_id: str, path: Path | str) -> str:
    """Return how a dataset is called in looks."""
    return f"dataset {dataset_id} ({path})"


class _Look(threading.Thread, Generic[T]):
    def __init__(self, about: NoAnswer, call: Callable[[], T], late: Late | None) -> None:
        super().__init__(name="look", daemon=True)
        self.about, self._call, self._late = about, call, late
        self.done: Future[T] = Future()
        self.left = False
        """Whether nobody waits for it any more."""

    def run(self) -> None:
        try:
            self.done.set_result(self._call())
        except Exception as error:  # noqa: BLE001 - root of a thread: raised to whoever waits, else shown to operators
            self.done.set_exception(error)
            if self.left and self._late is not None:
                self._late(f"a late look at {self.about.subject}", error)


class Lookout:
    """All looks of one engine. For any thread."""

    def __init__(self, clock: Clock, late: Late | None = None) -> None:
        """`late` is told of a look that failed when nobody waited for it any more."""
        self._clock, self._late, self._lock = clock, late, threading.Lock()
        self._left: list[_Look[Any]] = []
        self._told: dict[str, NoAnswer] = {}

    def look(self, subject: str, call: Callable[[], T], patience: float = PATIENCE) -> T | NoAnswer:
        """Return what `call` returns or raise what it raises; NoAnswer when that takes longer than `patience` seconds."""
        left = self._still_left()
        for look in left:
            if look.about.subject == subject:
                return look.about
        about = NoAnswer(subject, self._clock.now())
        if len(left) >= MOST:
            return about
        look = _Look(about, call, self._late)
        look.start()
        look.join(patience)
        if look.is_alive():
            with self._lock:
                look.left = True
                self._left.append(look)
            return about
        return look.done.result()  # type: ignore[no-any-return]

    def unanswered(self) -> list[str]:
        """Sentences on what gives no answer just now, the longest first; none for what is merely slow."""
        found, now = self._still_left(), self._clock.now()
        first = {look.about.subject: look.about for look in reversed(found)}
        old = [str(about) for about in reversed(first.values()) if now - about.since >= TOLD_SECONDS]
        more = [f"{len(old) - _SHOWN} more give no answer and are not looked at"] if len(old) > _SHOWN else []
        full = [f"{MOST} looks have not come back: nothing else is looked at before that"] if len(found) >= MOST else []
        return [*full, *old[:_SHOWN], *more]

    def log(self) -> None:
        """Log each subject once when it has given no answer for a while, and once when it does again."""
        now = self._clock.now()
        out = {look.about.subject: look.about for look in self._still_left()}
        for subject, about in out.items():
            if subject not in self._told and now - about.since >= TOLD_SECONDS:
                self._told[subject] = about
                LOG.warning("%s", about)
        for subject in self._told.keys() - out.keys():
            LOG.info("%s answers again", self._told.pop(subject).subject)

    def _still_left(self) -> list[_Look[Any]]:
        with self._lock:
            self._left = [look for look in self._left if look.is_alive()]
            return list(self._left)
