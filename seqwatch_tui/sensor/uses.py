"""Many notifications of one process on one file become one use, and a use becomes the fewest rows that say it all.

A use is handed over soon after the file was closed, else a second after it began and then every few seconds while it
goes on. Pure: times are passed in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil

from seqwatch_tui.sensor import kernel as k
from seqwatch_tui.sensor.processes import Actor

CLOSED_SECONDS = 0.1
"""How long after a close more of the same (programs that open a file again and again) joins it."""
FIRST_SECONDS, NEXT_SECONDS = 1.0, 10.0
"""When a use that goes on is reported: first, and then."""
_IDLE_SECONDS = 60.0
_A_SECOND = 10
"""How often uses that were closed are handed over: many at once cost little more than one."""

OPS = (
    (k.FAN_OPEN, "open"), (k.FAN_ACCESS, "read"), (k.FAN_MODIFY, "write"), (k.FAN_OPEN_EXEC, "execute"),
    (k.FAN_CLOSE_WRITE, "close_write"), (k.FAN_CLOSE_NOWRITE, "close_nowrite"),
)  # fmt: skip
"""What is counted of a use. The kernel joins equal notifications that wait in its queue: counts are at least so many."""
_CLOSED = k.FAN_CLOSE_WRITE | k.FAN_CLOSE_NOWRITE
_CHANGED = k.FAN_MODIFY | k.FAN_CLOSE_WRITE

NO_READ_SEEN, NO_WRITE_SEEN = "no-read-seen", "no-write-seen"
"""Opened and closed for it, and no read or write call seen: nothing was, or through a memory map."""


@dataclass(frozen=True, slots=True)
class Report:
    """One row to be: an action, and the counts behind it."""

    action: str
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class Use:
    """What one process did with one file since the last hand-over."""

    path: bytes
    actor: Actor
    directory: bool
    began: float
    """When the use began; `since` is when this part of it did."""
    first_tick: int
    moved: tuple[int, int] | None
    """Bytes the process had read and written when the use began."""
    alone: bool = True
    """No other use of the same process at the same time."""
    since: float = 0.0
    last: float = 0.0
    last_tick: int = 0
    due: float = 0.0
    mask: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    reported: bool = False
    sized: bool = False
    """The file's size has been reported as its estimate once."""

    def reports(self) -> Iterator[Report]:
        """Say what it comes to: write, read, execute, open or close."""
        mask = self.mask
        if self.directory:
            if mask & (k.FAN_OPEN | k.FAN_ACCESS):
                yield Report("open")
            return
        if mask & k.FAN_OPEN_EXEC:
            yield Report("execute")
            mask &= ~(k.FAN_OPEN | k.FAN_ACCESS | k.FAN_CLOSE_NOWRITE)
        if mask & _CHANGED and (mask & (k.FAN_MODIFY | k.FAN_OPEN)):
            yield Report("write", () if mask & k.FAN_MODIFY else (NO_WRITE_SEEN,))
        if mask & k.FAN_ACCESS:
            yield Report("read")
        elif mask & k.FAN_OPEN and not mask & _CHANGED:
            yield Report("read", (NO_READ_SEEN,)) if mask & k.FAN_CLOSE_NOWRITE else Report("open")
        elif mask & _CLOSED and not mask & (k.FAN_MODIFY | k.FAN_OPEN):
            yield Report("close")


class Uses:
    """Every use that has something to report or is still open."""

    def __init__(self) -> None:
        self._uses: dict[tuple[int, bytes], Use] = {}
        self._busy: dict[int, int] = {}
        self._first: dict[int, Use] = {}
        self._next = float("inf")

    def __len__(self) -> int:
        return len(self._uses)

    def known(self, pid: int, path: bytes) -> Use | None:
        """Return the use that goes on, if there is one."""
        return self._uses.get((pid, path))

    def begin(self, use: Use) -> None:
        """Add a use that begins."""
        pid = use.actor.pid
        self._busy[pid] = busy = self._busy.get(pid, 0) + 1
        first = self._first.setdefault(pid, use)
        if busy > 1:
            use.alone = first.alone = False
        self._uses[pid, use.path] = use

    def add(self, use: Use, mask: int, tick: int, now: float) -> None:
        """Count a notification of a use."""
        if not use.mask:
            use.since = now
            use.due = now + (NEXT_SECONDS if use.reported else FIRST_SECONDS)
        use.mask |= mask
        use.last, use.last_tick = now, tick
        counts = use.counts
        for bit, name in OPS:
            if mask & bit:
                counts[name] = counts.get(name, 0) + 1
        if mask & _CLOSED:
            use.due = min(use.due, ceil((now + CLOSED_SECONDS) * _A_SECOND) / _A_SECOND)
        self._next = min(self._next, use.due)

    @property
    def due(self) -> float:
        """When the next use is to be handed over."""
        return self._next

    def take(self, now: float, *, everything: bool = False) -> Iterator[Use]:
        """Yield the uses that are due; once the caller has reported one it begins anew, or ends."""
        if now < self._next and not everything:
            return
        following = float("inf")
        for key, use in list(self._uses.items()):
            if use.mask and (use.due <= now or everything):
                yield use
                closed = use.mask & _CLOSED
                use.mask, use.counts, use.reported, use.due = 0, {}, True, use.last + _IDLE_SECONDS
                if closed or everything:
                    self._end(key)
                    continue
            elif use.due <= now:
                self._end(key)
                continue
            following = min(following, use.due)
        self._next = following

    def moved(self, old: bytes, new: bytes) -> None:
        """A file or directory was renamed: what goes on with it goes on under the new path."""
        prefix = old + b"/"
        for key, use in list(self._uses.items()):
            if use.path == old or use.path.startswith(prefix):
                del self._uses[key]
                use.path = new + use.path[len(old) :]
                self._uses[key[0], use.path] = use

    def _end(self, key: tuple[int, bytes]) -> None:
        del self._uses[key]
        left = self._busy.get(key[0], 1) - 1
        if left > 0:
            self._busy[key[0]] = left
        else:
            self._busy.pop(key[0], None)
            self._first.pop(key[0], None)
