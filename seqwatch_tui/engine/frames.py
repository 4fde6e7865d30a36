"""What the engine and the process that reads a back-fill's files say to each other.

A request is a line of JSON. An answer is a row of frames: a line of JSON (everything of a batch that is not a table),
then the batch's events as an Arrow stream, then its raw lines as another stream or as the bytes of the ledger's file.
The last frame has no tables.
"""

from __future__ import annotations

import msgspec

from seqwatch_tui.model.evidence import Counts, Directory, Gap, Resume, Session, SourceState, Switch


class Request(msgspec.Struct):
    """One file to read and what its parser may already know."""

    path: str
    kind: str
    state: SourceState
    sessions: list[Session]
    names: dict[int, str]
    host_names: dict[int, str]
    known_gaps: list[str]
    directories: list[Directory] = []
    first_event: int = 1
    """The number that the first event is likely to get."""
    raw: bool = False
    """Rules look at raw lines: they come as tables."""


class Frame(msgspec.Struct):
    """What comes before the tables of a batch; without `counts` it is the end, and `state` the last word."""

    state: SourceState
    resume: Resume | None = None
    counts: Counts | None = None
    gaps: tuple[Gap, ...] = ()
    sessions: tuple[Session, ...] = ()
    directories: tuple[Directory, ...] = ()
    switches: tuple[Switch, ...] = ()
    damage: str = ""
    incomplete: bool = False
    filed: tuple[int, int, int] | None = None
    """Bytes, rows and first event number of the raw lines' file; null where they are a table."""
