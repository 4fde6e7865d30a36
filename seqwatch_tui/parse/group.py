"""The records of one event while they come in: what the reassembler fills and `facts` reads. Holds, decides nothing."""

from __future__ import annotations

from seqwatch_tui.parse.event import SystemCall

_PARTS = frozenset({
    "SYSCALL", "URINGOP", "PATH", "CWD", "PROCTITLE", "EXECVE", "SOCKADDR", "SOCKETCALL", "EOE", "BPRM_FCAPS", "CAPSET",
    "MMAP", "OBJ_PID", "FD_PAIR", "IPC", "IPC_SET_PERM", "MQ_OPEN", "MQ_SENDRECV", "MQ_NOTIFY", "MQ_GETSETATTR",
    "OPENAT2",
})  # fmt: skip
"""Records that only belong to a system call and have no meaning of their own."""


QUIET = _PARTS - {"SYSCALL", "URINGOP", "PROCTITLE", "EOE"}
"""Parts that neither begin nor end an event."""


def is_part(kind: str) -> bool:
    """Whether records of this type only describe a system call."""
    return kind in _PARTS


Record = tuple[str, bytes, bytes, int]
"""One line of an event: its type, the body after the stamp, the line as read, the position where it begins."""


class Group:
    """The records of one event so far, in order of arrival.

    `seen_ms` is event time when the first came, `wall` (epoch seconds) when it was first waited for.
    """

    __slots__ = (
        "call", "expired", "node", "records", "seen_ms", "serial", "stamp", "titled", "ts_ms", "wall", "warnings",
    )  # fmt: skip

    def __init__(self, stamp: bytes, node: str, ts_ms: int, serial: int, seen_ms: int) -> None:
        self.stamp, self.node, self.ts_ms, self.serial, self.seen_ms = stamp, node, ts_ms, serial, seen_ms
        self.records: list[Record] = []
        self.call: SystemCall | None = None
        self.titled = False
        """From here on every record may be the last one."""
        self.expired = False
        self.wall: float | None = None
        self.warnings: tuple[str, ...] = ()


def event_key(stamp: bytes) -> str:
    """How Resume names an event: `seconds.ms:serial`, with `node=... ` before it where there is one.

    `stamp` is `msg=audit(seconds.ms:serial):` with the same node part.
    """
    return stamp.decode("utf-8", "backslashreplace").replace("msg=audit(", "").removesuffix(":").removesuffix(")")
