"""The words of this room: what is known of a file, how far a verification is, and what it found.

A file's path is relative to its dataset, as text that stands for exactly one name in bytes (see `names`).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from seqwatch_tui.model.verdict import FileCheck, FileVerdict, Finding

RunState = Literal["done", "cancelled", "failed"]
Mode = Literal["full", "quick"]


@dataclass(frozen=True, slots=True)
class Stamp:
    """The stat facts that move when a file is written, replaced or touched; times are nanoseconds since the epoch."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    dev: int

    @classmethod
    def of(cls, facts: os.stat_result) -> Stamp:
        """Take the facts from a stat result; inode numbers above 2**63 wrap, so that any fits a signed column."""
        inode = (facts.st_ino + (1 << 63)) % (1 << 64) - (1 << 63)
        return cls(facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, inode, facts.st_dev)


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A verdict and the stat facts it was made on; `stamp` is null when no regular file was seen.

    `current` is false for a file that is neither in the folder nor in the manifest any more: kept as history only.
    """

    check: FileCheck
    stamp: Stamp | None = None
    current: bool = True


@dataclass(frozen=True, slots=True)
class Totals:
    """Files by verdict; their sum is the number of names in the folder and the manifest together."""

    ok: int = 0
    changed: int = 0
    missing: int = 0
    extra: int = 0
    unreadable: int = 0
    changed_during_read: int = 0
    not_checked: int = 0

    @classmethod
    def of(cls, verdicts: Iterable[FileVerdict]) -> Totals:
        """Count verdicts."""
        return cls(**{verdict.replace(" ", "_"): n for verdict, n in Counter(verdicts).items()})

    @property
    def files(self) -> int:
        """The sum of all verdicts."""
        return (
            self.ok + self.changed + self.missing + self.extra + self.unreadable + self.changed_during_read
            + self.not_checked
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a verification is: files and bytes to read and read, bytes per second, seconds left (null = not known).

    `current` names the files being read; `stalled` those of them that have given no byte for a while.
    """

    state: Literal["listing", "running", "paused", "cancelled", "done", "failed"]
    done_files: int
    total_files: int
    done_bytes: int
    total_bytes: int
    rate: float
    eta: float | None
    current: str
    stalled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """What one run found. `files` holds every name once; `totals` counts them.

    `kept` are paths this run did not get to although an earlier one did: the earlier verdict stands and must not be
    overwritten. `gone` were known before and are now in neither folder nor manifest. `bytes` is what was read.
    """

    dataset: str
    manifest: str
    mode: Mode
    state: RunState
    started: float
    finished: float
    bytes: int
    files: tuple[CheckedFile, ...]
    totals: Totals
    kept: frozenset[str] = frozenset()
    gone: tuple[CheckedFile, ...] = ()
    problems: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    """What is to be said of the manifest itself (INT-03, INT-05)."""

    @property
    def checks(self) -> tuple[FileCheck, ...]:
        """The verdicts without stat facts."""
        return tuple(known.check for known in self.files)
