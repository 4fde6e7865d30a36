"""The engine: opens what it owns in the one safe order, starts its threads, stops them, and says why when it must.

Order: lock, store, ledger (which may have to fill the store), unfinished acts, rules and open alerts, spine, sources.
What is read before the spine stands would have nowhere to go.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from seqwatch_tui.catalogue.catalogue import Catalogue
from seqwatch_tui.config.settings import Settings, SourceSettings, notices
from seqwatch_tui.engine.busy import Busy
from seqwatch_tui.engine.clock import Clock, SystemClock
from seqwatch_tui.engine.drills import Drills
from seqwatch_tui.engine.hourly import Hourly
from seqwatch_tui.engine.intake import Intake
from seqwatch_tui.engine.jobs import Jobs
from seqwatch_tui.engine.kept import Kept
from seqwatch_tui.engine.lookout import Lookout
from seqwatch_tui.engine.opening import Opened, open_state
from seqwatch_tui.engine.paging import Paging
from seqwatch_tui.engine.parsers import knowledge_of, make_parser
from seqwatch_tui.engine.people import known_groups
from seqwatch_tui.engine.plans import Plans
from seqwatch_tui.engine.read_files import after_ingest
from seqwatch_tui.engine.reader import Reader
from seqwatch_tui.engine.retention import Retention
from seqwatch_tui.engine.rules import read_rules
from seqwatch_tui.engine.runs import stored_runs, tell
from seqwatch_tui.engine.sensors import sensor_intake
from seqwatch_tui.engine.spine import Writer
from seqwatch_tui.engine.wiring import judge_for, meter_for
from seqwatch_tui.engine.work import Batch, Change
from seqwatch_tui.model.evidence import SourceState
from seqwatch_tui.response.journal import Journal
from seqwatch_tui.response.state import is_quarantined
from seqwatch_tui.sources.follow import Follower
from seqwatch_tui.sources.sensor import SensorStream
from seqwatch_tui.store.interface import Commit

LOG = logging.getLogger("seqwatch")
SOCKET = "engine.sock"
DEMO_MARK = "demo"
"""Sites whose name begins so say in the header that nothing in them is real."""


class Engine:
    """Everything one site needs, from bytes to answers. Made by `Engine.open`, ended by `close`."""

    def __init__(self, settings: Settings, config: Path, opened: Opened, clock: Clock) -> None:
        """Owned by the main thread; `store` and `ledger` may be read from any."""
        self.settings, self.config, self.clock = settings, config, clock
        self.state_dir = settings.state_dir
        self.store, self.ledger, self._lock = opened.store, opened.ledger, opened.lock
        self.journal = Journal.of(self.state_dir)
        self.started = clock.now()
        self.failed = threading.Event()
        self.failure = ""
        self.on_fail: Callable[[], None] = lambda: None
        self.notes: list[str] = [*opened.notes, *notices(settings)]
        self.troubles: deque[str] = deque(maxlen=20)
        self.jobs, self.kept, self.ingesting = Jobs(clock), Kept(), Busy()
        self.lookout = Lookout(clock, self.trouble)
        self.intakes: list[Intake] = []
        self.sensors: list[SensorStream] = []
        self.reader: Reader | None = None
        """Reads the files of the first back-fill; started before the engine, where there is one."""
        self.stopping = threading.Event()
        """Set when the engine is to stop: long answers give up."""
        self.plans = Plans(clock)
        self.quarantined = is_quarantined(self.journal)
        self.unenforced: list[str] = []
        self.own: SourceState | None = None
        """The account of the engine's own events (own_events), once there are any; changed in `own_turn` only."""
        self.own_turn = threading.Lock()
        self.rejected: list[str] = []
        """Why the last edit of the configuration is not in force."""
        self.catalogue = Catalogue(settings, known_groups(settings))
        self.runs = stored_runs(self.store, settings.datasets)
        """Sequencing runs that are complete, and since when."""
        tell(self.catalogue, self.runs)
        self.snoozing, self.changing = threading.Lock(), threading.RLock()
        """Held while snoozes change, and while configuration or rules are taken over."""
        self.rules = read_rules(settings)
        self.meter = meter_for(self.store, clock)
        self.judge = judge_for(opened, settings, self.catalogue, self.rules, clock=clock, fail=self.fail)
        self.judge.witness.own_pids = self.own_pids
        self.drills, self.hourly, self.retention = Drills(self), Hourly(self), Retention(self)
        self.paging = Paging(settings, self.store, clock, self.submit, self.trouble)
        self.writer = Writer(self.judge, self.store, self.meter, self.fail, self.stored)

    @classmethod
    def open(cls, settings: Settings, config: Path, clock: Clock | None = None) -> Engine:
        """Open or create the site's state. StoreError, LedgerError, JournalDamaged say what is in the way."""
        clock = clock or SystemClock()
        opened = open_state(settings.state_dir, clock.now())
        try:
            engine = cls(settings, config, opened, clock)
        except BaseException:
            opened.ledger.close()
            opened.store.close()
            opened.lock.release()
            raise
        engine.judge.start()
        engine.writer.start()
        return engine

    @property
    def socket_path(self) -> Path:
        """Where the API listens."""
        return self.state_dir / SOCKET

    @property
    def shared(self) -> bool:
        """Whether people other than the engine's user may come in (docs/decisions/0001)."""
        given = (self.settings.operators.viewer, self.settings.operators.responder, self.settings.operators.approver,
                 self.settings.operators.auditor)  # fmt: skip
        return any(people.users or people.groups for people in given)

    @property
    def demo(self) -> bool:
        """Whether this is a demo site."""
        return self.settings.site.startswith(DEMO_MARK)

    def declare(self) -> None:
        """Write the configured datasets, grants and accounts into their tables, in place of what stood there."""
        tables = {
            "datasets": self.dataset_rows(), "grants": self.catalogue.grant_rows(),
            "accounts": [{"user_name": name, "kind": kind} for name, kind in self.settings.accounts.kinds.items()],
        }  # fmt: skip
        self.submit(Commit(tables=tables, replace=list(tables)))

    def dataset_rows(self) -> list[dict[str, Any]]:
        """Rows of `datasets`, with what is quarantined just now."""
        self.quarantined = is_quarantined(self.journal)
        return [
            {**row, "quarantined": row["dataset"] in self.quarantined, "run_complete": self.runs.get(row["dataset"])}
            for row in self.catalogue.dataset_rows()
        ]

    def follow_sources(self) -> None:
        """Start one intake per configured source, where it stopped last time."""
        known = {s.name: s for s in self.store.sources()}
        for source in self.settings.sources:
            if source.type == "fanotify":
                self.intakes.append(sensor_intake(self, source, known.get(source.name)))
            elif source.path is not None:
                self.intakes.append(self._intake(source, source.path, known))
        for intake in self.intakes:
            intake.start()

    def _intake(self, source: SourceSettings, path: Path, known: Mapping[str, SourceState]) -> Intake:
        state, taught = known.get(source.name), source.name
        if state is None or state.resume is None:
            new = SourceState(source.name, source.type, str(source.path), "waiting")
            state, taught = after_ingest(new, path, known)
        knowledge = knowledge_of(taught, self.store, self.clock.now())
        parsers = make_parser(source.name, source.type, source.mapping, knowledge)
        follower = Follower(source.name, path, state.resume, look=source.poll)
        return Intake(follower, parsers, state, self.take, self.clock, self.trouble)

    def take(self, batch: Batch) -> None:
        """Take a batch from a source; waits while the spine is full, so that files wait and nothing is dropped."""
        if batch.parsed.events.num_rows:
            self.meter.read(batch.state.name, batch.received)
        self.judge.inbox.put(batch)

    def submit(self, commit: Commit, timeout: float = 60.0) -> None:
        """Store rows of the small tables, in order with everything else; returns once they are stored."""
        change = Change(commit)
        self.judge.inbox.put(change)
        change.done.result(timeout)

    def take_reader(self) -> Reader:
        """Return a reader for one back-fill, which closes it."""
        reader, self.reader = self.reader, None
        return reader or Reader()

    def own_pids(self) -> set[int]:
        """Processes that are seqwatch itself just now."""
        return {os.getpid(), *(s.sensor_pid for s in self.sensors if s.sensor_pid)}

    def stored(self, commit: Commit) -> None:
        """Pass on what has been stored; called by the writer, never waits."""
        self.judge.witness.stored(commit.alerts)
        self.paging.stored(commit)

    def trouble(self, what: str, error: BaseException) -> None:
        """Note something that went wrong without ending the engine; operators see it in the status.

        What goes wrong again and again (each look of the housekeeper) is told once and pushes nothing else out.
        """
        text = f"{what}: {error}"
        if text in self.troubles:
            return
        LOG.error("%s failed: %s", what, error, exc_info=error)
        self.troubles.append(text)

    def fail(self, what: str, error: BaseException) -> None:
        """Note something without which the engine cannot go on: it stops reading and ends with status 3."""
        LOG.critical("%s failed: %s", what, error, exc_info=error)
        if not self.failed.is_set():
            self.failure = f"{what} failed: {error}"
            self.failed.set()
        self.on_fail()

    def close(self) -> None:
        """Stop sources, finish what is queued, close the store, give up the lock."""
        self.jobs.stop()
        for intake in self.intakes:
            intake.stopping.set()
        for intake in self.intakes:
            intake.join(timeout=5.0)
        self.paging.stop()
        if not self.failed.is_set():
            self.judge.stop()
            self.judge.join()
            self.writer.join()
        self.ledger.close()
        self.store.close()
        self._lock.release()
