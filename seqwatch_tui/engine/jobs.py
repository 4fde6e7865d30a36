"""Background verification: one thread a job, with progress, pause, resume and cancel; the verdicts go to the store."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

from seqwatch_tui.engine.clock import Clock
from seqwatch_tui.integrity.verify import Verification

JobState = Literal["running", "paused", "done", "cancelled", "failed"]


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as the API shows it; rate in bytes per second, eta in seconds (null = not known)."""

    id: str
    kind: str
    dataset: str
    state: JobState
    done_bytes: int
    total_bytes: int
    done_files: int
    total_files: int
    rate: float
    eta: float | None
    detail: str


class Job(threading.Thread):
    """One verification. `finish` stores its result in the job's own thread, before the state says done."""

    def __init__(self, job_id: str, work: Verification, finish: Callable[[object], str], clock: Clock) -> None:
        """`finish` takes the result and returns one sentence about it."""
        super().__init__(name=f"job-{job_id}", daemon=True)
        self.job_id, self.dataset = job_id, work.dataset
        self.state: JobState = "running"
        self.detail = ""
        self.started = clock.now()
        self._work, self._finish = work, finish

    def run(self) -> None:
        """Verify, then store."""
        try:
            result = self._work.run()
            self.detail = self._finish(result)
            self.state = "cancelled" if result.state == "cancelled" else "done"
        except Exception as error:  # noqa: BLE001 - root of a thread: shown as a failed job
            self.detail, self.state = f"verification stopped: {error}", "failed"

    def do(self, what: Literal["pause", "resume", "cancel"]) -> None:
        """Pause, resume or cancel; without effect on a finished job."""
        if self.state not in ("running", "paused"):
            return
        if what == "pause":
            self._work.pause()
            self.state = "paused"
        elif what == "resume":
            self._work.resume()
            self.state = "running"
        else:
            self._work.cancel()

    def view(self) -> JobView:
        """Return the job as it stands."""
        p = self._work.progress()
        return JobView(
            self.job_id, "verify", self.dataset, self.state, p.done_bytes, p.total_bytes, p.done_files, p.total_files,
            p.rate, p.eta, self.detail or p.current,
        )  # fmt: skip


class Jobs:
    """The running and the recently finished jobs; at most one runs per dataset."""

    def __init__(self, clock: Clock) -> None:
        """Jobs are numbered v1, v2, ... within one run of the engine."""
        self._clock, self._lock = clock, threading.Lock()
        self._jobs: dict[str, Job] = {}

    def start(self, work: Verification, finish: Callable[[object], str]) -> Job:
        """Start a verification; if one of the dataset is running, return that one."""
        with self._lock:
            for job in self._jobs.values():
                if job.dataset == work.dataset and job.is_alive():
                    return job
            job = Job(f"v{len(self._jobs) + 1}", work, finish, self._clock)
            self._jobs[job.job_id] = job
            job.start()
            return job

    def get(self, job_id: str) -> Job | None:
        """Return a job by its id."""
        return self._jobs.get(job_id)

    def views(self) -> list[dict[str, object]]:
        """All jobs of this run, newest first."""
        return [asdict(job.view()) for job in reversed(list(self._jobs.values()))]

    def stop(self) -> None:
        """Cancel what runs and wait briefly for it."""
        for job in self._jobs.values():
            job.do("cancel")
        for job in self._jobs.values():
            job.join(timeout=2.0)
