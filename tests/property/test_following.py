"""A log followed through everything that can happen to it, against a model: every line once, or a gap that says so.

The machine writes lines, halves of lines, rotates, copies and truncates, compresses, and kills the reader at any point,
together with what it had handed over and not yet stored. Whatever it does, the account of the source adds up.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from seqwatch_tui.engine import intake as intake_module
from seqwatch_tui.engine.intake import Intake
from seqwatch_tui.engine.work import Batch
from seqwatch_tui.model.evidence import Resume, SourceState
from seqwatch_tui.parse.bulk import BulkAuditdParser
from seqwatch_tui.parse.interface import Knowledge, Parser
from seqwatch_tui.sources.follow import Follower
from seqwatch_tui.sources.identity import HEAD_ENOUGH
from seqwatch_tui.sources.interface import Chunk

STEPS = 10_000
_SHAPES = ("event", "event", "event", "single", "open", "rubbish", "binary")
_KEEP = 4


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.time = 1_790_000_000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


class Steps:
    """A follower whose chunks end when there is nothing new, and go on when asked again."""

    def __init__(self, path: Path, resume: Resume | None) -> None:
        self.name, self.path = "audit", str(path)
        self.stop = Event()
        self._chunks = Follower("audit", path, resume, grace=0.001, tick=0.002).chunks(self.stop)

    def chunks(self, _: Event) -> Iterator[Chunk]:
        quiet = 0
        while quiet < 2:
            chunk = next(self._chunks)
            quiet = 0 if chunk.data or chunk.end or chunk.gaps else quiet + 1
            yield chunk

    def close(self) -> None:
        self.stop.set()
        self._chunks.close()


@dataclass
class Trail:
    """What the writer wrote: rows that must be stored, and those that nobody can promise."""

    folder: Path
    serial: int = 0
    clock: int = 0
    half: bytes = b""
    rows: set[bytes] = field(default_factory=set)
    risky: set[bytes] = field(default_factory=set)
    unseen: set[bytes] = field(default_factory=set)
    short: set[bytes] = field(default_factory=set)
    """Rows of files too short to be told from others when they were first seen or emptied: may be read twice."""
    nameless: bool = False
    """The live file was first seen with so few bytes that only its inode tells it from others."""
    files: dict[str, list[bytes]] = field(default_factory=dict)

    @property
    def live(self) -> Path:
        return self.folder / "audit.log"

    def lines(self, shape: str) -> list[bytes]:
        self.serial += 1
        stamp = b"msg=audit(%d.%03d:%d):" % (1_790_000_000 + self.serial // 10, self.serial % 1000, self.serial)
        call = b'arch=c000003e syscall=257 success=yes exit=3 items=1 ppid=1 pid=2 auid=1000 uid=1000 ses=1 comm="x" exe="/x"'
        if shape == "single":
            return [b"type=USER_ACCT %s pid=1 uid=0 auid=1000 ses=1\n" % stamp]
        if shape == "rubbish":
            return [b"no record %d\n" % self.serial]
        if shape == "binary":
            return [b"\x00\xff\xfe type=%d\r\n" % self.serial]
        rows = [b"type=SYSCALL %s %s\n" % (stamp, call), b'type=PATH %s item=0 name="/d/%d"\n' % (stamp, self.serial)]
        return rows if shape == "open" else [*rows, b"type=PROCTITLE %s proctitle=78\n" % stamp]

    def append(self, data: bytes) -> None:
        with self.live.open("ab") as file:
            file.write(data)
        self.written(self.live)

    def written(self, path: Path) -> None:
        """Give each write a time of its own: the kernel's may be the same for all within a few milliseconds."""
        self.clock = max(self.clock + 1, time.time_ns())
        os.utime(path, ns=(self.clock, self.clock))

    def empty(self) -> None:
        with self.live.open("r+b") as file:
            file.truncate(0)
        self.written(self.live)

    def write(self, shape: str) -> None:
        for line in self.lines(shape):
            self.append(line)
            self._add(line)

    def _add(self, line: bytes) -> None:
        self.rows.add(self.half + line)
        self.files.setdefault("audit.log", []).append(self.half + line)
        if self.nameless:
            self.short.add(self.half + line)
            self.risky.add(self.half + line)
        self.half = b""

    def cut_half(self) -> None:
        """The writer will not finish its line in this file: what is there is a row."""
        if self.half:
            self._add(b"")

    def shift(self) -> None:
        """Make room for a new `.1`; what falls off the end is gone."""
        for number in range(_KEEP, 0, -1):
            for suffix in ("", ".gz"):
                old = self.folder / f"audit.log.{number}{suffix}"
                if old.exists():
                    self._move(old, number + 1, suffix)

    def _move(self, old: Path, number: int, suffix: str) -> None:
        held = self.files.pop(old.name, [])
        if number > _KEEP:
            self.risky.update(held)
            old.unlink()
        else:
            new = old.with_name(f"audit.log.{number}{suffix}")
            self.files[new.name] = held
            old.rename(new)


