"""The spine: every batch of every source, in one order, through policy, rules, ledger and store.

Two threads. `Judge` assigns event ids, judges, matches and appends to the ledger; `Writer` commits. A slow disk makes
the writer late, never the rules. What dies between the two is read again from the source: the source's position is
part of the transaction. Loss of either thread ends the engine (see `Engine.fail`), so nothing is read that cannot be
stored.
"""

from __future__ import annotations

import contextlib
import dataclasses
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pyarrow as pa

from seqwatch_tui.catalogue.catalogue import Catalogue
from seqwatch_tui.detect.detector import Detections, Detector
from seqwatch_tui.detect.life import changed, transition
from seqwatch_tui.detect.memory import Memory
from seqwatch_tui.engine import note as notes_of
from seqwatch_tui.engine.book import AlertBook
from seqwatch_tui.engine.clock import Clock
from seqwatch_tui.engine.inbox import Inbox, SpineEnded, refuse
from seqwatch_tui.engine.meter import Meter
from seqwatch_tui.engine.numbering import numbered
from seqwatch_tui.engine.read_files import ReadFiles
from seqwatch_tui.engine.witness import Witness
from seqwatch_tui.engine.work import AlertChange, Batch, Change, Ready, Swap, Work, merge
from seqwatch_tui.ledger.filed import Filed
from seqwatch_tui.ledger.ledger import Ledger
from seqwatch_tui.model.action import Refused
from seqwatch_tui.parse.schema import EVENT_SCHEMA, RECORD_SCHEMA
from seqwatch_tui.store.interface import Commit, LedgerMark, SegmentRow
from seqwatch_tui.store.store import Store

GATHER_EVENTS = 20_000
"""Most events joined into one transaction: bounds memory (about 1 KiB of raw lines an event) and commit time."""
COMMIT_EVENTS = 81_920
"""Most events of a back-fill that are committed together: two row groups, which the store then writes once, in place."""
BULK_SECONDS = 0.3
"""How long a transaction of a back-fill waits for more; a live one never waits, nor one that somebody waits for."""
BULK_EVENTS = 5_000
"""From this many events on a batch is sealed at once instead of passing through the spool."""
_LAST_SECONDS = 5.0
"""How long a writer that has failed waits for the judge to end."""
_STOP = object()


