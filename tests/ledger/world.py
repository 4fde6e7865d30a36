"""A store, a source and a disk that can stop at any step: enough of an engine to show that nothing is lost."""

from __future__ import annotations

import errno
from collections import deque
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


@dataclass
class Engine:
    """Appends ahead of the store by up to `lag` commits, as one with a queue between its threads does."""

    ledger: Ledger
    store: FakeStore
    lag: int
    next_id: int
    position: int
    queue: deque[tuple[range, LedgerMark, int, list[SegmentRow]]] = field(default_factory=deque)

    def turn(self, word: str) -> None:
        ids = range(self.next_id, self.next_id + (0 if word == "seal" else 3))
        self.position, self.next_id = self.position + 1, ids.stop
        note, rows = b"%d" % self.position, []
        if word == "seal":
            row = self.ledger.seal(NOW)
            rows, mark = [row] if row else [], self.ledger.mark
        elif word == "bulk":
            mark, rows = self.ledger.append_bulk(*batch(ids.start, 3), note, NOW)
        else:
            mark = self.ledger.append(*batch(ids.start, 3), note)
        self.queue.append((ids, mark, self.position, rows))
        self.commit(self.lag)

    def commit(self, leave: int) -> None:
        while len(self.queue) > leave:
            ids, mark, position, rows = self.queue.popleft()
            self.store.commit(ids, mark, position, rows)
            self.ledger.committed(mark)


def run(state: Path, store: FakeStore, disk: Disk, lag: int = 0) -> None:
    """Work through PLAN from where the store says, as the engine would."""
    try:
        ledger = Ledger.open(state, store.mark, NOW, disk)
    except StoreBehind:
        rebuild(state, store)
        ledger = Ledger.open(state, store.mark, NOW, disk)
    engine = Engine(ledger, store, lag, store.next_id, store.position)
    try:
        while engine.position < len(PLAN):
            engine.turn(PLAN[engine.position])
        engine.commit(0)
    finally:
        ledger.close()


def run_until_done(state: Path, store: FakeStore, disks: Sequence[Disk], lag: int = 0) -> None:
    """Run with each disk in turn until one run ends by itself; the last must. A LedgerError is a restart too."""
    for disk in disks:
        try:
            run(state, store, disk, lag)
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