class Following(RuleBasedStateMachine):
    """The log, its writer, a reader that dies now and then, and what got stored."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        shm = Path("/dev/shm")
        self.trail = Trail(Path(tempfile.mkdtemp(prefix="seqwatch-", dir=shm if shm.is_dir() else None)))
        self.clock = Hand()
        self.state = SourceState("audit", "auditd", str(self.trail.live), "waiting")
        self.submitted: list[Batch] = []
        self.stored: Counter[bytes] = Counter()
        self.gaps: list[str] = []
        self.duplicates = 0
        self.reader: Intake | None = None
        self.steps_of: Steps | None = None
        self.scheme = ""
        self.trail.write("event")
        self.read(0.0)
        self.store()

    @initialize(scheme=st.sampled_from(("rename", "copytruncate")))
    def configure(self, scheme: str) -> None:
        """A log is rotated one way or the other."""
        self.scheme = scheme

    # The writer.

    @rule(shapes=st.lists(st.sampled_from(_SHAPES), min_size=1, max_size=6))
    def write(self, shapes: list[str]) -> None:
        for shape in shapes:
            self.trail.write(shape)

    @rule(cut=st.integers(44, 70))
    def half_a_line(self, cut: int) -> None:
        if not self.trail.half:
            whole = self.trail.lines("single")[0]
            self.trail.half = whole[:cut]
            self.trail.append(self.trail.half)

    @precondition(lambda self: self.scheme == "rename" and self.trail.live.exists())
    @rule(again=st.booleans())
    def rotate_by_rename(self, again: bool) -> None:
        trail = self.trail
        trail.cut_half()
        trail.shift()
        trail.files["audit.log.1"] = trail.files.pop("audit.log", [])
        trail.live.rename(trail.folder / "audit.log.1")
        trail.nameless = False
        if again:
            trail.live.touch()
            trail.written(trail.live)

    @precondition(lambda self: self.scheme == "copytruncate" and self.trail.live.exists())
    @rule(window=st.integers(0, 2))
    def copytruncate(self, window: int) -> None:
        trail = self.trail
        trail.cut_half()
        trail.shift()
        rows = trail.files.pop("audit.log", [])
        trail.files["audit.log.1"] = rows
        if trail.live.stat().st_size < HEAD_ENOUGH:
            trail.risky.update(rows)
            trail.short.update(rows)
        shutil.copyfile(trail.live, trail.folder / "audit.log.1")
        trail.written(trail.folder / "audit.log.1")
        for _ in range(window):
            trail.write("single")
        self._lose(trail.files.pop("audit.log", []))
        trail.empty()
        trail.nameless = False

    @precondition(lambda self: self.trail.live.exists())
    @rule(regrow=st.booleans())
    def truncate(self, regrow: bool) -> None:
        trail = self.trail
        trail.cut_half()
        self._lose(trail.files.pop("audit.log", []))
        trail.nameless = False
        size = trail.live.stat().st_size
        trail.empty()
        while regrow and trail.live.stat().st_size <= size:
            trail.write("event")

    def _lose(self, rows: list[bytes]) -> None:
        """Rows that a truncation took; of a file that no stored position is about, nobody can know them after a kill."""
        resume = self.state.resume
        known = resume is not None and resume.identity.split(":")[1] == str(self.trail.live.stat().st_ino)
        self.trail.risky.update(rows)
        self.trail.unseen.update(() if known else rows)

    @rule(number=st.integers(1, _KEEP))
    def compress(self, number: int) -> None:
        plain = self.trail.folder / f"audit.log.{number}"
        if plain.exists():
            packed = plain.with_name(plain.name + ".gz")
            with gzip.open(packed, "wb", compresslevel=1) as out:
                out.write(plain.read_bytes())
            times = plain.stat()
            os.utime(packed, ns=(times.st_atime_ns, times.st_mtime_ns))  # as gzip(1) does
            plain.unlink()
            self.trail.files[packed.name] = self.trail.files.pop(plain.name, [])

    # The reader.

    @rule(seconds=st.sampled_from((0.0, 0.1, 3.0, 11.0)))
    def read(self, seconds: float) -> None:
        self.clock.time += seconds
        if self.reader is None:
            self._start()
        assert self.reader is not None
        self.reader.read()
        live = self.trail.live
        self.trail.nameless |= live.exists() and 0 < live.stat().st_size < HEAD_ENOUGH

    @rule(lost=st.integers(0, 3))
    def kill(self, lost: int) -> None:
        """The reader dies, and the last batches with it."""
        self._store(len(self.submitted) - lost)
        self.submitted.clear()
        if self.steps_of is not None:
            self.steps_of.close()
        self.reader = self.steps_of = None

    @rule()
    def store(self) -> None:
        self._store(len(self.submitted))

    def _start(self) -> None:
        self.steps_of = Steps(self.trail.live, self.state.resume)
        knowledge = Knowledge()
        self.reader = Intake(
            self.steps_of,
            lambda r: self._parser(r, knowledge),
            self.state,
            self.submitted.append,
            self.clock,
            self._fail,
        )

    @staticmethod
    def _parser(resume: Resume | None, knowledge: Knowledge) -> Parser:
        return BulkAuditdParser("audit", "host", knowledge, resume)

    @staticmethod
    def _fail(what: str, error: BaseException) -> None:
        raise AssertionError(what) from error

    def _store(self, count: int) -> None:
        for batch in self.submitted[: max(count, 0)]:
            self.state = batch.state
            self.stored.update(batch.parsed.records.column("raw").to_pylist())
            self.gaps += [gap.kind for gap in batch.parsed.gaps]
            self.duplicates += batch.parsed.counts.duplicates
            assert self.state.balance == 0, self.state
        del self.submitted[: max(count, 0)]

    # What must hold.

    @invariant()
    def the_account_adds_up(self) -> None:
        Following.steps += 1
        counts = self.state.counts
        assert self.state.balance == 0
        assert counts.records - counts.duplicates == self.stored.total()

    def teardown(self) -> None:
        try:
            self.trail.write("event")  # a file of more than a few bytes ends every wait
            self.trail.append(b"")
            self.read(11.0)
            self.read(11.0)
            self._store(len(self.submitted))
            self._compare()
        finally:
            if self.steps_of is not None:
                self.steps_of.close()
            shutil.rmtree(self.trail.folder)

    def _compare(self) -> None:
        """Every row byte for byte, once; what is not there was at risk, and a gap says so."""
        missing = self.trail.rows - self.stored.keys()
        assert missing <= self.trail.risky, sorted(missing - self.trail.risky)[:3]
        assert not missing - self.trail.unseen or {"truncated", "rotation"} & set(self.gaps)
        twice = [row for row, count in self.stored.items() if count > 1 and row not in self.trail.short]
        assert not twice, twice[:3]
        strange = {row for row in self.stored.keys() - self.trail.rows if not any(r.startswith(row) for r in missing)}
        assert not strange, sorted(strange)[:3]
        assert self.state.counts.declared == 0 or missing


@pytest.fixture
def _no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "PACE_SECONDS", 0.0)


@pytest.mark.usefixtures("_no_pace")
def test_ten_thousand_steps_keep_every_line_or_declare_it() -> None:
    Following.steps = 0
    run_state_machine_as_test(
        Following,
        settings=settings(
            max_examples=STEPS // 42, stateful_step_count=50, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck), print_blob=False, phases=[Phase.generate], report_multiple_bugs=False,
        ),
    )  # fmt: skip
    assert Following.steps >= STEPS
