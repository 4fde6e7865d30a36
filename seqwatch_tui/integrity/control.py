"""Pause, resume, cancel and progress of one verification: the only state its threads share. Knows no verdict.

Each reading thread has a `Tracker`, asked once a block whether to go on, so that a word from the operator reaches the
middle of a file of any size at once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal

from seqwatch_tui.integrity.hashing import Stopped
from seqwatch_tui.integrity.interface import Progress

RATE_WINDOW = 10.0
"""Seconds over which the rate is measured."""
Phase = Literal["listing", "running", "cancelled", "done", "failed"]


class Tracker:
    """The task one thread reads now; changed under the control's lock."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self.number: int | None = None
        self.size = 0
        self.done = 0
        self.last = 0.0
        self.abandoned = False

    def begin(self, number: int, size: int) -> None:
        """Start task `number` of `size` bytes."""
        with self._control.lock:
            self.number, self.size, self.done, self.last = number, size, 0, self._control.clock()

    def again(self) -> None:
        """Read the same file once more."""
        with self._control.lock:
            self.done = 0

    def step(self, n: int) -> None:
        """Count n bytes; wait while paused; raise Stopped when cancelled or given up."""
        control = self._control
        with control.lock:
            self.done += n
            control.bytes_read += n
            self.last = control.clock()
        if not control.going.is_set():
            control.going.wait()
            with control.lock:
                self.last = control.clock()
        if control.cancelled or self.abandoned:
            raise Stopped

    def end(self) -> bool:
        """Finish the task; false when it was given up meanwhile and has its verdict already."""
        with self._control.lock:
            return not self.abandoned and self._finish() is not None

    def abandon(self) -> int | None:
        """Give the thread up; return the number of the task it hangs in, null when there is none."""
        with self._control.lock:
            self.abandoned = True
            return self._finish()

    def _finish(self) -> int | None:
        number, self.number = self.number, None
        if number is not None:
            self._control.done_files += 1
            self._control.done_bytes += self.size
        return number


class Control:
    """Shared by the threads of one verification; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float], stall_after: float) -> None:
        self.clock, self.stall_after = clock, stall_after
        self.lock = threading.Lock()
        self.going = threading.Event()
        self.going.set()
        self.cancelled = False
        self.bytes_read = self.done_files = self.done_bytes = 0
        self._phase: Phase = "listing"
        self._trackers: list[Tracker] = []
        self._samples: deque[tuple[float, int]] = deque()
        self._names: Sequence[str] = ()
        self._total_bytes = 0

    def tracker(self) -> Tracker:
        """A tracker for one more reading thread."""
        with self.lock:
            self._trackers.append(Tracker(self))
            return self._trackers[-1]

    def plan(self, names: Sequence[str], size: int) -> None:
        """Set what is to be read: the name of each task and the bytes of all."""
        with self.lock:
            self._names, self._total_bytes, self._phase = names, size, "running"
            self._samples.append((self.clock(), 0))

    def close(self, phase: Phase) -> None:
        """Set the final state."""
        with self.lock:
            self._phase = phase

    def dismiss(self) -> None:
        """Send every thread home at its next block: nobody waits for it any more."""
        with self.lock:
            for tracker in self._trackers:
                tracker.abandoned = True

    def pause(self) -> None:
        """Hold every thread at its next block."""
        self.going.clear()

    def resume(self) -> None:
        """Go on; the pause counts neither in the rate nor as a stall."""
        with self.lock:
            self._samples.clear()
            self._samples.append((self.clock(), self.bytes_read))
            for tracker in self._trackers:
                tracker.last = self.clock()
        self.going.set()

    def cancel(self) -> None:
        """Stop every thread at its next block, paused or not."""
        self.cancelled = True
        self.going.set()

    def check(self) -> None:
        """Raise Stopped when cancelled."""
        if self.cancelled:
            raise Stopped

    def stalled(self) -> list[Tracker]:
        """Threads whose file has given nothing for `stall_after` seconds, while not paused."""
        now = self.clock()
        with self.lock:
            busy = [t for t in self._trackers if t.number is not None and not t.abandoned and self.going.is_set()]
            return [t for t in busy if now - t.last > self.stall_after]

    def progress(self) -> Progress:
        """How far it is."""
        stalled = tuple(self._names[number] for t in self.stalled() if (number := t.number) is not None)
        with self.lock:
            active = [(t, t.number) for t in self._trackers if t.number is not None]
            done = self.done_bytes + sum(min(t.done, t.size) for t, _ in active)
            paused = self._phase == "running" and not self.going.is_set()
            rate = 0.0 if paused else self._rate()
            return Progress(
                "paused" if paused else self._phase, self.done_files, len(self._names), done, self._total_bytes, rate,
                (self._total_bytes - done) / rate if rate > 0 else None,
                ", ".join(self._names[number] for _, number in active), stalled,
            )  # fmt: skip

    def _rate(self) -> float:
        """Bytes per second over the window; the caller holds the lock."""
        now = self.clock()
        if self._samples and now - self._samples[-1][0] >= RATE_WINDOW / 20:
            self._samples.append((now, self.bytes_read))
        while len(self._samples) > 2 and now - self._samples[1][0] >= RATE_WINDOW:
            self._samples.popleft()
        if not self._samples or now <= self._samples[0][0]:
            return 0.0
        since, before = self._samples[0]
        return (self.bytes_read - before) / (now - since)
