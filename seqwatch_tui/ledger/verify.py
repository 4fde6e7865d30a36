"""Does the ledger still hold what was sealed? Every hash is derived again from the files; nothing is parsed or changed.

It needs no store and no key, and may run beside a live engine.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from seqwatch_tui.ledger import chain
from seqwatch_tui.ledger.layout import Layout
from seqwatch_tui.ledger.recover import broken_tail

_BLOCK = 1 << 20
_LIMIT = 100
_BAD_HEAD = "not of the form of a head"
_LOOKS = 100
"""Times to look for a moment at which the engine adds no line."""
_NAME = re.compile(r"([0-9]{10})\.(?:events|records)\.parquet(\.tmp)?")


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that is not as it was sealed."""

    file: str
    segment: int | None
    text: str
    expected: str
    actual: str

    def __str__(self) -> str:
        where = f" (segment {self.segment})" if self.segment is not None else ""
        return f"{self.file}{where}: {self.text}; expected {self.expected}, found {self.actual}"


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was looked at and what is wrong; `problems` in the order of the chain, at most 100."""

    segments: int
    events: int
    records: int
    head: str
    """Chain value after the last segment that was followed; keep it elsewhere to notice a rollback."""
    problems: tuple[Mismatch, ...]
    remarks: tuple[str, ...] = ()
    """What is not wrong but worth knowing: a batch being written, a segment not yet vouched for."""

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.problems

    @property
    def first(self) -> Mismatch | None:
        """The first thing that is wrong, where reading the evidence has to stop."""
        return self.problems[0] if self.problems else None

    @property
    def exit_code(self) -> int:
        """0 fine, 1 a finding."""
        return 0 if self.ok else 1


@dataclass(slots=True)
class _Walk:
    """The state of one verification."""

    layout: Layout
    problems: list[Mismatch] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    segments: int = 0
    events: int = 0
    records: int = 0

    def wrong(self, path: Path, segment: int | None, text: str, expected: object, actual: object) -> None:
        """Record a problem, up to the limit."""
        if len(self.problems) < _LIMIT:
            name = str(path.relative_to(self.layout.root))
            self.problems.append(Mismatch(name, segment, text, str(expected), str(actual)))


def verify(state_dir: Path, known: tuple[int, str] | None = None) -> VerifyReport:
    """Check every sealed segment, the chain and the head below `state_dir`.

    `known` is a segment number and its chain value kept elsewhere (the store, paper): it must be in the chain. OSError
    when there is no ledger or it cannot be read at all.
    """
    walk = _Walk(Layout.of(state_dir))
    if not walk.layout.root.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no ledger", str(walk.layout.root))
    head, lines, rest = _moment(walk.layout)
    values = {0: chain.START}
    for number, value in _follow(walk, lines, rest):
        if number in (head[0] if head else None, known[0] if known else None):
            values[number] = value
        values[-1] = value
    _check_head(walk, head, values)
    _check_names(walk)
    if known is not None and values.get(known[0]) != known[1]:
        walk.wrong(walk.layout.chain, known[0], "the chain value kept elsewhere is not in the chain", known[1],
                   values.get(known[0], "no such segment"))  # fmt: skip
    _check_spools(walk)
    return VerifyReport(
        walk.segments, walk.events, walk.records, values.get(-1, chain.START), tuple(walk.problems), tuple(walk.remarks)
    )


def _moment(layout: Layout) -> tuple[tuple[int, str] | None, int, int]:
    """The head, the lines of the chain and the bytes after them, of one moment: an engine may be adding lines."""
    for _ in range(_LOOKS):
        head, (lines, rest) = _head(layout), chain.count(layout.chain)
        if not rest and _head(layout) == head:
            break
    return head, lines, rest


def _head(layout: Layout) -> tuple[int, str] | None:
    return chain.read_head(layout.head) if layout.head.is_file() or not layout.head.exists() else None


def _follow(walk: _Walk, lines: int, rest: int) -> Iterator[tuple[int, str]]:
    """Check so many lines and the files each names; yield number and chain value as derived."""
    path, value, number = walk.layout.chain, chain.START, 0
    if not path.is_file():
        walk.wrong(path, None, "the chain is missing", "a file", "none")
        return
    with path.open("rb") as file:
        start = file.read(len(chain.HEADER))
    if start != chain.HEADER:
        walk.wrong(path, None, "the first line is not that of a chain", chain.HEADER.decode().strip(), repr(start))
    for number, line in enumerate(islice(chain.read_lines(path), lines), 1):
        if line is None:
            walk.wrong(path, number, f"line {number} is damaged", "an entry and its chain value", "something else")
            continue
        if line.entry.segment != number:
            walk.wrong(path, number, "a segment is missing or out of place", number, line.entry.segment)
        derived = chain.link(value, line.entry)
        if line.chain != derived:
            walk.wrong(path, number, "the chain is broken", derived, line.chain)
        _check_files(walk, line.entry)
        value = line.chain
        yield number, derived
    if rest:
        walk.wrong(path, number + 1, "the last line is cut short", f"{chain.LINE} bytes", f"{rest} bytes")


def _check_names(walk: _Walk) -> None:
    """Every file among the segments is one that the chain names, but for the segment that is being sealed."""
    being = set()
    for folder, _, names in os.walk(walk.layout.root / "segments"):
        lines, _ = chain.count(walk.layout.chain)
        for name in sorted(names):
            number = _segment_of(walk.layout, folder, name)
            if not 1 <= number <= lines + 1:
                walk.wrong(Path(folder, name), number or None, "the file is not in the chain", "no file", "a file")
            elif number > lines:
                being.add(number)
    walk.remarks += [f"files of segment {number} are there and not yet in the chain" for number in sorted(being)]


def _segment_of(layout: Layout, folder: str, name: str) -> int:
    """The segment that a file is of by its name and place, 0 for one of none."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match and folder == str(layout.shard(int(match[1]))) else 0


