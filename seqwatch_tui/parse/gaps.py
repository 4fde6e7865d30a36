"""What a parser did not see, collected between two takes: missing serials, the kernel's losses, lines without sense.

Shared by the auditd parsers and LAUREL. Knows nothing of reassembly or Arrow.
"""

from __future__ import annotations

from seqwatch_tui.model.evidence import Gap, GapKind
from seqwatch_tui.parse.interface import Knowledge
from seqwatch_tui.parse.mark import Hole, Mark
from seqwatch_tui.parse.serials import Serials, loss_gap, loss_in, serial_gaps

_BAD: tuple[tuple[GapKind, str], ...] = (
    ("unparsed", "lines are no records of this source"),
    ("oversize", "pieces of lines too long to be a record"),
)


class GapWatch:
    """Serials of every node, the loss counter, and lines that did not parse."""

    def __init__(self, source: str, knowledge: Knowledge, mark: Mark | None) -> None:
        self._source = source
        self._knowledge = knowledge
        holes = mark.holes if mark else ()
        mine = tuple(h for h in holes if not h.node)
        last_ms = int((knowledge.last_ts or 0.0) * 1000)
        self._serials: dict[str, Serials] = {"": Serials("", knowledge.last_serial, last_ms, mine)}
        for node in {h.node for h in holes if h.node}:
            theirs = tuple(h for h in holes if h.node == node)
            self._serials[node] = Serials(node, max(h.last for h in theirs) + 1, theirs[-1].noticed, theirs)
        self.lost = mark.lost if mark else 0
        self._gaps: list[Gap] = []
        self._bad: dict[str, tuple[int, int]] = {}

    @property
    def holes(self) -> tuple[Hole, ...]:
        """Serials that may still come."""
        return tuple(h for serials in self._serials.values() for h in serials.holes)

    def see(self, node: str, serial: int, ts_ms: int) -> bool:
        """Note the serial of a new event; true when the host was booted."""
        serials = self._serials.get(node)
        if serials is None:
            serials = self._serials[node] = Serials(node, None, ts_ms, ())
        booted = serials.see(serial, ts_ms)
        if booted:
            self.lost = 0
        return booted

    def hear(self, kind: str, body: bytes, ts: float) -> None:
        """Note what a record says about lost records."""
        heard = loss_in(kind, body, self.lost)
        if heard is not None:
            lost, self.lost = heard
            if lost != 0:
                self._gaps.append(loss_gap(self._source, ts, lost))

    def dropped(self, ts: float, count: int) -> None:
        """Note that the source says it dropped `count` events before `ts` (epoch seconds)."""
        detail = f"{count} events dropped by the source itself, by its own word; widen its buffers or narrow its rules"
        self._gaps.append(Gap(self._source, "overflow", ts, ts, count, "exact", detail))

    def unparsed(self, position: int, *, oversize: bool) -> None:
        """Note a line that did not parse, at `position` of the file."""
        kind = "oversize" if oversize else "unparsed"
        count, first = self._bad.get(kind, (0, position))
        self._bad[kind] = (count + 1, first)

    def take(self, clock_ms: int | None, *, final: bool) -> tuple[Gap, ...]:
        """Gaps since the last call; `clock_ms` is the time of the newest record, null when there was none."""
        for serials in self._serials.values():
            self._gaps += serial_gaps(self._source, serials.settled(clock_ms or 0, final=final))
        ts = clock_ms / 1000 if clock_ms is not None else self._knowledge.last_ts or 0.0
        for kind, what in _BAD:
            count, first = self._bad.get(kind, (0, 0))
            if count:
                detail = f"{count} {what}, the first at byte {first}; kept as type UNPARSED"
                self._gaps.append(Gap(self._source, kind, ts, ts, count, "exact", detail))
        self._bad.clear()
        gaps, self._gaps = tuple(self._gaps), []
        own = self._serials[""]
        if own.last is not None:
            self._knowledge.last_serial = own.last
        if clock_ms is not None:
            self._knowledge.last_ts = clock_ms / 1000
        return gaps
