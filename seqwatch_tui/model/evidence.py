"""What was not seen, where reading got to, and who logged in: the values behind every 'how complete is this'."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

GapKind = Literal[
    "kernel_lost", "serial", "overflow", "unparsed", "oversize", "truncated", "rotation", "silence", "downtime",
    "clock", "sensor", "source",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gap:
    """A span in which evidence is missing. Times are epoch seconds UTC; count is null when not known."""

    source: str
    kind: GapKind
    start: float
    end: float
    count: int | None
    certainty: Literal["exact", "at_least", "unknown"]
    detail: str


@dataclass(frozen=True, slots=True)
class Session:
    """A login, from the records that opened it (LOGIN, USER_START, USER_LOGIN). ses is unique within one boot."""

    source: str
    session_id: int
    auid: int
    user_name: str | None
    src_ip: str | None
    tty: str | None
    opened: float


@dataclass(frozen=True, slots=True)
class Directory:
    """What the trail has called a directory, by device and inode as its records write them.

    `path` is null when it is not known any more. `certain` is false where a descriptor's number had to be believed;
    `several` says that it has been called by other names too. `seen` is epoch seconds.
    """

    source: str
    host: str
    dev: str
    inode: str
    path: str | None
    certain: bool
    several: bool
    seen: float


@dataclass(frozen=True, slots=True)
class Resume:
    """Where to read on after a restart so that nothing is lost or doubled.

    `offset` is the first byte of the oldest event not yet handed over; `done` are the keys of events that begin
    after it and have been handed over already (interleaved records). `identity` names the file (see sources).
    """

    identity: str
    offset: int
    done: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """The equation of one source: records = stored + duplicates + unparsed; unparsed lines are stored as well."""

    records: int = 0
    events: int = 0
    unparsed: int = 0
    duplicates: int = 0
    bytes: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.records + other.records, self.events + other.events, self.unparsed + other.unparsed,
            self.duplicates + other.duplicates, self.bytes + other.bytes,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source as it stands: for the `sources` table and the header. state is live, waiting, done or failed."""

    name: str
    type: str
    path: str
    state: Literal["live", "waiting", "done", "failed"]
    reason: str = ""
    counts: Counts = field(default_factory=Counts)
    resume: Resume | None = None
    size: int | None = None
    last_ts: float | None = None