def _check_files(walk: _Walk, entry: chain.Entry) -> None:
    walk.segments, walk.events, walk.records = (
        walk.segments + 1, walk.events + entry.events, walk.records + entry.records,
    )  # fmt: skip
    files = walk.layout.segment(entry.segment)
    for path, expected in ((files.events_path, entry.events_sha256), (files.records_path, entry.records_sha256)):
        actual = _digest(path)
        if actual != expected:
            walk.wrong(path, entry.segment, "the file is not what was sealed (SHA-256)", expected, actual)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return "no regular file"
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        return f"{error.strerror}"
    return digest.hexdigest()


def _check_head(walk: _Walk, head: tuple[int, str] | None, values: dict[int, str]) -> None:
    if head is None:
        walk.wrong(walk.layout.head, None, "the head is damaged", "number and chain value", _BAD_HEAD)
        return
    number, value = head
    if not walk.layout.head.exists():
        walk.wrong(walk.layout.head, None, "the head is missing", "a file", "none")
    elif values.get(number) != value:
        walk.wrong(walk.layout.head, number, "the head does not match the chain (segments removed or changed)", value,
                   values.get(number, f"a chain of {walk.segments} segments"))  # fmt: skip
    elif walk.segments > number + 1:
        walk.wrong(walk.layout.head, number, "the head is behind the chain", walk.segments, number)
    elif walk.segments > number:
        walk.remarks.append(f"segment {walk.segments} is chained and not yet vouched for by the head")


def _check_spools(walk: _Walk) -> None:
    """Batches not yet sealed are held by their own checksums only: damage shows, a careful rewrite does not."""
    for path in sorted(walk.layout.spools.glob("*.spool")):
        broken = broken_tail(path, int(path.stem)) if path.stem.isdigit() else None
        if broken is None:
            continue
        if broken.torn:
            walk.remarks.append(f"{path.name}: {broken.reason} (being written, or cut short by a stop)")
        else:
            walk.wrong(
                path, int(path.stem), f"from byte {broken.offset} on, {broken.reason}", "whole batches", "damage"
            )
