"""The engine: opens what it owns in the one safe order, starts its threads, stops them, and says why when it must.

Order: lock, store, ledger (which may have to rebuild the store), rules and open alerts, spine, sources. What is read
before the spine stands would have nowhere to go.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from seqwatch_tui.catalogue.catalogue import Catalogue
from seqwatch_tui.config.settings import Settings, SourceSettings
from seqwatch_tui.engine.clock import Clock, SystemClock
from seqwatch_tui.engine.intake import Intake
from seqwatch_tui.engine.jobs import Jobs
from seqwatch_tui.engine.meter import Meter
from seqwatch_tui.engine.opening import Opened, open_state
from seqwatch_tui.engine.parsers import knowledge_of, make_parser
from seqwatch_tui.engine.peers import groups_of
from seqwatch_tui.engine.rules import load_detector
from seqwatch_tui.engine.spine import Judge, Writer
from seqwatch_tui.engine.work import AlertChange, Change
from seqwatch_tui.model.evidence import SourceState
from seqwatch_tui.sources.follow import Follower
from seqwatch_tui.store.interface import Commit

LOG = logging.getLogger("seqwatch")


class Engine:
    """Everything one site needs, from bytes to answers. Made by `Engine.open`, ended by `close`."""

    def __init__(self, settings: Settings, config: Path, opened: Opened, clock: Clock) -> None:
        """Owned by the main thread; readers in other threads use `store` (thread-safe) and `ledger` under its lock."""
        self.settings, self.config, self.clock = settings, config, clock
        self.state_dir = Path(settings.state_dir)
        self.store, self.ledger, self.ledger_lock, self._lock = opened.store, opened.ledger, threading.Lock(), opened.lock
        self.notes: list[str] = list(opened.notes)
        self.started = clock.now()
        self.failed = threading.Event()
        self.failure = ""
        self.troubles: deque[str] = deque(maxlen=20)
        self.jobs = Jobs(clock)
        self.intakes: list[Intake] = []
        self.plans: dict[str, object] = {}
        self.catalogue = Catalogue(settings, {name: groups_of(name) for name in _known_people(settings)})
        self.rules, detector = load_detector(settings, self.store, clock.now())
        self.meter = Meter(clock, self.store.next_event_id() - 1, self.store.event_count())
        self.judge = Judge(
            self.catalogue, detector, self.ledger, self.ledger_lock, self.store.next_event_id(), clock, self.fail
        )
        self.writer = Writer(self.judge, self.store, self.meter, self.fail)

    @classmethod
    def open(cls, settings: Settings, config: Path, clock: Clock | None = None) -> Engine:
        """Open or create the site's state. EngineError says what is in the way and what to do."""
        clock = clock or SystemClock()
        engine = cls(settings, config, open_state(Path(settings.state_dir), clock.now()), clock)
        engine.judge.start()
        engine.writer.start()
        engine.declare_catalogue()
        return engine

    def declare_catalogue(self) -> None:
        """Write the configured datasets and grants into their tables."""
        now = self.clock.now()
        self.submit(Commit(tables={"datasets": self.catalogue.dataset_rows(now), "grants": self.catalogue.grant_rows()}))

    def follow_sources(self) -> None:
        """Start one intake per configured source, where it stopped last time."""
        known = {s.name: s for s in self.store.sources()}
        for source in self.settings.sources:
            state = known.get(source.name) or SourceState(source.name, source.type, str(source.path or ""), "waiting")
            if source.type == "fanotify" or source.path is None:
                continue
            self.intakes.append(self._intake(source, state))
        for intake in self.intakes:
            intake.start()

    def _intake(self, source: SourceSettings, state: SourceState) -> Intake:
        knowledge = knowledge_of(source.name, self.store, self.clock.now())
        follower = Follower(source.name, Path(str(source.path)), state.resume)
        return Intake(
            follower, make_parser(source.name, source.type, source.mapping, knowledge), state,
            self.judge.inbox.put, self.clock, self.trouble,
        )  # fmt: skip

    def submit(self, commit: Commit, timeout: float = 30.0) -> None:
        """Store rows of the small tables, in order with everything else; returns once they are stored."""
        change = Change(commit)
        self.judge.inbox.put(change)
        change.done.result(timeout)

    def submit_alert(self, change: AlertChange, timeout: float = 30.0) -> None:
        """Apply an operator's word on an alert; returns once it is stored."""
        self.judge.inbox.put(change)
        change.done.result(timeout)

    def trouble(self, what: str, error: BaseException) -> None:
        """Note something that went wrong without ending the engine; operators see it in the status."""
        LOG.exception("%s failed", what, exc_info=error)
        self.troubles.append(f"{what}: {error}")

    def fail(self, what: str, error: BaseException) -> None:
        """Note something without which the engine cannot go on: it stops reading and ends with status 3."""
        LOG.critical("%s failed", what, exc_info=error)
        self.failure = f"{what} failed: {error}"
        self.failed.set()

    def close(self) -> None:
        """Stop sources, finish what is queued, close the store, give up the lock."""
        self.jobs.stop()
        for intake in self.intakes:
            intake.stopping.set()
        for intake in self.intakes:
            intake.join(timeout=5.0)
        if not self.failed.is_set():
            self.judge.stop()
            self.judge.join()
            self.writer.join()
        self.ledger.close()
        self.store.close()
        self._lock.release()


def _known_people(settings: Settings) -> Sequence[str]:
    """Users that roles name, and members of the groups they name."""
    import grp

    names = {user for people in settings.roles.values() for user in people.users}
    for group in {group for people in settings.roles.values() for group in people.groups}:
        try:
            names.update(grp.getgrnam(group).gr_mem)
        except KeyError:
            LOG.warning("group %s, named by a role, does not exist on this host", group)
    return sorted(names)
