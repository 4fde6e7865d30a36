"""One address and its own thread: pages wait in a bounded queue, go out one after the other, and every outcome is kept.

A slow or dead address delays nothing but its own pages. The first ten pages in ten minutes go at once; in a storm one
page a minute holds all alerts of that minute, so that the thousandth is told and the pager is not thrown away. What an
address that may recover did not take is offered again every minute for an hour.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal

from seqwatch_tui.config.alarm import Notify
from seqwatch_tui.engine.clock import Clock
from seqwatch_tui.model.alert import Alert
from seqwatch_tui.model.text import safe_text
from seqwatch_tui.notify.channels import Attempted, deliver
from seqwatch_tui.notify.interface import Channel, NotSent, Sent
from seqwatch_tui.notify.page import LEVELS, Kind, page_of

WAITING = 512
"""Alerts that may wait; beyond that they are counted as dropped, which operators see."""
BURST, BURST_SECONDS, STORM_SECONDS = 10, 600.0, 60.0
JOINED = 200
"""Most alerts in one page, and most that wait for an address to recover."""
ROUNDS = 60
"""How often an alert that was not taken is offered again."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the page for some alerts. `seconds` is from taking it out of the queue to the outcome."""

    label: str
    alerts: tuple[Alert, ...]
    kind: Kind
    attempted: Attempted
    seconds: float

    @property
    def sent(self) -> bool:
        """Whether somebody was told."""
        return isinstance(self.attempted.delivery, Sent)

    @property
    def said(self) -> str:
        """One sentence about it, safe to show."""
        outcome, tries = self.attempted.delivery, self.attempted.attempts
        why = outcome.why if isinstance(outcome, NotSent) else outcome.detail
        return safe_text(f"{self.label}: {why}" + (f" (attempt {tries})" if tries > 1 else ""), 500)


@dataclass(frozen=True, slots=True)
class PagerView:
    """An address as the status shows it; state is unknown until the first page."""

    label: str
    min_severity: str
    state: Literal["pass", "fail", "unknown"]
    sent: int
    failed: int
    dropped: int
    waiting: int
    last: str
    last_ts: float | None


@dataclass(frozen=True, slots=True)
class _Job:
    alerts: tuple[Alert, ...]
    kind: Kind = "alerts"
    done: Future[Told] = field(default_factory=Future)
    round: int = 0
    """How often these alerts were offered before, in vain."""


