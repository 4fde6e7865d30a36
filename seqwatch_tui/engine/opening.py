"""Bring lock, store and ledger up together, whatever the last stop was like. Nothing is deleted, nothing is hidden.

A store that does not open is moved aside; a store behind its ledger (restored from a copy, or lost) is filled from it.
What was done is said in `Opened.notes`, which operators see.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from seqwatch_tui.ledger.ledger import Ledger
from seqwatch_tui.ledger.states import LedgerBehind, StoreBehind
from seqwatch_tui.store.interface import Commit, LedgerMark, StoreError, StoreLocked
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
    """Take the lock, open the store and its ledger. StoreLocked and StoreError say what is in the way."""
    lock = EngineLock.take(state_dir)
    try:
        store, notes = _open_store(state_dir, lock, now)
        store, ledger, more = _open_ledger(state_dir, lock, store, now)
    except BaseException:
        lock.release()
        raise
    return Opened(lock, store, ledger, (*notes, *more))


def _open_store(state_dir: Path, lock: EngineLock, now: float) -> tuple[Store, list[str]]:
    try:
        return Store.open(state_dir, lock), []
    except StoreLocked:
        raise
    except StoreError as error:
        if not (state_dir / "ledger").is_dir():
            raise
        aside = Store.move_aside(state_dir, now)
        note = f"the store did not open ({error}); it was moved to {aside.name} and is built anew from the ledger"
        LOG.error(note)
        return Store.open(state_dir, lock), [note]


def _open_ledger(state_dir: Path, lock: EngineLock, store: Store, now: float) -> tuple[Store, Ledger, list[str]]:
    opened = Ledger.open(state_dir, store.mark(), now)
    if isinstance(opened, LedgerBehind):
        raise StoreError(f"{opened}; look for the missing files of {state_dir / 'ledger'} before anything else")
    if not isinstance(opened, StoreBehind):
        return store, opened, []
    if store.high_water():
        store.close()
        aside = Store.move_aside(state_dir, now)
        note = f"the store was behind its ledger; it was moved to {aside.name} and is built anew"
        LOG.error(note)
        store = Store.open(state_dir, lock)
    else:
        note = "the store was empty beside a ledger with events; it is built anew"
    return store, *_rebuild(state_dir, store, opened, now, note)


def _rebuild(state_dir: Path, store: Store, behind: StoreBehind, now: float, note: str) -> tuple[Ledger, list[str]]:
    """Store everything the ledger has, in its order: the notes hold all that is not an event."""
    events = 0
    for batch in behind.replay():
        commit = Commit(ledger=batch.mark, segments=batch.segments)
        for index, raw in enumerate(batch.notes):
            small = msgspec.json.decode(raw, type=Commit, dec_hook=_no_table)
            commit = replace(small, ledger=batch.mark) if index == 0 else _joined(commit, small)
        commit = replace(commit, events=batch.events if batch.events.num_rows else None, ledger=batch.mark, segments=batch.segments)
        store.commit(commit)
        events += batch.events.num_rows
    opened = Ledger.open(state_dir, store.mark() or LedgerMark(0, 0), now)
    if not isinstance(opened, Ledger):
        raise StoreError(f"the store could not be built from the ledger: {opened}")
    return opened, [f"{note}: {events} events"]
