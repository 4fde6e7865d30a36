"""Audit serials and the kernel's own loss counter: what must have been there and was not seen.

Serials are counted per boot and host across all records, kernel's and user space's (kernel/audit.c audit_serial);
DAEMON_* records carry numbers of auditd itself and are left out. A serial that is missing after its neighbours have
settled is a gap; an exclude filter leaves the same trace, so its cause is said to be unknown.
"""

from __future__ import annotations

import re

from seqwatch_tui.model.evidence import Gap
from seqwatch_tui.parse.mark import Hole

SETTLE_MS = 5000
"""Event time a skipped serial has to come late (interleaving, several CPUs)."""

_REBOOT_DROP = 4096
"""A serial this much below the highest one cannot be a late record: the count began again."""

_EARLY_BOOT = 64
"""So small a serial, far in time behind one above it, is a boot soon after the last."""

_FEW = 8

_HOLES_LIMIT = 256
"""Holes that are waited for; in a stream with more of them the oldest are taken as settled."""


class Serials:
    """The serials of one node; `last` is the highest seen in this boot."""

    def __init__(self, node: str, last: int | None, last_ms: int, holes: tuple[Hole, ...]) -> None:
        self._node = node
        self.last = last
        self._last_ms = last_ms
        self.holes: list[Hole] = list(holes)

    def see(self, serial: int, ts_ms: int) -> bool:
        """Note the serial of a new event; true when it shows that the host was booted."""
        last = self.last
        if last is None or serial == last + 1:
            self.last, self._last_ms = serial, ts_ms
            return False
        if serial > last:
            self.holes.append(Hole(self._node, last + 1, serial - 1, max(ts_ms, self._last_ms)))
            self.last, self._last_ms = serial, ts_ms
            return False
        if last - serial > _REBOOT_DROP or (serial <= _EARLY_BOOT < last and ts_ms > self._last_ms + SETTLE_MS):
            self.last, self._last_ms = serial, ts_ms
            return True
        self._fill(serial)
        return False

    def _fill(self, serial: int) -> None:
        for i, hole in enumerate(self.holes):
            if hole.first <= serial <= hole.last:
                spans = ((hole.first, serial - 1), (serial + 1, hole.last))
                self.holes[i : i + 1] = [Hole(hole.node, a, b, hole.noticed) for a, b in spans if a <= b]
                return

    def settled(self, clock_ms: int, *, final: bool = False) -> list[Hole]:
        """Holes that will not be filled any more; they are forgotten here."""
        if not self.holes:
            return []
        limit = clock_ms - SETTLE_MS
        gone = [h for h in self.holes if final or h.noticed <= limit] or self.holes[:-_HOLES_LIMIT]
        self.holes = [h for h in self.holes if h not in gone] if gone else self.holes
        return gone


def serial_gaps(source: str, holes: list[Hole]) -> list[Gap]:
    """The gaps of one node's holes: one each while they are few, else one for all, for a rule may exclude much."""
    if len(holes) > _FEW:
        count = sum(hole.last - hole.first + 1 for hole in holes)
        span = f"{count} serials in {len(holes)} places from {holes[0].first} to {holes[-1].last}"
        return [_gap(source, holes[0], holes[-1], count, span)]
    return [_gap(source, hole, hole, hole.last - hole.first + 1, _span(hole)) for hole in holes]


def _span(hole: Hole) -> str:
    return f"serial {hole.first}" if hole.first == hole.last else f"serials {hole.first} to {hole.last}"


def _gap(source: str, first: Hole, last: Hole, count: int, span: str) -> Gap:
    """A gap's time is when it was noticed, for what is missing has none."""
    at = f" of {first.node}" if first.node else ""
    detail = f"{span}{at} missing: lost, rotated away, or excluded by an audit rule"
    return Gap(source, "serial", first.noticed / 1000, last.noticed / 1000, count, "at_least", detail)


_LOST = re.compile(rb"\b(?:audit_)?lost=(\d{1,18})\b")
_RESET = re.compile(rb"\blost=0 old=(\d{1,18})\b")
_BACKLOG = re.compile(rb"backlog limit exceeded|rate limit exceeded|error in auditd|dropping event|events? lost")


def loss_in(kind: str, body: bytes, before: int) -> tuple[int | None, int] | None:
    """What a KERNEL, DAEMON_* or CONFIG_CHANGE record says about lost records; null when it says nothing.

    Returns how many are newly lost (null: some, without a number) and the counter as it stands now. `before` is the
    counter as last seen; auditctl --reset-lost writes `lost=0 old=N`.
    """
    if kind not in ("KERNEL", "CONFIG_CHANGE") and not kind.startswith("DAEMON_"):
        return None
    if reset := _RESET.search(body):
        return max(int(reset[1]) - before, 0), 0
    if counted := _LOST.search(body):
        now = int(counted[1])
        return (now - before if now >= before else now), now
    return (None, before) if _BACKLOG.search(body) else None


def loss_gap(source: str, ts: float, lost: int | None) -> Gap:
    """The gap of records the kernel (or auditd) says it dropped."""
    count = "records" if lost is None else f"{lost} records"
    detail = f"{count} dropped before auditd wrote them; raise the backlog (auditctl -b) or narrow the rules"
    return Gap(source, "kernel_lost", ts, ts, lost, "unknown" if lost is None else "exact", detail)
