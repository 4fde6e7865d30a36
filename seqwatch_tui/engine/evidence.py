"""The watch over the evidence itself, once a second: what the kernel dropped, clocks, silence, sources, and the accounts.

One thread. What it finds goes through the spine as gaps and alarms, in order with everything else; the rules of what is
a finding are in `lost`, `absence`, `silence` and `SourceState.balance`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from seqwatch_tui.config.checks import OWN_SOURCE
from seqwatch_tui.engine.absence import Moment, clock_gaps, downtime, last_alive, touch_alive
from seqwatch_tui.engine.kernel_audit import NotTold, ask_kernel, auditd_complaints, boot_id
from seqwatch_tui.engine.lost import NAME, Alarm, LostCounter
from seqwatch_tui.engine.own_events import tell
from seqwatch_tui.engine.silence import Pulse, Rhythm
from seqwatch_tui.engine.work import Change
from seqwatch_tui.model.evidence import Gap, SourceState
from seqwatch_tui.store.interface import Commit

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

EVERY_SECONDS = 1.0
_ALIVE_ROUNDS, _SUMS_ROUNDS, _COMPLAINT_ROUNDS = 5, 5, 30
_KERNEL_TYPES = ("auditd", "laurel")


class EvidenceWatch(threading.Thread):
    """Runs until `stop`. Begins with what happened while no engine ran."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(name="evidence", daemon=True)
        self._engine, self._stopping = engine, threading.Event()
        self._lost = _counter(engine)
        self._pulses = _pulses(engine)
        self._failed: set[str] = set()
        self._wrong: set[str] = set()
        self._complained: tuple[str, ...] = ()
        self._rounds = 0
        self._moment = self._now()

    def run(self) -> None:
        """Look, wait, look again."""
        try:
            self._send(gaps=self._absent())
        except Exception as error:  # noqa: BLE001 - root of a thread: operators see it, the rounds go on
            self._engine.trouble("looking how long no engine ran", error)
        while not self._stopping.wait(EVERY_SECONDS):
            try:
                self.round()
            except Exception as error:  # noqa: BLE001 - root of a thread: operators see it, the next round tries again
                self._engine.trouble("the watch over the evidence", error)

    def stop(self) -> None:
        """Stop after the current round."""
        self._stopping.set()

    def round(self) -> None:
        """One look at everything that is due."""
        self._rounds += 1
        before, self._moment = self._moment, self._now()
        now = self._moment.now
        if self._rounds % _ALIVE_ROUNDS == 1:
            touch_alive(self._engine.state_dir, now)
        self._send(gaps=clock_gaps(OWN_SOURCE, before, self._moment))
        self._kernel(now)
        self._silence(now)
        self._send(alarms=self._failures())
        if self._rounds % _SUMS_ROUNDS == 0:
            self._send(alarms=self._sums())

    def _now(self) -> Moment:
        return Moment(self._engine.clock.now(), self._engine.clock.monotonic())

    def _absent(self) -> list[Gap]:
        """Sources that can be read again; the sensor declares its own absence."""
        again = [s.name for s in self._engine.settings.sources if s.type != "fanotify"]
        last = last_alive(self._engine.state_dir)
        touch_alive(self._engine.state_dir, self._moment.now)
        return downtime(again, last, self._moment.now)

    def _kernel(self, now: float) -> None:
        if self._lost is None:
            return
        said = ask_kernel()
        found = self._lost.look(said, now)
        self._send(gaps=found.gaps, state=found.state, alarms=found.alarms)
        if isinstance(said, NotTold) and self._rounds % _COMPLAINT_ROUNDS == 1:
            self._complaints(self._lost.source, now)

    def _complaints(self, source: str, now: float) -> None:
        """What auditd's own report says, where the kernel may not be asked."""
        said, before = auditd_complaints(), self._complained
        self._complained = said
        new = [text for text in said if text not in before]
        self._send(gaps=[
            Gap(source, "kernel_lost", now, now, None, "unknown", f"auditd reports: {text}; see its log and the disk")
            for text in new
        ])  # fmt: skip

    def _silence(self, now: float) -> None:
        counts = {i.state.name: i.state.counts.events for i in self._engine.intakes if i.state.state == "live"}
        learnt = []
        for name, events in counts.items():
            pulse = self._pulses.setdefault(name, Pulse(name, (), self._engine.settings.timezone))
            if (taught := pulse.learn(now)) is not None:
                learnt.append(taught)
            if (since := pulse.look(events, now)) is not None:
                self._silent(name, since, now)
        if learnt:
            rows = [asdict(rhythm) for rhythm in learnt]
            self._engine.judge.inbox.put(Change(Commit(tables={"rhythms": rows})))

    def _silent(self, name: str, since: float, now: float) -> None:
        text = (
            f"source {name} has said nothing for {now - since:.0f} s, far longer than ever at this hour;"
            " is its writer running, are its rules loaded?"
        )
        gap = Gap(name, "silence", since, now, None, "unknown", text)
        self._send(gaps=[gap], alarms=[Alarm("source_silent", name, text)])

    def _failures(self) -> list[Alarm]:
        """Sources that have just begun to fail."""
        failed = {i.state.name: i.state.reason for i in self._engine.intakes if i.state.state == "failed"}
        new = [Alarm("source_failed", name, f"source {name} cannot be read: {why}") for name, why in failed.items()
               if name not in self._failed]  # fmt: skip
        self._failed = set(failed)
        return new

    def _sums(self) -> list[Alarm]:
        """Sources whose account has just stopped adding up."""
        wrong = {s.name: s.balance for s in self._engine.store.sources() if s.balance}
        new = [
            Alarm("sums_wrong", name, _sum_text(name, lines))
            for name, lines in wrong.items()
            if name not in self._wrong
        ]
        self._wrong = set(wrong)
        return new

    def _send(
        self, *, gaps: Sequence[Gap] = (), state: SourceState | None = None, alarms: Sequence[Alarm] = ()
    ) -> None:
        """Gaps and the state they go with in one transaction, then what rules are to see."""
        if gaps or state is not None:
            sources = [state] if state is not None else []
            self._engine.judge.inbox.put(Change(Commit(gaps=gaps, sources=sources)))
        for alarm in alarms:
            tell(self._engine, alarm.kind, alarm.text, {"source": alarm.source})


def _counter(engine: Engine) -> LostCounter | None:
    """Of the first source that is the kernel's audit trail; a demo's trail is not this kernel's."""
    source = next((s for s in engine.settings.sources if s.type in _KERNEL_TYPES), None)
    if source is None or engine.demo:
        return None
    known = next((s for s in engine.store.sources() if s.name == NAME), None)
    return LostCounter(source.name, known, boot_id())


def _pulses(engine: Engine) -> dict[str, Pulse]:
    rows = engine.store.query_sql("select source, slot, hours, least, longest from rhythms").rows
    known = [Rhythm(*row) for row in rows]
    return {s.name: Pulse(s.name, known, engine.settings.timezone) for s in engine.settings.sources}


def _sum_text(name: str, lines: int) -> str:
    if lines > 0:
        return f"source {name}: {lines} lines read are accounted for nowhere; this is a fault of seqwatch: report it"
    return f"source {name}: {-lines} lines are counted twice; this is a fault of seqwatch: report it"
