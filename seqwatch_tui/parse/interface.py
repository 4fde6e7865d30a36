"""What every parser promises: bytes with an offset in, batches out; pure, no clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from seqwatch_tui.model.evidence import Counts, Directory, Gap, Resume, Session, Switch
from seqwatch_tui.parse.places import Places


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser hands over at once. All of it belongs into one transaction."""

    events: pa.Table
    """EVENT_SCHEMA, in order of completion; `event_id` is the row number (0..n-1), the engine adds its base."""
    records: pa.Table
    """RECORD_SCHEMA; `event_id` is the row number in `events`, null for lines that did not parse."""
    resume: Resume
    """Valid once the rows are stored."""
    counts: Counts
    gaps: tuple[Gap, ...] = ()
    sessions: tuple[Session, ...] = ()
    directories: tuple[Directory, ...] = ()
    """Directories whose name was learnt, or (path null) is not known any more."""
    switches: tuple[Switch, ...] = ()
    """Who became whom; a later value with the same source, time, pid and program completes an earlier one."""
    held: int | None = 0
    """Lines before the position of `resume` that are not handed over yet; null while they are being read again."""
    ahead: int = 0
    """Whole lines fed that lie after that position: kept for the next piece, read again after a restart."""
    own: int = 0
    """Lines that are the stream's own and no records (beats and status lines of the sensor)."""


@dataclass(slots=True)
class Knowledge:
    """What the trail has taught so far, restored from the store at start: sessions by ses, names by uid, serial.

    Owned by one parser; `host_names` is the host's own passwd, used only where the trail is silent.
    """

    sessions: dict[int, Session] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    host_names: Mapping[int, str] = field(default_factory=dict)
    places: Places = field(default_factory=Places)
    last_serial: int | None = None
    last_ts: float | None = None


class Parser(Protocol):
    """Lines of one source in order. `feed` never raises on content; what does not parse is kept and counted."""

    def feed(self, data: bytes | memoryview, offset: int) -> None:
        """Take bytes that begin at `offset` of the file; half lines are held until their rest comes."""

    def take(self, *, now: float | None = None, final: bool = False) -> Parsed:
        """Hand over the events complete so far.

        `now` (epoch seconds) lets events without an end mark expire by wall clock on a quiet host; without it only
        the events' own timestamps count. `final` closes everything still open (end of file, rotation).
        """

    def ends_whole(self) -> bool:
        """Whether what was fed ends in a line that is surely whole, though its newline is missing."""
