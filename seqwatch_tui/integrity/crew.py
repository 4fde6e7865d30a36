"""The threads that read the planned files of one verification: hands out, collects, gives up what does not answer."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import psutil

from seqwatch_tui.integrity.control import Control, Tracker
from seqwatch_tui.integrity.hashing import Stopped
from seqwatch_tui.integrity.interface import CheckedFile
from seqwatch_tui.integrity.names import to_text
from seqwatch_tui.integrity.reading import Reader, Task, judged
from seqwatch_tui.integrity.threads import in_thread, settled

TICK = 0.2
"""Seconds between two looks at cancel, stalls and progress."""
MAX_ABANDONED = 4


@dataclass(frozen=True, slots=True)
class Manner:
    """How to read: threads, in the idle I/O class or not, leaving the page cache as it was or not."""

    workers: int = 2
    idle: bool = False
    drop_cache: bool = False


class Crew:
    """Reads `tasks`; `results` maps a task's number to its verdict, `problems` are sentences for the operator."""

    def __init__(self, dataset: str, tasks: tuple[Task, ...], control: Control, manner: Manner) -> None:
        self.results: dict[int, CheckedFile] = {}
        self.problems: list[str] = []
        self._dataset, self._tasks, self._control, self._manner = dataset, tasks, control, manner
        self._next = 0

    @property
    def finished(self) -> bool:
        """Every task has its verdict."""
        return len(self.results) == len(self._tasks)

    def work(self, root_fd: int, tick: Callable[[], None]) -> None:
        """Read until finished or cancelled; `tick` is called a few times a second in this thread."""
        readers = {self._start(root_fd) for _ in range(min(self._manner.workers, len(self._tasks)))}
        while not settled(readers, TICK):
            tick()
            if self._control.cancelled:
                settled(readers, 2 * TICK)
                break
            if self.finished or not self._relieve(readers, root_fd):
                break
        self._control.dismiss()
        self.problems.extend(_broken(readers))
        tick()

    def _relieve(self, readers: set[Future[None]], root_fd: int) -> bool:
        """Replace threads that hang; false when too many do."""
        for tracker in self._control.stalled():
            self._give_up(tracker)
            if len(readers) >= self._manner.workers + MAX_ABANDONED:
                self.problems.append("too many files do not answer; the verification was stopped.")
                return False
            readers.add(self._start(root_fd))
        return True

    def _start(self, root_fd: int) -> Future[None]:
        tracker = self._control.tracker()
        reader = Reader(self._dataset, os.dup(root_fd), tracker, self._control.clock, self._manner.drop_cache)
        return in_thread(lambda: self._read(reader, tracker), f"verify-{self._dataset}")

    def _read(self, reader: Reader, tracker: Tracker) -> None:
        try:
            self._be_idle()
            while not tracker.abandoned and (number := self._take()) is not None:
                tracker.begin(number, self._tasks[number].size)
                found = self._check(self._tasks[number], reader)
                if tracker.end():
                    self.results[number] = found
        except Stopped:
            return
        finally:
            reader.close()

    def _check(self, task: Task, reader: Reader) -> CheckedFile:
        try:
            return reader.check(task)
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 - root of a thread: becomes the verdict on the file
            return judged(self._dataset, task.entry, "unreadable", self._control.clock(), f"reading failed: {error!r}")

    def _take(self) -> int | None:
        with self._control.lock:
            if self._control.cancelled or self._next >= len(self._tasks):
                return None
            self._next += 1
            return self._next - 1

    def _be_idle(self) -> None:
        if not self._manner.idle:
            return
        try:
            psutil.Process(threading.get_native_id()).ionice(psutil.IOPRIO_CLASS_IDLE)
        except (psutil.Error, OSError) as error:
            self.problems.append(f"the idle I/O class was refused ({error}); reading with the usual one.")

    def _give_up(self, tracker: Tracker) -> None:
        """Leave a thread that hangs in a read to its fate; its file gets a verdict now."""
        number = tracker.abandon()
        if number is None:
            return  # it came back in this instant
        seconds, task = self._control.stall_after, self._tasks[number]
        detail = f"gave no byte for {seconds:.0f} s and was given up; look at the storage below it"
        self.results[number] = judged(self._dataset, task.entry, "unreadable", self._control.clock(), detail)
        self.problems.append(f"{to_text(task.entry.name)}: {detail}.")


def _broken(readers: set[Future[None]]) -> list[str]:
    errors = [future.exception() for future in readers if future.done()]
    return [f"a reading thread ended early: {error!r}." for error in errors if error is not None]
