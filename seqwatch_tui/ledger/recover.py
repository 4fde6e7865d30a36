"""From what a stop of any kind left on disk to a ledger that agrees with the store, or a typed reason why not.

The store's mark decides: batches up to it are kept, later ones were never acknowledged and come again from their
source. Nothing is deleted that may be the only copy: what is taken out of the record goes to `orphans/`. Every step may
itself be interrupted and is then done again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from seqwatch_tui.ledger import chain
from seqwatch_tui.ledger.disk import Disk
from seqwatch_tui.ledger.layout import Layout
from seqwatch_tui.ledger.spool import Broken, Frame, decode, frames
from seqwatch_tui.ledger.values import Batch, LedgerBehind, LedgerDamaged, StoreBehind
from seqwatch_tui.store.interface import LedgerMark

_RESTORE = "restore the ledger from a backup that is newer, or keep it aside and see docs/ledger.md"


@dataclass(frozen=True, slots=True)
class Recovered:
    """The agreed state: last sealed segment, its chain value, the batches of the open one, the size of its spool."""

    sealed: int
    chain: str
    batches: tuple[Batch, ...]
    spool_size: int


@dataclass(frozen=True, slots=True)
class _Found:
    """What the files say: sealed segments, of which `head` are vouched for and `confirmed` known to be in the store."""

    sealed: int
    head: int
    confirmed: int


def recover(layout: Layout, disk: Disk, mark: LedgerMark | None) -> Recovered:
    """Bring the ledger to `mark` (None: the store is new); LedgerBehind, StoreBehind or LedgerDamaged if it cannot."""
    at = mark or LedgerMark(1, 0)
    if not layout.head.exists() and not layout.chain.exists():
        if at != LedgerMark(1, 0):
            raise LedgerBehind(
                f"{layout.root} is missing or empty, the store has committed up to {_name(at)}; {_RESTORE}"
            )
        _refuse_leftovers(layout)
        _begin(layout, disk)
    found = _look(layout)
    _refuse_contradictions(layout, found, at)
    spool = list(frames(layout.spool(at.segment), at.segment))
    whole = [frame for frame in spool if isinstance(frame, Frame)]
    if behind := _store_behind(layout, found, mark, at, len(whole)):
        _settle(layout, disk, found)
        raise behind
    if len(whole) < at.batch:
        raise LedgerBehind(
            f"{layout.spool(at.segment)} holds {len(whole)} whole batches, the store has committed {at.batch}; {_RESTORE}"
        )
    _withdraw(layout, disk, found, at)
    size = _cut(layout, disk, at, whole)
    _tidy_spools(layout, disk, at.segment)
    if found.confirmed < at.segment - 1:
        disk.replace(layout.confirmed, b"%d\n" % (at.segment - 1))
    batches = tuple(decode(frame.payload) for frame in whole[: at.batch])
    return Recovered(at.segment - 1, chain_value(layout, at.segment - 1), batches, size)


def chain_value(layout: Layout, number: int) -> str:
    """Return the chain value after segment `number`; LedgerDamaged when its line cannot be read."""
    if number == 0:
        return chain.START
    with layout.chain.open("rb") as file:
        line = chain.read_line(file, number)
    if line is None or line.entry.segment != number:
        raise LedgerDamaged(f"{layout.chain}: the line of segment {number} is damaged; run `seqwatch ledger verify`")
    return line.chain


def read_confirmed(layout: Layout) -> int:
    """Return the last segment known to be in the store; 0 when not known."""
    try:
        text = layout.confirmed.read_bytes().strip()
    except FileNotFoundError:
        return 0
    return int(text) if text.isdigit() else 0


def _refuse_leftovers(layout: Layout) -> None:
    """Segments without a chain are somebody's evidence: a ledger begun beside them would write over them."""
    if next(layout.root.glob("segments/*/*"), None) is not None:
        raise LedgerDamaged(
            f"{layout.root} holds segments, and neither {layout.chain.name} nor {layout.head.name}; {_RESTORE}"
        )


def _begin(layout: Layout, disk: Disk) -> None:
    for folder in (layout.root, layout.spools):
        disk.make_folder(folder)
    disk.replace(layout.chain, chain.HEADER)
    disk.replace(layout.head, chain.head_bytes(0, chain.START))


def _look(layout: Layout) -> _Found:
    head = chain.read_head(layout.head)
    if head is None:
        raise LedgerDamaged(f"{layout.head} is damaged; run `seqwatch ledger verify`")
    number, value = head
    lines, _ = chain.count(layout.chain)
    if number > lines:
        raise LedgerBehind(f"{layout.head} names segment {number}, {layout.chain} ends at {lines}; {_RESTORE}")
    if chain_value(layout, number) != value:
        raise LedgerDamaged(f"{layout.head} does not match {layout.chain}; run `seqwatch ledger verify`")
    return _Found(_beyond(layout, number, value, lines), number, read_confirmed(layout))