class Judge(threading.Thread):
    """Takes work in order; hands `Ready` transactions to the writer. Owns the detector and writes the ledger."""

    def __init__(  # noqa: PLR0917 - what a batch passes through, in order
        self,
        catalogue: Catalogue,
        detector: Detector,
        memory: Memory,
        book: AlertBook,
        ledger: Ledger,
        next_event_id: int,
        clock: Clock,
        fail: Callable[[str, BaseException], None],
    ) -> None:
        """`next_event_id` is the first free number; `fail` ends the engine."""
        super().__init__(name="judge", daemon=True)
        self.inbox = Inbox(maxsize=2)
        self.outbox: queue.Queue[Ready | object] = queue.Queue(maxsize=6)
        self.stored: deque[LedgerMark] = deque()
        self.catalogue, self.detector, self.book = catalogue, detector, book
        self._memory = memory
        self._ledger, self._clock, self._fail = ledger, clock, fail
        self.next_event_id = next_event_id
        """The number of the next event; what comes from other sources meanwhile takes it first."""
        self._held: Work | object | None = None
        self._current: Work | object | None = None
        self.witness = Witness(clock, clock.now())
        self.files = ReadFiles(())

    def run(self) -> None:
        """Work until told to stop; then seal nothing: the spool is as good as a segment."""
        try:
            while self._round():
                pass
        except Exception as error:  # noqa: BLE001 - root of a thread: the engine stops and says why
            self._fail("judging and recording events", error)
        finally:
            self.inbox.end()
            for work in (self._current, self._held):
                refuse(getattr(work, "done", None))
            self.outbox.put(_STOP)

    def stop(self) -> None:
        """Finish what is queued, then stop the writer too."""
        with contextlib.suppress(SpineEnded):
            self.inbox.put(_STOP)

    def _round(self) -> bool:
        first = self._current = self._next(timeout=1.0)
        while self.stored:
            self._ledger.committed(self.stored.popleft())
        if first is _STOP or self.inbox.ended:
            return False
        if isinstance(first, Batch):
            self._record_batches(self._gather(first))
        elif isinstance(first, Change | AlertChange):
            self._record_change(first)
        elif isinstance(first, Swap):
            self._swap(first)
        self._seal_if_due()
        self._current = None
        return True

    def _next(self, timeout: float | None = None) -> Work | object | None:
        if self._held is not None:
            held, self._held = self._held, None
            return held
        try:
            found: Work | object = self.inbox.get(timeout=timeout) if timeout else self.inbox.get_nowait()
        except queue.Empty:
            return None
        return found

    def _gather(self, first: Batch) -> list[Batch]:
        batches, events = [first], first.parsed.events.num_rows
        while events < GATHER_EVENTS and first.filed is None:
            more = self._next()
            if not isinstance(more, Batch) or more.filed is not None:
                self._held = more
                break
            batches.append(more)
            events += more.parsed.events.num_rows
        return batches

    def _record_batches(self, batches: list[Batch]) -> None:
        batch = numbered(batches, self.next_event_id)
        events, records = batch.events, batch.records
        self.next_event_id += events.num_rows
        if events.num_rows:
            events = self.witness.mark(self.catalogue.judge(events), {b.state.name: b.received for b in batches})
            events = self._memory.mark(events)
            found = self.detector.feed(events, batch.raw() if self.detector.needs_records else None)
            self.witness.raised(found.alerts)
        else:
            found = Detections()
        gaps = [gap for b in batches for gap in b.parsed.gaps]
        alerts, tables = self.book.complete(found, events, gaps, self.detector)
        if named := [dataclasses.asdict(d) for b in batches for d in b.parsed.directories]:
            tables["directories"] = named
        if finished := self.files.rows(b.state for b in batches):
            tables["read_files"] = finished
        if switched := [dataclasses.asdict(s) for b in batches for s in b.parsed.switches]:
            tables["switches"] = switched
        commit = Commit(
            gaps=gaps,
            alerts=alerts,
            evidence=found.evidence,
            tables=tables,
            sources=list({b.state.name: b.state for b in batches}.values()),
            sessions=[s for b in batches for s in b.parsed.sessions],
        )
        oldest = min((b.received for b in batches if b.parsed.events.num_rows), default=None)
        self._hand_over(commit, events, records, oldest, ())

    def _record_change(self, change: Change | AlertChange) -> None:
        commit = self._said(change) if isinstance(change, AlertChange) else change.commit
        if isinstance(commit, Refused):
            change.done.set_result(commit)  # type: ignore[arg-type]
            return
        self._hand_over(commit, EVENT_SCHEMA.empty_table(), RECORD_SCHEMA.empty_table(), None, (change.done,))

    def _said(self, change: AlertChange) -> Commit | Refused:
        before = self.detector.alert(change.stored.alert_id) or change.stored
        after = changed(before, change.said)
        if isinstance(after, Refused):
            return after
        after = self.book.keep(after)
        self.detector.keep(after)
        detail = transition(before, after, change.said)
        return Commit(alerts=[after], tables={"actions": [{**change.action, "detail": detail}]})

    def _swap(self, swap: Swap) -> None:
        self.outbox.join()
        try:
            self.detector, self.book = swap.detector(), swap.book()
            self.catalogue = swap.catalogue
            swap.done.set_result(True)
        except Exception as error:  # noqa: BLE001 - handed to whoever asked for it; the old rules stay in force
            swap.done.set_exception(error)

    def _hand_over(
        self, commit: Commit, events: pa.Table, records: pa.Table | Filed, oldest: float | None,
        done: tuple[Future[Any], ...],
    ) -> None:  # fmt: skip
        note = notes_of.encode(commit)
        segments: Sequence[SegmentRow] = ()
        if isinstance(records, Filed) or events.num_rows >= BULK_EVENTS:
            mark, segments = self._ledger.append_bulk(events, records, note, self._clock.now())
        else:
            mark = self._ledger.append(events, records, note)
        full = replace(commit, events=events if events.num_rows else None, ledger=mark, segments=segments)
        self.outbox.put(Ready(full, mark, events.num_rows, oldest, done))

    def _seal_if_due(self) -> None:
        now = self._clock.now()
        if self._ledger.due(now) and (sealed := self._ledger.seal(now)) is not None:
            mark = self._ledger.mark
            self.outbox.put(Ready(Commit(segments=[sealed], ledger=mark), mark, 0, None))


