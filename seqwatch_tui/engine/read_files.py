"""Which files have been read already, under whatever source, so that nothing is stored twice because it has two names.

A file is known by its place and first bytes (sources/identity); `read_files` keeps those that were followed to their
end. Costs one small query a file, nothing a line.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqwatch_tui.model.evidence import Counts, Resume, SourceState
from seqwatch_tui.sources.compressed import Damaged, Unpacking
from seqwatch_tui.sources.formats import FormatUnknown
from seqwatch_tui.sources.identity import HEAD_ENOUGH, parse_identity
from seqwatch_tui.sources.opening import Problem
from seqwatch_tui.sources.siblings import Sibling, look_at

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

INGEST = "ingest:"
"""Sources of back-fills are named so, and by the file's first bytes."""


class ReadFiles:
    """Notices that a source went on to another file; owned by the judge."""

    def __init__(self, known: Iterable[SourceState]) -> None:
        self._at = {s.name: s.resume for s in known if s.resume is not None}

    def rows(self, states: Iterable[SourceState]) -> list[dict[str, Any]]:
        """Rows of `read_files` for what was finished in these transactions."""
        found = []
        for state in states:
            before, self._at[state.name] = self._at.get(state.name), state.resume or Resume("", 0)
            now = state.resume
            if before is None or now is None or before.identity == now.identity or state.name.startswith(INGEST):
                continue
            if before.offset and parse_identity(before.identity) is not None:
                row = {"source": state.name, "identity": before.identity, "bytes": before.offset}
                found.append({**row, "finished": state.last_ts})
        return found


@dataclass(frozen=True, slots=True)
class Already:
    """How much of a file is stored under `source`, in bytes; null: all of it is, or will be, for it is followed."""

    source: str
    bytes: int | None


def already(engine: Engine, sibling: Sibling) -> Already | None:
    """What of a file to ingest a followed source has stored."""
    followed = {s.name for s in engine.settings.sources}
    for state in engine.store.sources():
        if state.name in followed and state.resume is not None and _is(state.resume.identity, sibling):
            return Already(state.name, None)
    rows = engine.store.query_sql("select source, identity, bytes from read_files order by bytes desc").rows
    return next((Already(source, size) for source, identity, size in rows if _is(identity, sibling)), None)


def _is(identity: str, sibling: Sibling) -> bool:
    known = parse_identity(identity)
    return known is not None and known.proves_content(sibling.head)


def lines_before(fd: int, upto: int | None) -> tuple[int, int]:
    """Lines and bytes of an open file's content before `upto` (null: all of it); a last one without its end counts."""
    lines, size, last = 0, 0, b"\n"
    for piece in Unpacking(fd):
        if isinstance(piece, Damaged) or (upto is not None and size >= upto):
            break
        part = piece if upto is None else piece[: upto - size]
        lines, size, last = lines + part.count(b"\n"), size + len(part), part[-1:] or last
    return lines + (last != b"\n"), size


def after_ingest(new: SourceState, path: Path, known: Mapping[str, SourceState]) -> tuple[SourceState, str]:
    """Where to begin with a file that was ingested before it is followed for the first time, and under which name it was.

    The lines of events that were open then were read by the back-fill; they are taken over as held.
    """
    found = look_at(path)
    if isinstance(found, Problem):
        return new, new.name
    sibling, fd = found
    with open(fd, "rb") as file:  # noqa: PTH123 - a descriptor
        size = file.seek(0, 2)
    done = known.get(f"{INGEST}{sibling.identity.head[:12]}")
    if done is None or done.resume is None or done.resume.offset > size or len(sibling.head) < HEAD_ENOUGH:
        return new, new.name
    resume = replace(done.resume, identity=sibling.identity.text)
    return replace(new, resume=resume, held=done.held, counts=Counts(read=done.held)), done.name


def looked_at(path: Path) -> tuple[Sibling, int]:
    """Return what a file is, and a descriptor of it; FormatUnknown where it cannot be one to read."""
    found = look_at(path)
    if isinstance(found, Problem):
        raise FormatUnknown(found.reason)
    return found


def name_at(path: Path) -> str:
    """Return the name of the file at a path as a source; FormatUnknown where there is none to read."""
    sibling, fd = looked_at(path)
    os.close(fd)
    return name_of(sibling)


def name_of(sibling: Sibling) -> str:
    """Return the name of a file as a source: the same for the same content, whatever it is called or packed in."""
    return f"{INGEST}{sibling.identity.head[:12]}"
