"""The sensor at work: from one read of the kernel's queue to lines for the engine. One thread, nothing that waits.

The engine's word comes on `orders`, lines go to `wire`. Who a process is gets looked up the moment it is first seen, for
it may be gone a millisecond later; everything else can wait until the queue is empty.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator

from seqwatch_tui.model.text import from_bytes
from seqwatch_tui.sensor import kernel as k
from seqwatch_tui.sensor.births import Births
from seqwatch_tui.sensor.coverage import Coverage
from seqwatch_tui.sensor.decode import Event, Place, decode
from seqwatch_tui.sensor.estimate import bytes_moved
from seqwatch_tui.sensor.order import Order
from seqwatch_tui.sensor.origin import Origins
from seqwatch_tui.sensor.paths import Tree
from seqwatch_tui.sensor.processes import Actor, Processes
from seqwatch_tui.sensor.rescan import Trace, rescan
from seqwatch_tui.sensor.uses import Use, Uses
from seqwatch_tui.sensor.wire import Access, Wire

READ_BYTES = 1 << 18
CHECK_SECONDS = 5.0
_RESCAN_STEP = 500
_LOOK_EVERY = 16
_SLACK = 0.05
"""Times of files are coarse and events are late: a loss is taken to begin this much earlier."""
_NOBODY = Actor(0, warnings=("rescan",))


class Watch:
    """One list of datasets under watch. Times are epoch seconds."""

    def __init__(self, order: Order, wire: Wire, now: float, *, handles: bool = True) -> None:
        """OSError when this process may not use fanotify. `handles` false: mounts only (see Coverage)."""
        self.order, self._wire = order, wire
        self._coverage = Coverage(Tree(order.datasets, order.state_dir), now, handles=handles)
        self._tree = self._coverage.tree
        self._births = Births()
        self._births.watch()
        self._processes = Processes(Origins(), self._births)
        self._uses = Uses()
        self._rescans: list[tuple[float, float, Iterator[Trace | None]]] = []
        self._turned = now
        self._tick, self._drained, self._next_check = 0, now, now
        self._found = 0
        self.newcomers = 0
        """Processes never seen before in the last read."""
        self.seen = self.outside = 0
        if order.since is not None:
            self._lost(order.since, now)

    def groups(self) -> tuple[int, ...]:
        """Return the descriptors to wait for."""
        return (self._births.group, *self._coverage.groups())

    def due(self, now: float) -> float:
        """Return the seconds until something has to be done without an event."""
        return 0.0 if self._rescans else max(min(self._uses.due, self._next_check) - now, 0.0)

    def read(self, group: int, now: float) -> int:
        """Take what one group has; return how many events that were."""
        if group == self._births.group:
            self._begun(now)
            return 0
        try:
            data = os.read(group, READ_BYTES)
        except BlockingIOError:
            return 0
        self._tick += 1
        before, self.newcomers = self.seen, 0
        for event in decode(data):
            if not self.seen % _LOOK_EVERY:
                self._begun(now)
            self.seen += 1
            try:
                self._take(event, now)
            finally:
                if event.fd >= 0:
                    os.close(event.fd)
        self._ignore()
        self._drained = now
        return self.seen - before

    def _begun(self, now: float) -> None:
        """Programs that begin come first: they may be gone soonest."""
        for pid, place in self._births.starts():
            self._processes.begun(pid, now)
            self._births.note(pid, place, now)

    def turn(self, now: float) -> None:
        """Hand over what is due, look after the marks, go on with a rescan."""
        stepped, self._turned = now < self._turned, now
        for use in self._uses.take(now, everything=stepped):  # a clock that goes back holds nothing up
            self._report(use)
        if now >= self._next_check or stepped:
            self.check(now)
        if self._rescans:
            self._rescan(now)
        self._wire.flush()

    def check(self, now: float) -> None:
        """Look after the marks now (a mount has changed, or it is time)."""
        self._next_check = now + CHECK_SECONDS
        changed, spans = self._coverage.check(now)
        if changed:
            self.status(now)
        for span in spans:
            self._wire.say("unwatched", now, path=from_bytes(span.path), start=span.start, end=span.end, why=span.why)
            self._lost(span.start, span.end, (span.path,))

    def status(self, now: float) -> None:
        """Say what is watched and what is not."""
        self._wire.say(
            "status", now, pid=os.getpid(),
            watched={from_bytes(path): watched.how for path, watched in self._coverage.watched.items()},
            refused={from_bytes(path): why for path, why in self._coverage.refused.items()},
        )  # fmt: skip

    def beat(self, now: float) -> None:
        """Say that the sensor lives, and how much it has looked at."""
        self._wire.say("beat", now, seen=self.seen, outside=self.outside, uses=len(self._uses))

    def close(self, now: float) -> None:
        """Report what is still going on and take the marks away."""
        for use in self._uses.take(now, everything=True):
            self._report(use)
        self._wire.flush()
        self._coverage.close()
        os.close(self._births.group)

    # One event.

    def _take(self, event: Event, now: float) -> None:
        if event.mask & k.FAN_Q_OVERFLOW:
            self._wire.say("overflow", now, start=self._drained, end=now)
            self._lost(self._drained, now)
            return
        if event.pid == os.getpid():
            return
        if event.old is not None and event.place is not None:
            self._renamed(event, event.old, event.place, now)
            return
        path = self._path(event)
        if path is None:
            self.outside += 1
            return
        directory = bool(event.mask & k.FAN_ONDIR) or (event.fd >= 0 and stat.S_ISDIR(os.fstat(event.fd).st_mode))
        replaced = event.mask & k.FAN_CREATE and event.mask & k.FAN_DELETE and os.path.lexists(path)
        if replaced:  # the kernel has joined the two: the name is there, so the new one came last
            self._say("delete", path, self._look(event.pid, now), now, directory)
        if event.mask & (k.FAN_CREATE | k.FAN_ATTRIB | k.FAN_MOVED_FROM | k.FAN_MOVED_TO):
            self._named(event, path, directory, now)
        if event.mask & k.USES:
            self._used(event, path, directory, now)
        if event.mask & k.FAN_DELETE and not replaced:
            self._say("delete", path, self._look(event.pid, now), now, directory)

    def _path(self, event: Event) -> bytes | None:
        """Path of an event, null outside the datasets."""
        if event.place is not None:
            return self._tree.find(event.place)
        if event.fd < 0:
            return None
        path = os.readlink(b"/proc/self/fd/%d" % event.fd).removesuffix(b" (deleted)")
        return path if self._tree.holds(path) else None

    def _ignore(self) -> None:
        """Have the kernel leave out what happens in the state folder; before Linux 6.0 it is left out here instead."""
        for folder in self._tree.take_avoided():
            with contextlib.suppress(OSError):
                k.ignore_directory(self._coverage.names, folder)

    def _named(self, event: Event, path: bytes, directory: bool, now: float) -> None:
        actor = self._look(event.pid, now)
        if event.mask & k.FAN_CREATE:
            if directory:
                self._learn(path, event)
            self._say("create", path, actor, now, directory)
        if event.mask & k.FAN_ATTRIB:
            self._say("setattr", path, actor, now, directory)
        if event.mask & (k.FAN_MOVED_FROM | k.FAN_MOVED_TO):  # before Linux 5.17 the two ends come apart
            if directory and event.place is not None:
                old, new = (path, None) if event.mask & k.FAN_MOVED_FROM else (None, path)
                self._tree.moved(old, new, event.place.filesystem)
            self._wire.event(Access(now, now, "rename", path, actor, directory, ("one-end",)))

    def _learn(self, path: bytes, event: Event) -> None:
        if event.place is None:
            return
        try:
            handle = event.target or k.handle_of(path)
        except OSError:
            return  # removed already
        self._tree.learn(path, (event.place.filesystem, handle))

    def _renamed(self, event: Event, old: Place, new: Place, now: float) -> None:
        was, became = self._tree.find(old), self._tree.find(new)
        if was is None and became is None:
            self.outside += 1
            return
        directory = bool(event.mask & k.FAN_ONDIR)
        actor = self._look(event.pid, now)
        old_path, path = was or self._tree.anywhere(old), became or self._tree.anywhere(new)
        if directory:
            self._tree.moved(was, became, new.filesystem)
        if was is not None and path is not None:
            self._uses.moved(was, path)
        if path is None:
            self._wire.event(Access(now, now, "rename", was or b"", actor, directory, ("one-end",)))
        else:
            self._wire.event(Access(now, now, "rename", path, actor, directory, (), old_path))

    def _used(self, event: Event, path: bytes, directory: bool, now: float) -> None:
        use = self._uses.known(event.pid, path)
        if use is None:
            if not event.mask & ~(k.FAN_CLOSE_NOWRITE | k.FAN_CLOSE_WRITE | k.FAN_ONDIR) and directory:
                return  # the end of a listing that was reported
            actor = self._look(event.pid, now)
            moved = None if directory else self._processes.moved_bytes(event.pid, self._tick)
            use = Use(path, actor, directory, now, self._tick, moved)
            self._uses.begin(use)
        self._uses.add(use, event.mask, self._tick, now)

    def _look(self, pid: int, now: float) -> Actor:
        self.newcomers += self._processes.fresh(pid)
        return self._processes.look(pid, self._tick, now)

    def _say(self, action: str, path: bytes, actor: Actor, now: float, directory: bool) -> None:
        self._wire.event(Access(now, now, action, path, actor, directory))

    def _report(self, use: Use) -> None:
        for report in use.reports():
            moved = None
            if report.action in ("read", "write") and not report.warnings:
                moved = bytes_moved(use, report.action, self._processes.moved_bytes(use.actor.pid, self._tick))
            warnings = (*report.warnings, *((moved[1],) if moved else ()))
            self._wire.event(Access(
                use.last, use.since, report.action, use.path, use.actor, use.directory, warnings, None, use.counts,
                moved[0] if moved else None,
            ))  # fmt: skip

    # After a loss.

    def _lost(self, start: float, end: float, roots: tuple[bytes, ...] | None = None) -> None:
        """Queue a rescan of a span; one that waits already for the same datasets is not queued twice."""
        if len(self._rescans) < 8:
            self._rescans.append((start, end, rescan(roots or self._tree.roots, start - _SLACK, end)))

    def _rescan(self, now: float) -> None:
        """A step of the oldest rescan: short, so that the queue is not left waiting."""
        start, end, traces = self._rescans[0]
        for _ in range(_RESCAN_STEP):
            trace = next(traces, False)
            if trace is False:
                self._wire.say("rescanned", now, start=start, end=end, found=self._found)
                self._rescans.pop(0)
                self._found = 0
                return
            if isinstance(trace, Trace):
                self._found += 1
                self._wire.event(Access(trace.when, start, trace.action, trace.path, _NOBODY, trace.directory))
