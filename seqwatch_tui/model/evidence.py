"""What was not seen, where reading got to, and who logged in: the values behind every 'how complete is this'."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

GapKind = Literal[
    "kernel_lost", "serial", "overflow", "unparsed", "oversize", "truncated", "rotation", "silence", "downtime",
    "clock", "sensor", "source", "retention",
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


EndReason = Literal["logout", "closed", "boot", "unknown"]
"""The login program's own word, the end of its PAM session, the next boot; unknown: its number was given again."""


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
    host: str = ""
    program: str | None = None
    """What let them in: sshd, login, cron, ..."""
    key_fingerprint: str | None = None
    """The key that was used, where sshd logs it."""
    ended: float | None = None
    """Null while no record says that it ended."""
    end_reason: EndReason | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """One person became another inside a session, or tried to: sudo, su and their like.

    `session_id` and `auid` are null where no login stands behind it. `from_user` is whom the process ran as,
    `to_user` the target where a record names it. `ts` is epoch seconds.
    """

    source: str
    host: str
    session_id: int | None
    auid: int | None
    pid: int | None
    ts: float
    program: str
    from_user: str | None
    to_user: str | None
    command: str | None
    tty: str | None
    outcome: str


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
    """What became of what was read: read = stored + duplicates + declared + unparsed, and `SourceState.held`.

    `records` are those handed over: rows stored (unparsed lines are stored verbatim) and duplicates. `read` is counted
    where the bytes come in, by other code than the rest, so that the two sides check each other. `declared` lines were
    read and given up, each in a row of gaps. `parts` are rows beyond one a line (of lines too long for one row).
    """

    records: int = 0
    events: int = 0
    unparsed: int = 0
    duplicates: int = 0
    bytes: int = 0
    read: int = 0
    declared: int = 0
    parts: int = 0

    @property
    def stored(self) -> int:
        """Records that parsed and are stored."""
        return self.records - self.duplicates - self.unparsed

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.records + other.records, self.events + other.events, self.unparsed + other.unparsed,
            self.duplicates + other.duplicates, self.bytes + other.bytes, self.read + other.read,
            self.declared + other.declared, self.parts + other.parts,
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
    held: int = 0
    """Lines read of events that are not complete yet; they are read again after a restart."""

    @property
    def balance(self) -> int:
        """Lines read that are accounted for nowhere; anything but 0 is a fault of seqwatch (below 0: counted twice)."""
        counts = self.counts
        return counts.read - (counts.records - counts.parts) - counts.declared - self.held
