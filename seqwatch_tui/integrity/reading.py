"""One listed file from its name to exactly one verdict. Opens by descriptor below the dataset, follows no link."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from seqwatch_tui.integrity.control import Tracker
from seqwatch_tui.integrity.hashing import Shrunk, digest, open_for_writing
from seqwatch_tui.integrity.interface import CheckedFile, Stamp
from seqwatch_tui.integrity.lines import Entry
from seqwatch_tui.integrity.listing import not_regular
from seqwatch_tui.integrity.names import to_text
from seqwatch_tui.model.safefile import safe_open_at
from seqwatch_tui.model.verdict import FileCheck, FileVerdict

TRIES = 3


@dataclass(frozen=True, slots=True)
class Task:
    """A listed file to be read: what the manifest says, and the size it was listed with (for progress only)."""

    entry: Entry
    size: int


@dataclass(frozen=True, slots=True)
class _Reading:
    """One pass over a file; `digest` is null when the file moved underneath."""

    digest: str | None
    stamp: Stamp
    writers: Literal["yes", "no", "unknown"]


class Reader:
    """Reads files of one dataset in one thread. Owns `root_fd` and closes it with `close`."""

    def __init__(
        self, dataset: str, root_fd: int, tracker: Tracker, clock: Callable[[], float], drop_cache: bool
    ) -> None:
        self._dataset, self._root, self._tracker = dataset, root_fd, tracker
        self._clock, self._drop_cache = clock, drop_cache

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._root)

    def check(self, task: Task) -> CheckedFile:
        """Read a file and judge it. Raises Stopped when the verification is cancelled; never OSError."""
        try:
            return self._judge(task)
        except FileNotFoundError:
            return self._verdict(task.entry, "missing", None, None, "it was removed while the dataset was verified")
        except OSError as error:
            detail = error.strerror or type(error).__name__
            return self._verdict(task.entry, "unreadable", None, None, self._object(task.entry) or detail)

    def _judge(self, task: Task) -> CheckedFile:
        entry, seen, stamp = task.entry, None, None
        for _ in range(TRIES):
            self._tracker.again()
            reading = self._read(entry)
            stamp = reading.stamp
            if reading.digest is None:
                continue
            if reading.digest == entry.digest:
                return self._verdict(entry, "ok", reading.digest, stamp, "")
            if reading.writers == "no" or reading.digest == seen:
                return self._verdict(entry, "changed", reading.digest, stamp, _differs(entry, reading))
            seen = reading.digest
        detail = f"it changed in each of {TRIES} readings; verify again when nothing writes to it"
        return self._verdict(entry, "changed during read", None, stamp, detail)

    def _read(self, entry: Entry) -> _Reading:
        fd = safe_open_at(self._root, entry.name)
        try:
            before = Stamp.of(os.fstat(fd))
            try:
                found = digest(fd, before.size, entry.algorithm, self._tracker.step, self._drop_cache)
            except Shrunk:
                return _Reading(None, before, "yes")
            after = Stamp.of(os.fstat(fd))
            moved = before != after
            writers = "no" if moved or found == entry.digest else open_for_writing(fd)
            return _Reading(None if moved else found, after, writers)
        finally:
            os.close(fd)

    def _object(self, entry: Entry) -> str:
        """What stands in the place of the file, when it is not a regular one."""
        try:
            mode = os.stat(entry.name, dir_fd=self._root, follow_symlinks=False).st_mode
        except OSError:
            return ""  # the reason the open gave is the one to show
        return "" if mode & 0o170000 == 0o100000 else not_regular(mode)

    def _verdict(
        self, entry: Entry, verdict: FileVerdict, actual: str | None, stamp: Stamp | None, detail: str
    ) -> CheckedFile:
        return judged(self._dataset, entry, verdict, self._clock(), detail, actual=actual, stamp=stamp)


def _differs(entry: Entry, reading: _Reading) -> str:
    writer = "; it is open for writing" if reading.writers == "yes" else ""
    return f"the {entry.algorithm} digest is not the one on line {entry.line} of the manifest{writer}"


def judged(
    dataset: str,
    entry: Entry,
    verdict: FileVerdict,
    checked: float | None,
    detail: str,
    *,
    actual: str | None = None,
    stamp: Stamp | None = None,
) -> CheckedFile:
    """A verdict on a listed file, made at `checked`."""
    size = stamp.size if stamp else None
    path = to_text(entry.name)
    check = FileCheck(dataset, path, verdict, size, entry.algorithm, entry.digest, actual, checked, detail)
    return CheckedFile(check, stamp)
