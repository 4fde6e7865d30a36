"""From manifest, listing and what is known to: verdicts that need no reading, and the files to read. Pure."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from seqwatch_tui.integrity.interface import CheckedFile, Stamp
from seqwatch_tui.integrity.lines import Entry
from seqwatch_tui.integrity.listing import Found, Listing, Regular, Unusable
from seqwatch_tui.integrity.manifest import Manifest
from seqwatch_tui.integrity.names import to_bytes, to_text
from seqwatch_tui.integrity.reading import Task, judged
from seqwatch_tui.model.verdict import FileCheck, FileVerdict


@dataclass(frozen=True, slots=True)
class Plan:
    """Every name once: either decided already or to be read. `kept` and `gone` as in VerificationResult."""

    decided: tuple[CheckedFile, ...]
    tasks: tuple[Task, ...]
    kept: frozenset[str]
    gone: tuple[CheckedFile, ...]


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans one run over one dataset at the time `now`."""

    dataset: str
    manifest: Manifest
    listing: Listing
    previous: Mapping[str, CheckedFile]
    quick: bool
    now: float
    apart: tuple[bytes, ...] = ()
    """Folders of other datasets within this one; only what the manifest lists counts there."""

    def plan(self) -> Plan:
        """Decide what can be decided from names and stat facts alone."""
        decided: list[CheckedFile] = list(self._manifest_itself())
        tasks: list[Task] = []
        entries = self.manifest.entries
        names = sorted({*entries, *(name for name in self.listing if not self._is_apart(name))})
        for name in names:
            outcome = self._one(name, self.manifest.entries.get(name), self.listing.get(name))
            if isinstance(outcome, Task):
                tasks.append(outcome)
            elif outcome is not None:
                decided.append(outcome)
        kept = frozenset(
            known.check.path
            for known in decided
            if known.check.verdict == "not checked" and known.check.path in self.previous
        )
        return Plan(tuple(decided), tuple(tasks), kept, tuple(self._gone(set(names), decided)))

    def _is_apart(self, name: bytes) -> bool:
        return any(name == folder or name.startswith(folder + b"/") for folder in self.apart)

    def _one(self, name: bytes, entry: Entry | None, found: Found | None) -> CheckedFile | Task | None:
        if entry is not None:
            return self._listed(entry, found)
        if name in self.manifest.own:
            return None
        if isinstance(found, Unusable):
            return self._other(name, "unreadable", None, found.why)
        stamp = found.stamp if found else None
        if self.manifest.found:
            return self._other(name, "extra", stamp, "it is in no manifest")
        return self._other(name, "not checked", stamp, "there is no manifest to compare with", self._last_read(name))

    def _listed(self, entry: Entry, found: Found | None) -> CheckedFile | Task:
        if isinstance(found, Regular):
            return self._unmoved(entry, found.stamp) or Task(entry, found.stamp.size)
        if isinstance(found, Unusable):
            return self._judged(entry, "unreadable", found.why)
        if above := self._above(entry.name):
            return self._judged(entry, "unreadable", above)
        return self._judged(entry, "missing", f"it is on line {entry.line} of the manifest and not in the folder")

    def _judged(self, entry: Entry, verdict: FileVerdict, detail: str) -> CheckedFile:
        return judged(self.dataset, entry, verdict, self.now, detail)

    def _unmoved(self, entry: Entry, stamp: Stamp) -> CheckedFile | None:
        """In quick mode, the last verdict of a file that was fully read, found right, and has not moved since."""
        known = self.previous.get(to_text(entry.name))
        if not self.quick or known is None or known.stamp != stamp:
            return None
        check, read_at = known.check, known.check.checked
        same = (check.verdict, check.expected, check.algorithm) == ("ok", entry.digest, entry.algorithm)
        if read_at is None or not same:
            return None
        read = datetime.fromtimestamp(read_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        detail = f"not read this time: size, times and inode are as when it was last read, {read}"
        return CheckedFile(replace(check, detail=detail), stamp)

    def _above(self, name: bytes) -> str:
        """Why nothing can be said about a name: a folder above it that cannot be listed."""
        parts = name.split(b"/")
        for above in (b".", *(b"/".join(parts[:i]) for i in range(1, len(parts)))):
            found = self.listing.get(above)
            if isinstance(found, Unusable):
                return f"below {to_text(above)}: {found.why}"
        return ""

    def _last_read(self, name: bytes) -> float | None:
        known = self.previous.get(to_text(name))
        return known.check.checked if known else None

    def _other(
        self, name: bytes, verdict: FileVerdict, stamp: Stamp | None, detail: str, checked: float | None = None
    ) -> CheckedFile:
        size = stamp.size if stamp else None
        return CheckedFile(
            FileCheck(self.dataset, to_text(name), verdict, size, "", None, None, checked, detail), stamp
        )

    def _manifest_itself(self) -> Iterator[CheckedFile]:
        """A manifest that should be there and cannot be read is a verdict of its own."""
        error = self.manifest.unread
        if error is not None:
            verdict: FileVerdict = "missing" if error.errno == errno.ENOENT else "unreadable"
            detail = f"the manifest itself: {error.strerror}"
            yield CheckedFile(
                FileCheck(self.dataset, self.manifest.names, verdict, None, "", None, None, self.now, detail)
            )

    def _gone(self, names: set[bytes], decided: list[CheckedFile]) -> Iterator[CheckedFile]:
        listed = {to_text(name) for name in names} | {known.check.path for known in decided}
        for path, known in self.previous.items():
            if known.current and path not in listed and not self._above(to_bytes(path)):
                yield CheckedFile(known.check, known.stamp, current=False)
