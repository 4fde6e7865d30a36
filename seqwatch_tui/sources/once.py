"""A file to ingest from its beginning (or where an earlier run got to) to its end: plain or compressed.

Knows bytes and positions of the uncompressed content, nothing of lines.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event

from seqwatch_tui.model.evidence import Gap, Resume
from seqwatch_tui.sources.compressed import PIECE, Damaged, Unpacking
from seqwatch_tui.sources.identity import FileIdentity, parse_identity
from seqwatch_tui.sources.interface import Chunk
from seqwatch_tui.sources.opening import Problem, read_problem
from seqwatch_tui.sources.siblings import Sibling, look_at


class ReadOnce:
    """A file to ingest. Chunks of about 5 MiB; `size` is that of the uncompressed content, estimated while unpacking.

    `resume` counts if it is about this file (also moved or compressed since); else reading starts at 0. A file that
    cannot be opened is one chunk with state `failed` and the reason. Damage is a gap of kind `source` on the last
    chunk.
    """

    def __init__(self, name: str, path: Path, resume: Resume | None = None) -> None:
        self.name, self.path = name, str(path)
        self._path, self._resume = path, resume

    def chunks(self, stop: Event) -> Iterator[Chunk]:
        """Yield the content until its end or until `stop` is set; the last chunk has `end`."""
        found = look_at(self._path)
        if isinstance(found, Problem):
            yield Chunk("", 0, b"", 0, state="failed", reason=found.reason)
            return
        sibling, fd = found
        try:
            yield from self._content(sibling, fd, stop)
        except OSError as error:
            problem = read_problem(self._path, error)
            yield Chunk(sibling.identity.text, 0, b"", 0, state="failed", reason=problem.reason)
        finally:
            os.close(fd)

    def _content(self, sibling: Sibling, fd: int, stop: Event) -> Iterator[Chunk]:
        identity, offset = self._start(sibling)
        text, packed_size = identity.text, os.fstat(fd).st_size
        unpacking = Unpacking(fd, offset)
        gaps: tuple[Gap, ...] = ()
        held: list[bytes] = []
        have = 0
        for piece in unpacking:
            if stop.is_set():
                return
            if isinstance(piece, Damaged):
                gaps = (self._damage(sibling, offset + have, piece),)
                break
            held.append(piece)
            have += len(piece)
            if have >= PIECE:
                size = _estimate(offset + have, unpacking.consumed, packed_size)
                yield Chunk(text, offset, b"".join(held), size)
                offset, held, have = offset + have, [], 0
        yield Chunk(text, offset, b"".join(held), offset + have, end=True, gaps=gaps)

    def _start(self, sibling: Sibling) -> tuple[FileIdentity, int]:
        resume = self._resume
        identity = parse_identity(resume.identity) if resume else None
        if resume is not None and identity is not None and sibling.holds(identity):
            return identity, resume.offset
        return sibling.identity, 0

    def _damage(self, sibling: Sibling, offset: int, damaged: Damaged) -> Gap:
        when = sibling.modified / 1e9
        detail = f"{self._path}: {damaged.reason}; {offset} bytes of content could be read; restore it from a copy"
        return Gap(self.name, "source", when, when, None, "unknown", detail)


def _estimate(content: int, consumed: int, packed_size: int) -> int:
    """The likely size of the whole content, from how much the file read so far has given."""
    return max(content, content * packed_size // max(consumed, 1))
