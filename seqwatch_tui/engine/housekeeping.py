"""What must be looked at now and then: the store's file, disk space, datasets, encryption and keys.

One thread, no work of its own: what may take long, or may never end, has a thread beside it, one at a time, and what may
not answer is asked by the lookout.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from seqwatch_tui.engine.lookout import Lookout, NoAnswer, subject
from seqwatch_tui.engine.runs import look_and_tell
from seqwatch_tui.engine.surveys import EVERY_SECONDS, survey_all
from seqwatch_tui.response.state import Enforcement, Intent, enforced, enforcement
from seqwatch_tui.store.interface import StoreFatal

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

_ALIVE_SECONDS = 5.0
_LOW_DISK = 512 << 20


def unenforced(engine: Engine) -> list[str]:
    """Return a sentence for every quarantine that is not, or not surely, in force. Raises JournalDamaged."""
    found = enforcement(engine.journal, engine.clock.now(), partial(_enforced, engine.lookout))
    return [f"quarantine of {e.dataset}: {e.state.upper()}: {e.detail}" for e in found if e.state != "enforced"]


def _enforced(lookout: Lookout, dataset: str, held: Intent, now: float) -> Enforcement:
    path = held.plan.path
    seen = lookout.look(subject(dataset, path), partial(enforced, dataset, held, now))
    if isinstance(seen, NoAnswer):
        return Enforcement(dataset, "unknown", seen.since, f"{path}: its file system does not answer")
    return seen


def look_at_datasets(engine: Engine) -> None:
    """Look at the runs that are not complete and at the quarantines, and log what gives no answer."""
    look_and_tell(engine)
    engine.unenforced = unenforced(engine) if engine.quarantined else []
    engine.lookout.log()


class _Aside:
    """Work of the engine in a thread beside the rounds, one at a time."""

    def __init__(self, engine: Engine, name: str, work: Callable[[Engine], None]) -> None:
        """`name` is what operators read when it goes wrong."""
        self._engine, self._name, self._work = engine, name, work
        self._thread: threading.Thread | None = None

    def start(self) -> bool:
        """Start it; false when the last one has not ended."""
        if self._thread is not None and self._thread.is_alive():
            return False
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()
        return True

    def _run(self) -> None:
        try:
            self._work(self._engine)
        except Exception as error:  # noqa: BLE001 - root of a thread: operators see it, the next round tries again
            self._engine.trouble(self._name, error)


class Housekeeper(threading.Thread):
    """Runs until `stop`; the first survey comes at once, so that no dataset stays unlooked-at for an hour."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(name="housekeeper", daemon=True)
        self._engine, self._stopping = engine, threading.Event()
        self._surveying = _Aside(engine, "the survey of encryption and keys", survey_all)
        self._looking = _Aside(engine, "looking at the datasets", look_at_datasets)
        self._next_survey = engine.clock.monotonic()
        self._low = False

    def run(self) -> None:
        """Look, wait, look again."""
        while not self._stopping.is_set():
            try:
                self.round()
            except StoreFatal as error:
                self._engine.fail("the store", error)
                return
            except Exception as error:  # noqa: BLE001 - root of a thread: operators see it, the next round tries again
                self._engine.trouble("housekeeping", error)
            self._stopping.wait(_ALIVE_SECONDS)

    def round(self) -> None:
        """One look at everything that is due. Raises StoreFatal when the store's file is gone."""
        engine = self._engine
        if engine.clock.monotonic() >= self._next_survey:
            self._next_survey = engine.clock.monotonic() + EVERY_SECONDS
            self._survey()
        self._looking.start()
        engine.drills.look()
        engine.hourly.look()
        engine.retention.look()
        free = engine.lookout.look(f"the state folder {engine.state_dir}", self._own_state)
        if not isinstance(free, NoAnswer):
            self._tell_low(free)

    def _survey(self) -> None:
        if not self._surveying.start():
            late = TimeoutError("the last one has not ended for an hour; is a file system not answering?")
            self._engine.trouble("the survey of encryption and keys", late)

    def _own_state(self) -> int:
        """See that the store's file is the one that is open; return the bytes that are left beside it."""
        self._engine.store.check_alive()
        return shutil.disk_usage(self._engine.state_dir).free

    def _tell_low(self, free: int) -> None:
        was_low, self._low = self._low, free < _LOW_DISK
        if self._low and not was_low:
            self._engine.trouble(
                "disk space", OSError(f"{free >> 20} MB are left for {self._engine.state_dir}; make room")
            )

    def stop(self) -> None:
        """Stop after the current look."""
        self._stopping.set()