def _beyond(layout: Layout, number: int, value: str, lines: int) -> int:
    """Count the good lines after the head: a stop between the chain and the head leaves one."""
    with layout.chain.open("rb") as file:
        for following in range(number + 1, lines + 1):
            line = chain.read_line(file, following)
            if line is None or line.entry.segment != following or line.chain != chain.link(value, line.entry):
                return following - 1
            value = line.chain
    return lines


def _refuse_contradictions(layout: Layout, found: _Found, at: LedgerMark) -> None:
    committed = max(at.segment - 1, found.confirmed)
    if found.head < committed:
        raise LedgerBehind(
            f"{layout.root} ends at segment {found.head}, the store has committed segment {committed}; {_RESTORE}"
        )


def _store_behind(
    layout: Layout, found: _Found, mark: LedgerMark | None, at: LedgerMark, whole: int
) -> StoreBehind | None:
    missing = tuple(range(at.segment, found.sealed + 1))
    lost = found.confirmed >= at.segment or found.sealed > at.segment + 1
    new = mark is None and (missing or whole)
    only_sealed = missing and whole < at.batch
    if not (lost or new or only_sealed):
        return None
    return StoreBehind(
        f"the store ends at {_name(at)}, {layout.root} holds {len(missing)} sealed segments after it;"
        " rebuild the store from the ledger",
        missing,
    )


def _settle(layout: Layout, disk: Disk, found: _Found) -> None:
    """Before a store is filled from them: make what a stop left half done durable, and vouch for it."""
    for path in (*sorted(layout.spools.glob("*.spool")), layout.chain):
        fd = disk.open_append(path)
        try:
            disk.sync(fd)
        finally:
            os.close(fd)
    if found.head < found.sealed:
        disk.replace(layout.head, chain.head_bytes(found.sealed, chain_value(layout, found.sealed)))


def _withdraw(layout: Layout, disk: Disk, found: _Found, at: LedgerMark) -> None:
    """Take segments from `at` on out of the record: head first, then chain, then files. A stop between is repeated."""
    last = at.segment - 1
    if found.head > last:
        disk.replace(layout.head, chain.head_bytes(last, chain_value(layout, last)))
    size = len(chain.HEADER) + last * chain.LINE
    if layout.chain.stat().st_size > size:
        disk.truncate(layout.chain, size)
    for number in range(at.segment, max(found.sealed, at.segment) + 3):
        segment = layout.segment(number)
        for path in (segment.events_path, segment.records_path):
            disk.remove(path.with_name(path.name + ".tmp"))
            if path.exists():
                _orphan(layout, disk, path)


def _cut(layout: Layout, disk: Disk, at: LedgerMark, whole: list[Frame]) -> int:
    """Cut the open spool after the mark's batch, keeping what is cut; return its size."""
    path = layout.spool(at.segment)
    end = whole[at.batch - 1].end if at.batch else 0
    if path.exists() and path.stat().st_size > end:
        disk.make_folder(layout.orphans)
        disk.create(_free_name(layout, f"{path.name}.cut"), path.read_bytes()[end:])
        disk.truncate(path, end)
    return end


def _tidy_spools(layout: Layout, disk: Disk, segment: int) -> None:
    """Remove spools of committed segments; take out those of segments that came after the mark."""
    for path in sorted(layout.spools.glob("*.spool")):
        if path.stem.isdigit() and int(path.stem) < segment:
            disk.remove(path)
        elif path.stem.isdigit() and int(path.stem) > segment:
            _orphan(layout, disk, path)


def _orphan(layout: Layout, disk: Disk, path: Path) -> None:
    disk.make_folder(layout.orphans)
    disk.rename(path, _free_name(layout, path.name))
    disk.sync_folder(layout.orphans)
    disk.sync_folder(path.parent)


def _free_name(layout: Layout, name: str) -> Path:
    taken = {path.name for path in layout.orphans.iterdir()}
    candidates: Iterable[str] = (f"{name}.{number}" for number in range(1, len(taken) + 2))
    return layout.orphans / next(candidate for candidate in candidates if candidate not in taken)


def _name(mark: LedgerMark) -> str:
    return f"segment {mark.segment}, batch {mark.batch}"


def broken_tail(path: Path, segment: int) -> Broken | None:
    """Return where the whole frames of a spool end before the file does, if they do."""
    last = None
    for frame in frames(path, segment):
        last = frame
    return last if isinstance(last, Broken) else None
