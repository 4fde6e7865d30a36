"""The sensor as a process: `python -m seqwatch_tui.sensor`, an order on standard input, lines on standard output.

It ends when its input closes: with the engine, however that went. Exit 0 then, 3 when it cannot watch (standard error
says why in one line).
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import sys
import time
from dataclasses import dataclass

from seqwatch_tui.model.sensor import BEAT_SECONDS, LINE_LIMIT, ORDER_LIMIT
from seqwatch_tui.sensor import kernel
from seqwatch_tui.sensor.decode import Malformed
from seqwatch_tui.sensor.order import Order, Refused, read_order
from seqwatch_tui.sensor.watch import Watch
from seqwatch_tui.sensor.wire import Wire

_KEPT = (kernel.CAP_SYS_ADMIN, kernel.CAP_SYS_PTRACE, kernel.CAP_DAC_READ_SEARCH)
_PACE_SECONDS = 0.005
_WINDOW_SECONDS, _FLOOD_EVENTS, _MOST_BUSY = 0.25, 500, 0.5
"""So many events in so many seconds and no new process among them: then reading less often lets the kernel join them."""


@dataclass(slots=True)
class _Pacing:
    """What the last window of time was like."""

    since: float = 0.0
    used: float = 0.0
    events: int = 0
    newcomer: float = 0.0
    busy: bool = False
    flood: bool = False


DRAIN_SECONDS = 1.0
"""How long a sensor that ends, or changes what it watches, reads what is still queued."""


class Loop:
    """Waits for the kernel and for the engine."""

    def __init__(self, orders: int, wire: Wire) -> None:
        self._orders, self._wire = orders, wire
        self._held = b""
        self._poll = select.poll()
        self._mounts = os.open("/proc/self/mountinfo", os.O_RDONLY | os.O_CLOEXEC)
        self._poll.register(self._mounts, select.POLLPRI)
        self._poll.register(orders, select.POLLIN)
        self._watched: tuple[int, ...] = ()
        self._pacing = _Pacing()

    def first_order(self) -> Order | None:
        """Wait for the first order; null when the engine goes away without one."""
        while True:
            line = self._next_line()
            if line is None:
                return None
            if line:
                return read_order(line)

    def run(self, watch: Watch) -> None:
        """Watch until the engine goes away."""
        watch.check(time.time())
        next_beat = 0.0
        while True:
            self._follow(watch)
            now = time.time()
            if not 0 < next_beat - now <= BEAT_SECONDS:
                watch.beat(now)
                next_beat = now + BEAT_SECONDS
            ready = self._poll.poll(1000 * min(watch.due(now), next_beat - now))
            now = time.time()
            for fd, _ in ready:
                if fd == self._orders:
                    line = self._next_line()
                    if line is None:
                        _drain(watch, now)
                        watch.close(now)
                        return
                    if line:
                        watch = self._take_over(watch, read_order(line), now)
                        break
                elif fd == self._mounts:
                    watch.check(now)
                else:
                    self._pacing.events += watch.read(fd, now)
                    if watch.newcomers:
                        self._pacing.newcomer = now
            watch.turn(now)
            self._pace(now)

    def _take_over(self, old: Watch, order: Order, now: float) -> Watch:
        """Watch other datasets from here on; the new marks stand before the old ones go."""
        new = Watch(order, self._wire, now)
        new.check(now)
        _drain(old, now)
        old.close(now)
        return new

    def _follow(self, watch: Watch) -> None:
        groups = watch.groups()
        if groups != self._watched:
            for fd in self._watched:
                if fd not in groups:
                    self._poll.unregister(fd)
            for fd in groups:
                self._poll.register(fd, select.POLLIN)
            self._watched = groups

    def _next_line(self) -> bytes | None:
        """Return an order that is complete, nothing while it is not, null at the end of the input."""
        data = os.read(self._orders, LINE_LIMIT)
        if not data:
            return None
        self._held += data
        line, newline, rest = self._held.partition(b"\n")
        if not newline:
            if len(line) > ORDER_LIMIT:
                raise Refused("an order without an end")
            return b""
        self._held = rest
        return line

    def _pace(self, now: float) -> None:
        """Read less often when that loses nobody's name, or when reading at once takes more than half a processor."""
        pace = self._pacing
        if not 0 <= now - pace.since <= _WINDOW_SECONDS:
            used = time.process_time()
            pace.busy = used - pace.used > _MOST_BUSY * (now - pace.since)
            pace.flood = pace.events > _FLOOD_EVENTS
            pace.since, pace.used, pace.events = now, used, 0
        if pace.busy or (pace.flood and now - pace.newcomer > _WINDOW_SECONDS):
            time.sleep(_PACE_SECONDS)


def _drain(watch: Watch, now: float) -> None:
    """Take what the kernel has queued so far; under a flood that does not end, what came within DRAIN_SECONDS."""
    deadline = time.monotonic() + DRAIN_SECONDS
    for group in watch.groups():
        while watch.read(group, now) and time.monotonic() < deadline:
            pass


def main() -> int:
    """Give up what is not needed, take an order, watch."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    wire = Wire(sys.stdout.fileno())
    try:
        _be_quick()
        _give_up_rights()
        loop = Loop(sys.stdin.fileno(), wire)
        order = loop.first_order()
        if order is None:
            return 0
        loop.run(Watch(order, wire, time.time()))
    except BrokenPipeError:
        return 0  # the engine has gone; what it has stored is what counts
    except (OSError, Refused, Malformed) as error:
        sys.stderr.write(f"the sensor cannot watch: {error}\n")
        return 3
    return 0


def _give_up_rights() -> None:
    if kernel.CAP_SYS_ADMIN not in kernel.keep_capabilities(_KEPT):
        raise Refused("it needs CAP_SYS_ADMIN; run the engine as root, or the sensor as a service (docs/sensor.md)")
    kernel.die_with_parent()


def _be_quick() -> None:
    """Run as soon as there is an event, for its process may be gone in a millisecond; and be killed last for memory.

    Round robin at the lowest priority (sched(7)): the kernel leaves the others their share, and so does `_pace`.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except OSError:
        with contextlib.suppress(OSError):  # a wish, not a need: more processes are then gone before they are looked at
            os.setpriority(os.PRIO_PROCESS, 0, -20)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("-900")


if __name__ == "__main__":
    sys.exit(main())
