"""The rotated files beside a log: which one is the file read before, and which are newer and not read yet.

Rotation schemes covered: numbered (auditd, logrotate: higher is older), dated (logrotate dateext), each plain or
compressed. Knows names, times and heads of files; nothing of what is in them.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from seqwatch_tui.sources.compressed import Damaged, Unpacking
from seqwatch_tui.sources.identity import HEAD_BYTES, FileIdentity, identify
from seqwatch_tui.sources.opening import Problem, open_log, read_problem

_PACKED_SUFFIX = re.compile(r"\.(gz|zst|bz2|xz)$")
_NUMBER = re.compile(r"[.-](\d+)$")


@dataclass(frozen=True, slots=True)
class Sibling:
    """A rotated file; `head` is the beginning of its uncompressed content, `modified` its mtime in ns."""

    path: Path
    place: FileIdentity
    head: bytes
    packed: bool
    modified: int

    @property
    def identity(self) -> FileIdentity:
        """What to call this file in positions: its place, and the head of its uncompressed content."""
        return self.place.with_head(self.head)

    def holds(self, identity: FileIdentity) -> bool:
        """Whether this is the file `identity`, moved, copied or compressed."""
        if identity.proves_content(self.head):
            return True
        return not self.packed and self.place.same_place(identity) and identity.same_head(self.head)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What has to be read before the live file: the rest of `mine` (None: it is gone), then `newer` as a whole.

    `problems` are sentences about rotated files that could not be looked at: they may be among the missing ones.
    """

    mine: Sibling | None
    newer: tuple[Sibling, ...]
    problems: tuple[str, ...]
    copied: bool = False
    """`mine` is a copy of a file that was then emptied."""


def backlog_of(live: Path, identity: FileIdentity) -> Backlog:
    """Find what was rotated away since `identity` was read, oldest first.

    Without `mine`, a sibling last written after that content was first seen is newer than it. Where that is not known,
    nothing can be told apart and `newer` is empty.
    """
    found, problems = rotated(live)
    place = next((i for i, sibling in enumerate(found) if sibling.holds(identity)), None)
    if place is not None:
        return Backlog(found[place], tuple(found[place + 1 :]), problems, _copied(found, found[place], identity))
    since = identity.since
    if since is None:
        return Backlog(None, (), problems)
    return Backlog(None, tuple(s for s in found if s.modified > since), problems)


def copies_since(live: Path, identity: FileIdentity, head: bytes) -> tuple[Sibling, ...]:
    """Copies made of an emptied file since it was found empty, oldest first, but for one of what begins with `head`.

    Only for a file that is rotated by copying: where the writer may still write to a rotated file, this tells nothing.
    """
    since, now = identity.since, identity.with_head(head)
    found, _ = rotated(live)
    return tuple(s for s in found if since is not None and s.modified > since and not now.proves_content(s.head))


def _copied(found: list[Sibling], mine: Sibling, identity: FileIdentity) -> bool:
    """Whether `mine` is a copy: rotation by rename keeps the inode, and an inode with other content was emptied."""
    if not mine.packed:
        return not mine.place.same_place(identity)
    return any(s.place.same_place(identity) for s in found if s is not mine)


def rotated(live: Path) -> tuple[list[Sibling], tuple[str, ...]]:
    """The rotated files of `live`, oldest first, and why others could not be read.

    A file that is being compressed just now counts once, as the plain one.
    """
    by_stem: dict[str, Sibling] = {}
    problems = []
    for name in _names(live):
        sibling = _look(live.parent / name)
        stem = _PACKED_SUFFIX.sub("", name)
        if isinstance(sibling, Problem):
            problems.append(sibling.reason)
        elif stem not in by_stem or by_stem[stem].packed:
            by_stem[stem] = sibling
    return _oldest_first(by_stem), tuple(problems)


def _oldest_first(by_stem: dict[str, Sibling]) -> list[Sibling]:
    numbers = {stem: found[1] for stem in by_stem if (found := _NUMBER.search(stem)) and len(found[1]) < 5}
    if len(numbers) == len(by_stem):
        return [by_stem[stem] for stem in sorted(by_stem, key=lambda s: int(numbers[s]), reverse=True)]
    return sorted(by_stem.values(), key=lambda s: (s.modified, s.path.name))


def is_of_log(live: Path, path: Path) -> bool:
    """Whether a path is the log `live` itself or one rotated from it, by name."""
    return path.parent == live.parent and (path.name == live.name or bool(_pattern(live).fullmatch(path.name)))


def _pattern(live: Path) -> re.Pattern[str]:
    return re.compile(re.escape(live.name) + r"[.-]\d[\d._-]*(\.(gz|zst|bz2|xz))?")


def _names(live: Path) -> list[str]:
    pattern = _pattern(live)
    try:
        names = os.listdir(live.parent)  # noqa: PTH208 - names only, as text
    except OSError:
        return []  # opening the live file tells the reason
    return sorted(name for name in names if pattern.fullmatch(name))


def _look(path: Path) -> Sibling | Problem:
    found = look_at(path)
    if isinstance(found, Problem):
        return found
    os.close(found[1])
    return found[0]


def look_at(path: Path) -> tuple[Sibling, int] | Problem:
    """Open a file and see what it holds; the caller closes the descriptor that comes with it."""
    opened = open_log(path)
    if isinstance(opened, Problem):
        return opened
    try:
        place, modified = identify(opened.fd), os.fstat(opened.fd).st_mtime_ns
        content = Unpacking(opened.fd)
        return Sibling(path, place, _head(content), content.kind != "plain", modified), opened.fd
    except OSError as error:
        os.close(opened.fd)
        return read_problem(path, error)


def _head(content: Unpacking) -> bytes:
    head = b""
    for piece in content:
        if isinstance(piece, Damaged) or len(head) >= HEAD_BYTES:
            break
        head += piece
    return head[:HEAD_BYTES]
