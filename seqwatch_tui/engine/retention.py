"""Months of events that are older than `retention.store_days` leave the store, one by one, once a day; the ledger keeps them.

Each is told before it goes: a row of `gaps` over the month, whose count of 0 says that nothing is missing, and one of
`actions`. Both are in the ledger, so nobody takes what is not shown for what did not happen.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from seqwatch_tui.model.evidence import Gap, GapKind
from seqwatch_tui.store.interface import Commit
from seqwatch_tui.store.old import OldMonth, month_at

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

EVERY_SECONDS = 86_400.0
KIND: GapKind = "retention"
SOURCE = "store"
"""What the gap is said to be of: not of a source, which has missed nothing."""
_DAY = 86_400.0


class Retention:
    """Looks once a day, and as soon as the key is there. `look` is called now and then, never waits."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._next: tuple[int, float] | None = None
        """The days that the last look was for, and monotonic seconds from which on the next one is due."""
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Start the work when it is due and the last one has ended."""
        days, now = self._engine.settings.retention.store_days, self._engine.clock.monotonic()
        if days is None or (self._thread is not None and self._thread.is_alive()):
            return
        if self._next is not None and self._next[0] == days and now < self._next[1]:
            return
        self._next = days, now + EVERY_SECONDS
        self._thread = threading.Thread(target=self._work, args=(days,), name="retention", daemon=True)
        self._thread.start()

    def _work(self, days: int) -> None:
        try:
            let_go(self._engine, days)
        except Exception as error:  # noqa: BLE001 - root of a thread: operators see it, the next day tries again
            self._engine.trouble("taking old events out of the store", error)


def let_go(engine: Engine, days: int) -> list[OldMonth]:
    """Take out the months that ended more than `days` ago, each in a transaction of its own; return them."""
    gone = []
    for old in engine.store.old_months(month_at(engine.clock.now() - days * _DAY)):
        if engine.stopping.is_set():
            break
        _tell(engine, old, days)
        engine.store.leave(old.month)
        engine.meter.left(old.leaving)
        gone.append(old)
    return gone


def _tell(engine: Engine, old: OldMonth, days: int) -> None:
    """Say what is about to leave, once: a stop between the word and the deed must not tell it twice."""
    said = sentence(old, days)
    if engine.store.query_sql("select 1 from gaps where kind = ? and detail = ?", [KIND, said], 1).rows:
        return
    row = {
        "ts": engine.clock.now(), "operator": "seqwatch", "uid": os.geteuid(), "verb": KIND, "subject": old.text,
        "reason": f"retention.store_days: {days}", "detail": said, "outcome": "done",
    }  # fmt: skip
    gap = Gap(SOURCE, KIND, *old.span, 0, "exact", said)
    engine.submit(Commit(gaps=[gap], tables={"actions": [row]}))


def sentence(old: OldMonth, days: int) -> str:
    """Return what is said of a month."""
    stays = f"; {old.staying} that show open alerts stay" if old.staying else ""
    return (
        f"{old.leaving} events of {old.text} are in the ledger only (retention.store_days: {days}){stays};"
        " `seqwatch sql` reads them, screens and lists do not"
    )
