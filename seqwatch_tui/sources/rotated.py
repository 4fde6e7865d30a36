"""Reading a rotated file to its end, and the sentences for what a rotation or a truncation cost.

Knows one file at a time; `follow` decides which and in what order.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from seqwatch_tui.model.evidence import Gap
from seqwatch_tui.sources.compressed import Damaged, Unpacking
from seqwatch_tui.sources.identity import FileIdentity, identify
from seqwatch_tui.sources.interface import Chunk
from seqwatch_tui.sources.opening import Problem, open_log
from seqwatch_tui.sources.siblings import Sibling


def read_rotated(source: str, sibling: Sibling, identity: FileIdentity, offset: int) -> Iterator[Chunk]:
    """Yield the content of `sibling` from `offset` on as the file `identity`; the last chunk has `end`.

    What cannot be read (vanished, damaged) is a gap on the last chunk. OSError when the disk fails.
    """
    opened = open_log(sibling.path)
    if isinstance(opened, Problem):
        yield _unread(source, sibling, identity, offset, opened.reason)
        return
    try:
        if identify(opened.fd).same_place(sibling.place):
            yield from _drain(source, sibling, opened.fd, identity, offset)
        else:
            yield _unread(source, sibling, identity, offset, f"{sibling.path} was moved while it was looked for")
    finally:
        os.close(opened.fd)


def _drain(source: str, sibling: Sibling, fd: int, identity: FileIdentity, offset: int) -> Iterator[Chunk]:
    size = os.fstat(fd).st_size
    for piece in Unpacking(fd, offset):
        if isinstance(piece, Damaged):
            yield _unread(source, sibling, identity, offset, f"{sibling.path}: {piece.reason}")
            return
        yield Chunk(identity.text, offset, piece, max(size, offset + len(piece)))
        offset += len(piece)
    yield Chunk(identity.text, offset, b"", offset, end=True)


def _unread(source: str, sibling: Sibling, identity: FileIdentity, offset: int, why: str) -> Chunk:
    when = sibling.modified / 1e9
    gap = Gap(source, "rotation", when, when, None, "unknown", f"{why}; what follows byte {offset} of it is missing")
    return Chunk(identity.text, offset, b"", offset, end=True, gaps=(gap,))


def truncation_text(path: Path, offset: int, copy: Sibling | None) -> str:
    """What to tell when the live file was emptied; `copy` is what copytruncate left of it."""
    saved = (
        f"the rest was read from its copy {copy.path}, lines written between copying and emptying are missing"
        if copy is not None
        else "what was written after that and before is missing, and what is read again may be stored twice"
    )
    return f"{path} was truncated after byte {offset} had been read; {saved}; rotate by rename, not by copytruncate"


def missing_text(path: Path, offset: int, *, ended: bool) -> str:
    """What to tell when the file read before is nowhere to be found; `ended` when it had been read to its end."""
    if ended:
        return (
            f"the file that was {path} has been read to its end and is gone while others were rotated after it: some of"
            " those may be gone unread too; keep more rotated files (num_logs, rotate), or let them grow larger"
        )
    return (
        f"the file that was {path} when byte {offset} of it had been read is gone, and no rotated copy of it is left;"
        " what was written to it after that is missing; keep more rotated files (num_logs, rotate)"
    )
