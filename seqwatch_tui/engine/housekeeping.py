"""What must be looked at now and then: the store's file, disk space, encryption and keys. One thread, no work of its own."""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING

from seqwatch_tui.engine.runs import look_and_tell
from seqwatch_tui.engine.surveys import EVERY_SECONDS, survey_all
from seqwatch_tui.response.state import enforcement
from seqwatch_tui.store.interface import StoreFatal

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

_ALIVE_SECONDS = 5.0
_LOW_DISK = 512 << 20


def unenforced(engine: Engine) -> list[str]:
    """Return a sentence for every quarantine that is not, or not surely, in force."""
    found = enforcement(engine.journal, engine.clock.now())
    return [f"quarantine of {e.dataset}: {e.state.upper()}: {e.detail}" for e in found if e.state != "enforced"]


class Housekeeper(threading.Thread):
    """Runs until `stop`; the first survey comes at once, so that no dataset stays unlooked-at for an hour."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(name="housekeeper", daemon=True)
        self._engine, self._stopping = engine, threading.Event()
        self._surveying: threading.Thread | None = None

    def run(self) -> None:
        """Look, wait, look again."""
        next_survey = self._engine.clock.monotonic()
        low = False
        while not self._stopping.is_set():
            try:
                if self._engine.clock.monotonic() >= next_survey:
                    next_survey = self._engine.clock.monotonic() + EVERY_SECONDS
                    self._survey()
                self._engine.store.check_alive()
                look_and_tell(self._engine)
                self._engine.drills.look()
                self._engine.hourly.look()
                self._engine.retention.look()
                if self._engine.quarantined:
                    self._engine.unenforced = unenforced(self._engine)
                low = self._disk(low)
            except StoreFatal as error:
                self._engine.fail("the store", error)
                return
            except Exception as error:  # noqa: BLE001 - root of a thread: operators see it, the next round tries again
                self._engine.trouble("housekeeping", error)
            self._stopping.wait(_ALIVE_SECONDS)

    def _survey(self) -> None:
        """Survey in a thread of its own: a dataset on a file system that does not answer holds up nothing else."""
        if self._surveying is not None and self._surveying.is_alive():
            raise TimeoutError(
                "the last survey of the datasets has not ended for an hour; is a file system not answering?"
            )
        self._surveying = threading.Thread(target=self._survey_once, name="survey", daemon=True)
        self._surveying.start()

    def _survey_once(self) -> None:
        try:
            survey_all(self._engine)
        except Exception as error:  # noqa: BLE001 - root of a thread: operators see it, the next round tries again
            self._engine.trouble("the survey of encryption and keys", error)

    def _disk(self, was_low: bool) -> bool:
        free = shutil.disk_usage(self._engine.state_dir).free
        if free < _LOW_DISK and not was_low:
            self._engine.trouble(
                "disk space", OSError(f"{free >> 20} MB are left for {self._engine.state_dir}; make room")
            )
        return free < _LOW_DISK

    def stop(self) -> None:
        """Stop after the current look."""
        self._stopping.set()
