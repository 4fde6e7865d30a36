"""Records the kernel dropped: its counter followed, each rise a gap with the true number, each fall an alarm.

The counter as last seen is kept in the store as the source `kernel:audit`, in the transaction of the gap it belongs to,
so that what was lost while no engine ran is declared too, and nothing twice. Pure: the counter and the time are passed in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from seqwatch_tui.engine.kernel_audit import AuditStatus, NotTold
from seqwatch_tui.model.evidence import Gap, Resume, SourceState

NAME = "kernel:audit"
_PATIENCE = 3.0
"""While losses go on they are declared this often (seconds)."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something to tell as an event of the engine's own: `kind` is what rules match, `text` the sentence."""

    kind: str
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a look gave; `state` is null when nothing is to be stored."""

    state: SourceState | None = None
    gaps: tuple[Gap, ...] = ()
    alarms: tuple[Alarm, ...] = ()


class LostCounter:
    """Follows the counter for the audit source `source`; `known` is what was stored last."""

    def __init__(self, source: str, known: SourceState | None, boot: str) -> None:
        self.source, self._boot = source, boot
        self._state = known or SourceState(NAME, "kernel", "netlink AUDIT_GET", "waiting", "not asked yet")
        resume = self._state.resume
        self._seen = resume.offset if resume is not None and resume.identity == boot else None
        self._since = self._state.last_ts
        self._booted = resume is not None and resume.identity != boot
        self._declared = float("-inf")

    def look(self, said: AuditStatus | NotTold, now: float) -> Found:
        """Take an answer of the kernel."""
        if isinstance(said, NotTold):
            return self._stored("waiting", said.reason, now)
        before = self._seen if self._seen is not None else (0 if self._booted else None)
        if (
            before is None
        ):  # the very first look: what was lost before there was a trail to be whole is doctor's to tell
            before = self._seen = said.lost
        if said.lost < before:
            return self._reset(before, said, now)
        if said.lost > before:
            return self._risen(before, said, now)
        self._since = now
        return self._stored(*_described(said), now)

    @property
    def state(self) -> SourceState:
        """The counter as a source."""
        return self._state

    def _risen(self, before: int, said: AuditStatus, now: float) -> Found:
        if now - self._declared < _PATIENCE and now >= self._declared:
            return Found()
        count, start = said.lost - before, min(self._since or now, now)
        self._seen, self._declared, self._since, self._booted = said.lost, now, now, False
        text = f"the kernel dropped {count} audit records: {_why(said)}"
        return replace(
            self._stored(*_described(said), now),
            gaps=(Gap(self.source, "kernel_lost", start, now, count, "exact", text),),
            alarms=(Alarm("kernel_lost", self.source, text),),
        )

    def _reset(self, before: int, said: AuditStatus, now: float) -> Found:
        """Only root resets the counter (auditctl --reset-lost): what was lost between the last look and that is not known."""
        start = min(self._since or now, now)
        self._seen, self._since = said.lost, now
        text = f"the kernel's count of lost audit records went down from {before} to {said.lost}: somebody reset it"
        gap = Gap(
            self.source, "kernel_lost", start, now, said.lost or None, "at_least" if said.lost else "unknown", text
        )
        return replace(
            self._stored(*_described(said), now), gaps=(gap,), alarms=(Alarm("lost_reset", self.source, text),)
        )

    def _stored(self, state: str, reason: str, now: float) -> Found:
        """The state to store: when the words, the counter or the boot changed."""
        resume = Resume(self._boot, self._seen) if self._seen is not None else self._state.resume
        new = replace(self._state, state=state, reason=reason, resume=resume, last_ts=now)  # type: ignore[arg-type]
        same = replace(new, last_ts=self._state.last_ts) == self._state
        off = self._state.state == "live" and state == "waiting" and resume is not None
        if not same:
            self._state = new
        return Found(None if same else new, alarms=(Alarm("audit_off", self.source, reason),) if off else ())


def _why(said: AuditStatus) -> str:
    if not said.pid:
        return "no audit daemon takes them; start auditd"
    return f"its queue of {said.backlog_limit} was full; raise it (auditctl -b) or narrow the rules"


def _described(said: AuditStatus) -> tuple[str, str]:
    if not said.enabled:
        return "waiting", "auditing is switched off (enabled 0): the kernel records nothing; auditctl -e 1"
    if not said.pid:
        return "waiting", "no audit daemon is connected: what the kernel records goes nowhere; start auditd"
    return "live", ""
