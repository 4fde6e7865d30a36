"""A store, a source and a disk that can stop at any step: enough of an engine to show that nothing is lost."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pyarrow as pa

from seqwatch_tui.ledger.disk import Disk
from seqwatch_tui.ledger.ledger import Ledger
from seqwatch_tui.ledger.replay import replay
from seqwatch_tui.ledger.values import LedgerError, Replayed, StoreBehind
from seqwatch_tui.parse.schema import event_table, record_table
from seqwatch_tui.store.interface import LedgerMark, SegmentRow

NOW = 1_795_345_000.25
Mode = Literal["stop", "half", "error", "full"]


def batch(first: int, events: int, words: str = "x") -> tuple[pa.Table, pa.Table]:
    """Events first.. and two records each, and one record that did not parse."""
    ids = list(range(first, first + events))
    of_records = [i for i in ids for _ in range(2)]
    table = event_table(
        {"event_id": ids, "action": ["read"] * events, "path": [f"/data/{words}/{i}" for i in ids],
         "ts": pa.array([1_700_000_000_000_000 + i for i in ids], pa.timestamp("us"))}, events,
    )  # fmt: skip
    raw = [b"type=SYSCALL %d\xff\x00\n" % i for i in of_records]
    records = record_table(
        {"event_id": [*of_records, None], "seq": [*(k % 2 for k in range(len(of_records))), 0],
         "type": ["SYSCALL"] * len(raw) + ["UNPARSED"], "source": ["audit"] * (len(raw) + 1),
         "raw": pa.array([*raw, b"junk\n"], pa.binary()), "position": list(range(len(raw) + 1))}, len(raw) + 1,
    )  # fmt: skip
    return table, records


class Stopped(BaseException):
    """The process is gone."""


@dataclass
class StoppingDisk(Disk):
    """Counts steps; at step `at` it stops the process, writes half and stops, or fails. Syncs are not waited for."""

    at: int | None = None
    mode: Mode = "stop"
    steps: int = 0

    def _step(self, half: Callable[[], object] | None = None) -> None:
        self.steps += 1
        if self.steps - 1 != self.at:
            return
        if self.mode in ("half", "full") and half is not None:
            half()
        if self.mode in ("stop", "half"):
            raise Stopped
        raise OSError(errno.EIO if self.mode == "error" else errno.ENOSPC, "injected")

    def write(self, fd: int, data: bytes | memoryview) -> None:
        self._step(lambda: Disk.write(self, fd, memoryview(data)[: len(data) // 2]))
        super().write(fd, data)

    def sync(self, fd: int) -> None:
        self._step()

    def sync_folder(self, path: Path) -> None:
        self._step()

    def open_append(self, path: Path) -> int:
        self._step()
        return super().open_append(path)

    def rename(self, source: Path, target: Path) -> None:
        self._step()
        super().rename(source, target)

    def remove(self, path: Path) -> None:
        self._step()
        super().remove(path)

    def truncate(self, path: Path, size: int) -> None:
        self._step()
        super().truncate(path, size)


@dataclass
class FakeStore:
    """What the store would hold: a commit is all or nothing."""

    mark: LedgerMark | None = None
    position: int = 0
    events: list[int] = field(default_factory=list)
    segments: list[SegmentRow] = field(default_factory=list)

    def commit(self, events: Sequence[int], mark: LedgerMark, position: int, rows: Sequence[SegmentRow]) -> None:
        self.events += events
        self.mark, self.position = mark, position
        self.segments += rows

    @property
    def next_id(self) -> int:
        return self.events[-1] + 1 if self.events else 1


PLAN: tuple[str, ...] = ("small", "small", "seal", "small", "bulk", "bulk", "small", "seal", "small")
"""What the engine does, one word per turn of the source."""


def rebuild(state: Path, store: FakeStore) -> None:
    """Put what the ledger holds beyond the store's mark into the store, as the engine would."""
    for item in replay(state, store.mark):
        assert isinstance(item, Replayed)
        ids = item.events.column("event_id").to_pylist()
        store.commit(
            ids, item.mark, int(item.notes[-1]) if item.notes else store.position, [item.sealed] if item.sealed else []
        )


def run(state: Path, store: FakeStore, disk: Disk) -> None:
    """Work through PLAN from where the store says, as the engine would; LedgerError ends a run like a restart."""
    try:
        ledger = Ledger.open(state, store.mark, NOW, disk)
    except StoreBehind:
        rebuild(state, store)
        ledger = Ledger.open(state, store.mark, NOW, disk)
    try:
        while store.position < len(PLAN):
            turn(ledger, store, PLAN[store.position])
    finally:
        ledger.close()


def turn(ledger: Ledger, store: FakeStore, word: str) -> None:
    position, events = store.position + 1, 3
    if word == "seal":
        row = ledger.seal(NOW)
        store.commit([], ledger.mark, position, [row] if row else [])
    elif word == "bulk":
        mark, rows = ledger.append_bulk(*batch(store.next_id, events), b"%d" % position, NOW)
        store.commit(range(store.next_id, store.next_id + events), mark, position, rows)
    else:
        mark = ledger.append(*batch(store.next_id, events), b"%d" % position)
        store.commit(range(store.next_id, store.next_id + events), mark, position, [])
    ledger.committed(ledger.mark)


def run_until_done(state: Path, store: FakeStore, disks: Sequence[Disk]) -> None:
    """Run with each disk in turn until one run ends by itself; the last must."""
    for disk in disks:
        try:
            run(state, store, disk)
        except (Stopped, LedgerError):
            continue
        return
    raise AssertionError("the last run did not end")


def assert_whole(state: Path, store: FakeStore) -> None:
    """The store, and a store made anew from the ledger, hold every event once, in order, with the same segments."""
    turns = sum(word != "seal" for word in PLAN)
    assert store.events == list(range(1, turns * 3 + 1))
    again = FakeStore()
    rebuild(state, again)
    assert again.events == store.events
    assert again.segments == store.segments
    assert again.mark == store.mark
