"""The chain: one line of fixed width per sealed segment, each hashed together with the hash before it.

Fixed width makes line n a place in the file, so that opening and finding an event read a few lines of millions.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from seqwatch_tui.store.interface import SegmentRow

HEADER = b"seqwatch ledger chain v1\n"
START = "0" * 64
"""The chain value before the first segment."""

_HEAD = b"seqwatch ledger head v1\n"
_ENTRY = re.compile(
    rb"([0-9]{10}) ([0-9]{10}) ([0-9]{10}) ([0-9]{15}|-{15}) ([0-9]{15}|-{15}) ([0-9]{10}\.[0-9]{6})"
    rb" ([0-9a-f]{64}) ([0-9a-f]{64})"
)
_NONE = "-" * 15


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said of one sealed segment; `sealed` is epoch seconds to the microsecond."""

    segment: int
    events: int
    records: int
    first_event_id: int | None
    last_event_id: int | None
    sealed: float
    events_sha256: str
    records_sha256: str

    @property
    def text(self) -> str:
        """The entry as it is hashed and as it begins its line."""
        first, last = (_NONE if i is None else f"{i:015d}" for i in (self.first_event_id, self.last_event_id))
        return (
            f"{self.segment:010d} {self.events:010d} {self.records:010d} {first} {last} {self.sealed:017.6f}"
            f" {self.events_sha256} {self.records_sha256}"
        )

    def row(self, previous: str) -> SegmentRow:
        """The row of `checkpoints`, after the chain value `previous`."""
        digest = hashlib.sha256(self.text.encode()).hexdigest()
        return SegmentRow(
            self.segment, self.events, self.records, self.first_event_id, self.last_event_id, digest,
            link(previous, self), self.sealed,
        )  # fmt: skip

    @staticmethod
    def parse(text: bytes) -> Entry | None:
        """Return the entry of a line's beginning, None when it is not one."""
        match = _ENTRY.fullmatch(text)
        if match is None:
            return None
        first, last = (None if ids.startswith(b"-") else int(ids) for ids in (match[4], match[5]))
        digests = match[7].decode(), match[8].decode()
        return Entry(int(match[1]), int(match[2]), int(match[3]), first, last, float(match[6]), *digests)


_TEXT = len(Entry(0, 0, 0, None, None, 1e9, START, START).text)
LINE = _TEXT + 1 + 64 + 1
"""Bytes of a line: entry, space, chain value, newline."""


def link(previous: str, entry: Entry) -> str:
    """Return the chain value after `entry`: SHA-256 of the value before, a space, and the entry's text."""
    return hashlib.sha256(f"{previous} {entry.text}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is well-formed: its entry and the chain value written after it (not yet checked)."""

    entry: Entry
    chain: str

    @property
    def bytes(self) -> bytes:
        """The line as in the file."""
        return f"{self.entry.text} {self.chain}\n".encode()


def count(path: Path) -> tuple[int, int]:
    """Return how many whole lines the chain file has, and how many bytes follow the last. No file: (0, 0)."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return 0, 0
    if size < len(HEADER):
        return 0, size
    return divmod(size - len(HEADER), LINE)


def read_line(file: BinaryIO, number: int) -> Line | None:
    """Read line `number` (from 1) of an open chain file; None when it is damaged."""
    file.seek(len(HEADER) + (number - 1) * LINE)
    return _line(file.read(LINE))


def read_lines(path: Path) -> Iterator[Line | None]:
    """Yield every whole line in order, None for a damaged one."""
    with path.open("rb") as file:
        file.seek(len(HEADER))
        while len(raw := file.read(LINE)) == LINE:
            yield _line(raw)


def _line(raw: bytes) -> Line | None:
    if len(raw) != LINE or raw[_TEXT : _TEXT + 1] != b" " or raw[-1:] != b"\n":
        return None
    entry, value = Entry.parse(raw[:_TEXT]), raw[_TEXT + 1 : -1]
    if entry is None or not re.fullmatch(rb"[0-9a-f]{64}", value):
        return None
    return Line(entry, value.decode())


def head_bytes(number: int, chain: str) -> bytes:
    """Return the content of the head file."""
    return _HEAD + f"{number}\n{chain}\n".encode()


def read_head(path: Path) -> tuple[int, str] | None:
    """Return number and chain value of the head, (0, START) when there is none yet, None when it is damaged."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return 0, START
    match = re.fullmatch(re.escape(_HEAD) + rb"(0|[1-9][0-9]{0,9})\n([0-9a-f]{64})\n", data)
    return (int(match[1]), match[2].decode()) if match else None
