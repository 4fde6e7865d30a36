"""Bring lock, store and ledger up together, whatever the last stop was like. Nothing is deleted, nothing is hidden.

A store that does not open is moved aside; a store behind its ledger (restored from a copy, or lost) is filled from it.
What was done is said in `Opened.notes`, which operators see.
"""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from seqwatch_tui.engine import note as notes_of
from seqwatch_tui.engine.work import merge
from seqwatch_tui.ledger import chain
from seqwatch_tui.ledger.layout import Layout
from seqwatch_tui.ledger.ledger import Ledger
from seqwatch_tui.ledger.recover import chain_value
from seqwatch_tui.ledger.replay import replay
from seqwatch_tui.ledger.values import LedgerDamaged, Replayed, StoreBehind, Unreadable
from seqwatch_tui.model.evidence import Gap
from seqwatch_tui.store.interface import Commit, StoreError, StoreLocked
from seqwatch_tui.store.lock import EngineLock
from seqwatch_tui.store.store import Store

LOG = logging.getLogger("seqwatch")


@dataclass(frozen=True, slots=True)
class Opened:
    """The three things an engine owns, and what had to be done to get them."""

    lock: EngineLock
    store: Store
    ledger: Ledger
    notes: tuple[str, ...]


def open_state(state_dir: Path, now: float) -> Opened:
    """Take the lock, open store and ledger. StoreError (StoreLocked), LedgerError say what is in the way."""
    lock = EngineLock.take(state_dir)
    try:
        _sweep(state_dir)
        store, notes = _open_store(state_dir, lock, now)
        store, ledger, more = _open_ledger(state_dir, store, now)
    except BaseException:
        lock.release()
        raise
    return Opened(lock, store, ledger, (*notes, *more))


def _sweep(state_dir: Path) -> None:
    """Remove the answers and trials that a killed engine left behind: whole results of queries. The lock is ours."""
    for left in (path for kind in ("sql-*", "rules-*") for path in state_dir.glob(kind)):
        try:
            shutil.rmtree(left)
        except OSError as error:
            LOG.warning("%s, left by an engine that was killed, cannot be removed: %s", left, error.strerror)


def _open_store(state_dir: Path, lock: EngineLock, now: float) -> tuple[Store, list[str]]:
    try:
        return Store.open(state_dir, lock), []
    except StoreLocked:
        raise
    except StoreError as error:
        if not (state_dir / "ledger").is_dir():
            raise
        aside = Store.move_aside(state_dir, now)
        note = f"the store did not open ({error}); it was moved to {aside.name} and built anew from the ledger"
        LOG.warning(note)
        return Store.open(state_dir, lock), [note]


def _open_ledger(state_dir: Path, store: Store, now: float) -> tuple[Store, Ledger, list[str]]:
    try:
        _refuse_rewritten(state_dir, store)
        return store, Ledger.open(state_dir, store.mark(), now), []
    except StoreBehind as behind:
        notes = [str(behind)]
        LOG.warning("%s", behind)
    except BaseException:
        store.close()
        raise
    lost = fill(store, state_dir, now)
    return store, Ledger.open(state_dir, store.mark(), now), [*notes, *lost]


def _refuse_rewritten(state_dir: Path, store: Store) -> None:
    """The newest segment that the store knows must have the chain value in the ledger that it had: LedgerDamaged."""
    known = store.query_sql("select segment, chain from checkpoints order by segment desc limit 1").rows
    layout = Layout.of(state_dir)
    for segment, value in known:
        if chain.count(layout.chain)[0] < segment:
            continue  # it ends before it: refused by what compares the marks
        if chain_value(layout, segment) != value:
            raise LedgerDamaged(
                f"{layout.chain}: segment {segment} has not the chain value that the store recorded for it ({value}), so the"
                " ledger was rewritten or is another one; put the right one back, or keep both aside and see docs/ledger.md"
            )


def fill(store: Store, state_dir: Path, now: float) -> list[str]:
    """Store everything the ledger has beyond the store, in its order; return what could not be given back.

    The notes hold all that is not an event, so alerts, gaps, sessions and positions come back as they were.
    """
    lost = []
    for part in replay(state_dir, store.mark()):
        if isinstance(part, Unreadable):
            lost.append(f"segment {part.segment} of the ledger ({part.events} events) cannot be read: {part.reason}")
            gap = Gap("ledger", "downtime", now, now, part.events, "exact", lost[-1])
            store.commit(Commit(gaps=[gap], segments=[part.sealed], ledger=part.mark))
        else:
            store.commit(_commit_of(part))
    return lost


def _commit_of(part: Replayed) -> Commit:
    small = Commit()
    for note in part.notes:
        small = merge(small, notes_of.decode(note))
    events = part.events if part.events.num_rows else None
    return replace(small, events=events, segments=[part.sealed] if part.sealed else [], ledger=part.mark)