class Pager(threading.Thread):
    """Runs until `stop`; `keep` is called with every outcome, in this thread."""

    def __init__(self, site: str, notify: Notify, channel: Channel, clock: Clock, keep: Callable[[Told], None]) -> None:
        super().__init__(name=f"pager-{notify.url.partition(':')[0]}", daemon=True)
        self._site, self.notify, self._channel, self._clock, self._keep = site, notify, channel, clock, keep
        self._jobs: queue.Queue[_Job | None] = queue.Queue(maxsize=WAITING)
        self._stopping = threading.Event()
        self._times: deque[float] = deque(maxlen=BURST)
        self._late: list[Alert] = []
        self._rounds, self._due = 0, 0.0
        self._sent = self._failed = self._dropped = 0
        self._last = ""
        self._last_ts: float | None = None
        self._well: bool | None = None
        self.label = safe_text(channel.label, 200)

    def wants(self, alert: Alert) -> bool:
        """Whether this address is told of alerts of that level."""
        return LEVELS.index(alert.level) >= LEVELS.index(self.notify.min_severity)

    def offer(self, alert: Alert) -> bool:
        """Queue a page; never waits. False: too many are waiting, and this one is only counted."""
        try:
            self._jobs.put_nowait(_Job((alert,)))
        except queue.Full:
            self._dropped += 1
            return False
        return True

    def drill(self, alert: Alert) -> Future[Told]:
        """Queue the page of a drill, whatever its level; the outcome is the future's."""
        job = _Job((alert,), "drill")
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            full = Attempted(NotSent(f"{WAITING} pages are waiting", again=True), 0)
            job.done.set_result(Told(self.label, job.alerts, job.kind, full, 0.0))
        return job.done

    def run(self) -> None:
        """Send until stopped."""
        try:
            while (job := self._next()) is not None:
                if job.kind == "drill" or job.round:
                    self._send(job)
                elif not self._storm(job):
                    return
        except Exception as error:  # noqa: BLE001 - root of a thread: the address is shown as failed from here on
            self._well, self._last = False, safe_text(f"{self.label}: paging stopped: {error}")

    def _next(self) -> _Job | None:
        """Wait for work: a new page, or the time to offer again what was not taken; None: stop."""
        wait = max(self._due - self._clock.monotonic(), 0.0) if self._late else None
        try:
            job = self._jobs.get(timeout=wait)
        except queue.Empty:
            alerts, self._late = tuple(self._late), []
            return _Job(alerts, round=self._rounds)
        return None if self._stopping.is_set() else job

    def stop(self, seconds: float = 2.0) -> None:
        """Finish the page that is on its way, if it ends soon; the others are told after the next start."""
        self._stopping.set()
        with contextlib.suppress(queue.Full):  # then it wakes up for what is there, and sees that it is to stop
            self._jobs.put_nowait(None)
        if self.is_alive():
            self.join(seconds)

    def view(self) -> PagerView:
        """Return the address as it stands."""
        state: Literal["pass", "fail", "unknown"] = (
            "unknown" if self._well is None else "pass" if self._well else "fail"
        )
        return PagerView(
            self.label, self.notify.min_severity, "fail" if self._dropped else state, self._sent, self._failed, self._dropped,
            self._jobs.qsize(), self._last, self._last_ts,
        )  # fmt: skip

    def _storm(self, job: _Job) -> bool:
        """Send at once, or collect for a while when many were sent already; false: stop."""
        now = self._clock.monotonic()
        if len(self._times) < BURST or now - self._times[0] > BURST_SECONDS:
            self._send(job)
            return True
        alerts, until = list(job.alerts), self._times[-1] + STORM_SECONDS
        while (wait := until - self._clock.monotonic()) > 0 and len(alerts) < JOINED:
            try:
                more = self._jobs.get(timeout=wait)
            except queue.Empty:
                break
            if more is None:
                return False
            if more.kind == "drill":
                self._send(more)
            else:
                alerts += more.alerts
        self._send(_Job(tuple(alerts)))
        return True

    def _send(self, job: _Job) -> None:
        began = self._clock.monotonic()
        page = page_of(self._site, job.alerts, self.notify.content, self._clock.now(), job.kind)
        attempted = deliver(self._channel, page, self._stopping.wait)
        ended = self._clock.monotonic()
        told = Told(self.label, job.alerts, job.kind, attempted, ended - began)
        self._well, self._last, self._last_ts = told.sent, told.said, self._clock.now()
        self._sent, self._failed = self._sent + told.sent, self._failed + (not told.sent)
        if job.kind != "drill":
            self._times.append(ended)
            self._again(job, told, ended)
        job.done.set_result(told)
        if told.sent or not job.round:
            self._keep(told)

    def _again(self, job: _Job, told: Told, now: float) -> None:
        """Keep what was not taken for another round, if the address may recover."""
        outcome = told.attempted.delivery
        if isinstance(outcome, NotSent) and outcome.again and job.round < ROUNDS:
            late = [*self._late, *job.alerts]
            self._late, self._dropped = late[:JOINED], self._dropped + len(late[JOINED:])
            self._rounds, self._due = job.round + 1, now + STORM_SECONDS


def offer_each(pagers: Sequence[Pager], alert: Alert) -> int:
    """Offer an alert to every address that wants it; return how many had no room."""
    return sum(not pager.offer(alert) for pager in pagers if pager.wants(alert))