class Writer(threading.Thread):
    """Commits what is ready, joining what has piled up; the only thread that writes to the store."""

    def __init__(
        self,
        judge: Judge,
        store: Store,
        meter: Meter,
        fail: Callable[[str, BaseException], None],
        stored: Callable[[Commit], None],
    ) -> None:
        """`meter` learns of every commit, and so does `stored`, which must not wait."""
        super().__init__(name="writer", daemon=True)
        self._judge, self._store, self._meter, self._fail, self._stored = judge, store, meter, fail, stored
        self._held: Ready | None = None

    def run(self) -> None:
        """Commit until the judge has stopped and everything is stored."""
        try:
            while (ready := self._held or self._judge.outbox.get()) is not _STOP:
                self._held = None
                stop, stored = self._store_all(ready)  # type: ignore[arg-type]
                for _ in range(stored):
                    self._judge.outbox.task_done()
                if stop:
                    return
        except Exception as error:  # noqa: BLE001 - root of a thread: the engine stops and says why
            self._fail("writing to the store", error)
            self._judge.inbox.end()
            self._refuse_the_rest()

    def _refuse_the_rest(self) -> None:
        """Take what the judge still hands over, so that it comes to its end; nothing of it is stored."""
        held, self._held = self._held, None
        while held is not _STOP:
            for done in held.done if held is not None else ():
                refuse(done)
            try:
                held = self._judge.outbox.get(timeout=_LAST_SECONDS)  # type: ignore[assignment]
            except queue.Empty:
                return

    def _store_all(self, first: Ready) -> tuple[bool, int]:
        pending, stop = [first], False
        patience = BULK_SECONDS if first.events >= BULK_EVENTS else None
        while sum(r.events for r in pending) < COMMIT_EVENTS:
            try:
                more = self._judge.outbox.get(block=patience is not None, timeout=patience)
            except queue.Empty:
                break
            if more is _STOP:
                stop = True
                break
            if more.events + sum(r.events for r in pending) > COMMIT_EVENTS:  # type: ignore[attr-defined]
                self._held = more  # type: ignore[assignment]
                break
            pending.append(more)  # type: ignore[arg-type]
            if more.done:  # type: ignore[attr-defined]
                patience = None
        commit = pending[0].commit
        for ready in pending[1:]:
            commit = merge(commit, ready.commit)
        try:
            self._store.commit(commit)
        except BaseException:
            for done in waiting_for(pending):
                refuse(done)
            raise
        self._settle(pending, commit)
        return stop, len(pending)

    def _settle(self, pending: list[Ready], commit: Commit) -> None:
        self._judge.stored.append(pending[-1].mark)
        self._meter.stored(commit, min((r.oldest for r in pending if r.oldest is not None), default=None))
        self._stored(commit)
        for done in waiting_for(pending):
            if not done.done():
                done.set_result(True)


def waiting_for(pending: Sequence[Ready]) -> list[Future[bool]]:
    """Those who wait until any of these is stored."""
    return [done for ready in pending for done in ready.done]
