"""The journal of acts: append-only, hash-chained, fsynced; what stands in it happened, or will be finished.

One JSON object a line: seq, prev (hash of the line before, 64 zeros at first), kind, at (epoch seconds), body, hash.
`hash` is SHA-256 over prev and the canonical JSON (sorted keys, no blanks) of the other fields. A crash while a line
is written leaves a line without its newline: it promised nothing yet, so the next writer cuts it off and records that
it did. Anything else that does not fit the chain is damage, and nothing is done on a damaged journal.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqwatch_tui.model.safefile import sync_directory
from seqwatch_tui.response.errors import JournalBusy, JournalDamaged, JournalFailed

_START = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal."""

    seq: int
    kind: str
    """intent, amend, step, outcome; refused (a plan of which nothing was done); torn."""
    at: float
    body: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal at `path`; reading needs no lock, `writing` takes it for one act."""

    path: Path

    @classmethod
    def of(cls, state_dir: Path) -> Journal:
        """The journal of a state directory."""
        return cls(state_dir / "journal" / "actions.jsonl")

    def entries(self) -> list[Entry]:
        """All whole lines, checked against the chain; [] when there is none yet. Raises JournalDamaged, JournalFailed."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise JournalFailed(
                f"{self.path}: cannot be read ({error.strerror}); check its rights and the disk"
            ) from error
        return _parse(self.path, data)[0]

    @contextlib.contextmanager
    def writing(self) -> Iterator[Pen]:
        """Hold the journal for one act. Raises JournalBusy, JournalDamaged, JournalFailed."""
        fd = self._open()
        try:
            self._lock(fd)
            yield Pen(self.path, fd, *_parse(self.path, _all(fd)))
        finally:
            os.close(fd)

    def _open(self) -> int:
        """Open for appending; a new journal's name is durable before anything is written under it."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(self.path, flags, 0o600)
            sync_directory(self.path.parent)
        except OSError as error:
            raise JournalFailed(
                f"{self.path}: cannot be written ({error.strerror}); nothing was done: check its rights and the disk"
            ) from error
        return fd

    def _lock(self, fd: int) -> None:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise JournalBusy(f"{self.path}: another act is under way; wait for it to end and try again") from None


class Pen:
    """The right to append; made by `Journal.writing` only."""

    def __init__(self, path: Path, fd: int, entries: list[Entry], tail: bytes) -> None:
        self._path, self._fd = path, fd
        self._tail = tail
        self._broken = False
        self.entries = entries

    def append(self, kind: str, at: float, body: dict[str, Any]) -> Entry:
        """Write a line and make it durable. Raises JournalFailed; after that, on every call."""
        if self._broken:
            raise JournalFailed(
                f"{self._path}: an earlier line could not be made durable; check the disk, then restart"
            )
        if self._tail:
            self._cut(at)
        entry = _chained(self.entries, kind, at, body)
        self._durably(_line(entry, self.entries[-1].hash if self.entries else _START))
        self.entries.append(entry)
        return entry

    def _cut(self, at: float) -> None:
        tail, self._tail = self._tail, b""
        with self._failing():
            os.ftruncate(self._fd, os.fstat(self._fd).st_size - len(tail))
        self.append("torn", at, {"bytes": len(tail), "sha256": hashlib.sha256(tail).hexdigest()})

    def _durably(self, line: bytes) -> None:
        view = memoryview(line)
        with self._failing():
            while view:
                view = view[os.write(self._fd, view) :]
            os.fsync(self._fd)

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._broken = True
            raise JournalFailed(
                f"{self._path}: could not be written durably ({error.strerror}); the act was stopped: check the disk, "
                "then restart to finish it"
            ) from error


def _all(fd: int) -> bytes:
    size = os.fstat(fd).st_size
    parts, offset = [], 0
    while offset < size and (part := os.pread(fd, size - offset, offset)):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def _parse(path: Path, data: bytes) -> tuple[list[Entry], bytes]:
    """Whole lines as entries, and the bytes after the last newline."""
    *lines, tail = data.split(b"\n")
    entries: list[Entry] = []
    for number, line in enumerate(lines, 1):
        entries.append(_entry(line, entries, lambda why, number=number: _damage(path, number, why)))  # type: ignore[misc]
    return entries, tail


def _damage(path: Path, number: int, why: str) -> JournalDamaged:
    return JournalDamaged(
        f"{path}:{number}: {why}; nothing is done on a damaged journal: keep a copy and compare it with the ledger's"
    )


def _entry(line: bytes, before: list[Entry], damage: Callable[[str], JournalDamaged]) -> Entry:
    prev = before[-1].hash if before else _START
    try:
        values = json.loads(line)
        entry = Entry(values["seq"], values["kind"], values["at"], values["body"], values["hash"])
    except (ValueError, KeyError, TypeError) as error:
        raise damage("the line is not one of this journal") from error
    if values.get("prev") != prev or entry.seq != len(before):
        raise damage("the line does not follow the one before it")
    if entry.hash != _hash(prev, entry):
        raise damage("the line was changed after it was written")
    return entry


def _chained(before: list[Entry], kind: str, at: float, body: dict[str, Any]) -> Entry:
    bare = Entry(len(before), kind, at, body, "")
    return Entry(bare.seq, kind, at, body, _hash(before[-1].hash if before else _START, bare))


def _hash(prev: str, entry: Entry) -> str:
    payload = {"at": entry.at, "body": entry.body, "kind": entry.kind, "seq": entry.seq}
    return hashlib.sha256(prev.encode() + _canonical(payload)).hexdigest()


def _line(entry: Entry, prev: str) -> bytes:
    values = {
        "seq": entry.seq, "prev": prev, "kind": entry.kind, "at": entry.at, "body": entry.body, "hash": entry.hash,
    }  # fmt: skip
    return _canonical(values) + b"\n"


def _canonical(values: dict[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
