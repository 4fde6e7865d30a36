"""Follow a live log through growth, rotation, truncation and absence, so that no byte is lost without a word.

Knows files and positions, not records: lines may be handed over in halves. The order of things on a rotation:
the old file to its end, then whatever was rotated in between, then the new file from 0.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Literal

from seqwatch_tui.model.evidence import Gap, GapKind, Resume
from seqwatch_tui.sources.identity import HEAD_BYTES, HEAD_ENOUGH, FileIdentity, identify, parse_identity
from seqwatch_tui.sources.interface import Chunk
from seqwatch_tui.sources.late import LateWrites
from seqwatch_tui.sources.notice import Notice
from seqwatch_tui.sources.opening import Problem, open_log, read_problem
from seqwatch_tui.sources.rotated import missing_text, read_rotated, truncation_text
from seqwatch_tui.sources.siblings import Sibling, backlog_of, copies_since

_PIECE = 4 << 20
_TICK = 0.5
_BEFORE = 64
"""Bytes before the position that must still be there: tells a file that was emptied and grew past it again."""
_GRACE_ROUNDS = 30


@dataclass(frozen=True, slots=True)
class _Cursor:
    """How far which file has been handed over; `before` are the last bytes read (None until the file is open)."""

    identity: FileIdentity
    offset: int
    before: bytes | None = None
    ended: bool = False

    def advanced(self, data: bytes) -> _Cursor:
        before = ((self.before or b"") + data[-_BEFORE:])[-_BEFORE:]
        return replace(self, offset=self.offset + len(data), before=before)


class _Truncated(Exception):
    """The bytes before the position are not what was read there."""


class Follower:
    """A live log. `chunks` never ends by itself; a file that cannot be read is a state with a reason, and retried.

    `poll` is how often to look (seconds) where the kernel does not tell of changes, or with `look`; `grace` how long a rotated file
    has to be quiet before it counts as ended; `tick` how often a quiet log says so. Used from one thread.
    """

    def __init__(
        self, name: str, path: Path, resume: Resume | None = None, *,
        poll: float = 0.07, look: bool = False, grace: float = 1.0, tick: float = _TICK,
    ) -> None:  # fmt: skip
        self.name, self.path = name, str(path)
        self._path, self._poll, self._look, self._grace, self._tick_seconds = path, poll, look, grace, tick
        identity = parse_identity(resume.identity) if resume else None
        self._at = _Cursor(identity, resume.offset) if resume and identity else None
        self._truncated = False
        self._late: LateWrites | None = None

    def chunks(self, stop: Event) -> Generator[Chunk, None, None]:
        """Yield what is new, or a tick about every half second, until `stop` is set."""
        try:
            while not stop.is_set():
                opened = open_log(self._path)
                if isinstance(opened, Problem):
                    yield self._without_file(opened)
                    stop.wait(self._tick_seconds)
                    continue
                try:
                    yield from self._read(opened.fd, stop)
                except OSError as error:
                    yield self._without_file(read_problem(self._path, error))
                    stop.wait(self._tick_seconds)
                finally:
                    if self._late is None or self._late.fd != opened.fd:  # a file that has ended belongs to _late
                        os.close(opened.fd)
        finally:
            self._forget_ended()

    def _read(self, fd: int, stop: Event) -> Iterator[Chunk]:
        yield from self._catch_up(fd)
        try:
            yield from self._follow(fd, (yield from self._begin(fd, stop)), stop)
        except _Truncated:
            self._truncated = True

    def _without_file(self, problem: Problem) -> Chunk:
        identity, offset = (self._at.identity.text, self._at.offset) if self._at else ("", 0)
        return Chunk(identity, offset, b"", 0, gaps=self._late_gaps(), state=problem.state, reason=problem.reason)

    # Catching up: is the live file the one read before, and if not, what lies between.

    def _catch_up(self, fd: int) -> Iterator[Chunk]:
        at = self._at
        if at is None:
            return
        live = identify(fd)
        here = live.same_place(at.identity)
        same = here and at.identity.same_head(os.pread(fd, HEAD_BYTES, 0))
        if same and not self._truncated and at.offset <= os.fstat(fd).st_size:
            back = min(_BEFORE, at.offset)
            before = os.pread(fd, back, at.offset - back) if back else None  # untouched: it may be known better now
            self._at = replace(at, before=before, ended=False)
            return
        yield from self._backlog(at, fd, emptied=here)
        cut = replace(live, cut=at.identity.cut).after_cut(os.fstat(fd).st_mtime_ns)
        self._at, self._truncated = (_Cursor(cut, 0) if here else None), False

    def _backlog(self, at: _Cursor, fd: int, *, emptied: bool) -> Iterator[Chunk]:
        backlog = backlog_of(self._path, at.identity)
        mine = None if at.ended else backlog.mine
        if emptied or self._truncated or (mine is not None and backlog.copied):
            yield self._loss(at, fd, "truncated", truncation_text(self._path, at.offset, mine))
        elif backlog.mine is None and (backlog.newer or not at.ended):
            yield self._loss(at, fd, "rotation", missing_text(self._path, at.offset, ended=at.ended))
        if backlog.problems and mine is None and not at.ended:
            yield self._loss(at, fd, "rotation", "rotated files not read: " + "; ".join(backlog.problems))
        if mine is not None:
            yield from self._rotated(mine, at.identity, at.offset)
        for sibling in backlog.newer:
            yield from self._rotated(sibling, sibling.identity, 0)

    def _rotated(self, sibling: Sibling, identity: FileIdentity, offset: int) -> Iterator[Chunk]:
        for chunk in read_rotated(self.name, sibling, identity, offset):
            self._at = _Cursor(identity, chunk.offset + len(chunk.data), ended=chunk.end)
            yield chunk

    # The live file.

    def _begin(self, fd: int, stop: Event) -> Generator[Chunk, None, _Cursor]:
        """Wait until enough of a new file exists to know it by; its identity then stays the same for good."""
        if self._at is not None and self._at.before is not None:
            return self._at
        cut, patient = (self._at.identity.cut if self._at else os.fstat(fd).st_mtime_ns), True
        with Notice(fd, self._poll, look=self._look) as notice:
            while not stop.is_set() and (size := os.fstat(fd).st_size) < HEAD_ENOUGH:
                if (size and not patient) or self._elsewhere(fd) == "moved":
                    break
                shown = self._at.identity if self._at else identify(fd)
                yield Chunk(shown.text, 0, b"", size, gaps=self._late_gaps())
                patient = notice.wait(self._tick_seconds) or size == 0
        if self._at is not None:
            cut = yield from self._copied_meanwhile(self._at, fd)
        self._at = _Cursor(replace(identify(fd), cut=cut), 0, b"")
        return self._at

    def _copied_meanwhile(self, at: _Cursor, fd: int) -> Generator[Chunk, None, int]:
        """Read what an emptied file held and lost again before it was looked at; return when it was found empty last."""
        copies = copies_since(self._path, at.identity, os.pread(fd, HEAD_BYTES, 0))
        if not copies:
            return at.identity.cut
        yield self._loss(at, fd, "truncated", truncation_text(self._path, 0, copies[-1]))
        for sibling in copies:
            yield from self._rotated(sibling, sibling.identity, 0)
        return at.identity.after_cut(os.fstat(fd).st_mtime_ns).cut

    def _follow(self, fd: int, at: _Cursor, stop: Event) -> Iterator[Chunk]:
        with Notice(fd, self._poll, look=self._look) as notice:
            told, quiet = True, 0.0
            while not stop.is_set():
                where = self._elsewhere(fd)
                read_on = yield from self._new_bytes(fd, at)
                if read_on is not at and not told:
                    notice.missed()
                at, quiet = read_on, 0.0 if read_on is not at else quiet
                if where == "moved":
                    yield from self._finish(fd, at, notice, stop)
                    return
                told = notice.wait(self._tick_seconds)
                quiet = 0.0 if told else quiet + (self._poll if notice.blind else self._tick_seconds)
                if quiet >= self._tick_seconds:
                    quiet = 0.0
                    yield self._tick(fd, at, where)

    def _new_bytes(self, fd: int, at: _Cursor) -> Generator[Chunk, None, _Cursor]:
        """Yield what is there beyond the position, to the end; return the new position."""
        while data := _piece(fd, at):
            offset, at = at.offset, at.advanced(data)
            self._at = at
            yield Chunk(at.identity.text, offset, data, max(os.fstat(fd).st_size, at.offset))
        return at

    def _tick(self, fd: int, at: _Cursor, where: str) -> Chunk:
        state: Literal["live", "waiting"] = "waiting" if where == "absent" else "live"
        reason = f"{self._path} is gone; still reading the file that was there" if where == "absent" else ""
        size = os.fstat(fd).st_size
        return Chunk(at.identity.text, at.offset, b"", size, gaps=self._late_gaps(), state=state, reason=reason)

    def _elsewhere(self, fd: int) -> Literal["here", "moved", "absent"]:
        """Where the open file is: still under its name, replaced by something else, or its name is unused."""
        try:
            named = self._path.lstat()
        except FileNotFoundError:
            return "absent"
        except OSError:
            return "here"  # the folder cannot be entered just now; the open file still can be read
        mine = os.fstat(fd)
        return "here" if (named.st_dev, named.st_ino) == (mine.st_dev, mine.st_ino) else "moved"

    def _finish(self, fd: int, at: _Cursor, notice: Notice, stop: Event) -> Iterator[Chunk]:
        """Read a rotated file until its writer has let go of it, then say that it has ended."""
        for _ in range(_GRACE_ROUNDS):
            told = notice.wait(self._grace)
            read_on = yield from self._new_bytes(fd, at)
            if stop.is_set():
                return
            if not told and read_on is at:
                break
            at = read_on
        self._at = replace(at, ended=True)
        gaps = self._late_gaps()
        self._forget_ended()
        self._late = LateWrites(self.name, self.path, fd, at.offset)
        yield Chunk(at.identity.text, at.offset, b"", at.offset, end=True, gaps=gaps)

    # Losses.

    def _late_gaps(self) -> tuple[Gap, ...]:
        if self._late is None:
            return ()
        gap = self._late.look()
        if self._late.settled:
            self._forget_ended()
        return (gap,) if gap else ()

    def _forget_ended(self) -> None:
        if self._late is not None:
            self._late.close()
            self._late = None

    def _loss(self, at: _Cursor, fd: int, kind: GapKind, detail: str) -> Chunk:
        end = os.fstat(fd).st_mtime
        start = min(end, at.identity.born / 1e9) if at.identity.born is not None else end
        gap = Gap(self.name, kind, start, end, None, "unknown", detail)
        return Chunk(at.identity.text, at.offset, b"", at.offset, gaps=(gap,))


def _piece(fd: int, at: _Cursor) -> bytes:
    """Read on, together with the bytes before the position: if those have changed the file was truncated."""
    before = at.before or b""
    data = os.pread(fd, len(before) + _PIECE, at.offset - len(before))
    if data[: len(before)] != before:
        raise _Truncated
    return data[len(before) :]
