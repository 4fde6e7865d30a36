"""A verification: one run over one dataset that ends in one verdict per name, or stops when told to.

`Verification.run` blocks; call it in a thread (or process) of its own and the other methods from anywhere. Folder and
files are only touched by daemon threads that it starts, so that a cancel is answered within a second even when the
storage does not answer at all. If this process dies, nothing is lost but the reading: earlier verdicts stand.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path

from seqwatch_tui.integrity.control import Control
from seqwatch_tui.integrity.crew import TICK, Crew, Manner
from seqwatch_tui.integrity.hashing import Stopped
from seqwatch_tui.integrity.interface import CheckedFile, Progress, RunState, Totals, VerificationResult
from seqwatch_tui.integrity.listing import list_folder
from seqwatch_tui.integrity.manifest import Manifest, judge_manifest, read_manifest
from seqwatch_tui.integrity.names import to_text
from seqwatch_tui.integrity.plan import Plan, Planner
from seqwatch_tui.integrity.reading import Task, judged
from seqwatch_tui.integrity.threads import in_thread, settled
from seqwatch_tui.model.safefile import safe_open_dir
from seqwatch_tui.model.verdict import FileCheck, FileVerdict

OnProgress = Callable[[Progress], None]
_NO_MANIFEST = "no manifest was found; configure one (manifest: NAME) or record a baseline."


class Verification:
    """One run over the dataset folder `root` against `manifest` (relative to it; null = find the usual ones).

    `previous` are the known files by path (rows.from_row). With `quick`, files that have not moved since a full read
    found them right keep that verdict and its age. `clock` gives epoch seconds. `apart` are folders within,
    relative, that are datasets of their own. A file that gives nothing for
    `stall_after` seconds is given up.
    """

    def __init__(  # noqa: PLR0917 - the six facts that make a run
        self,
        dataset: str,
        root: Path,
        manifest: str | None,
        previous: Mapping[str, CheckedFile],
        quick: bool,
        clock: Callable[[], float],
        *,
        apart: Iterable[Path] = (),
        manner: Manner | None = None,
        stall_after: float = 120.0,
    ) -> None:
        self.dataset, self.root = dataset, root
        self._manifest_name, self._previous, self._quick, self._clock = manifest, previous, quick, clock
        self._apart = tuple(os.fsencode(folder) for folder in apart)
        self._manner = manner or Manner()
        self._control = Control(clock, stall_after)

    def pause(self) -> None:
        """Hold reading at the next block (1 MiB) of each file."""
        self._control.pause()

    def resume(self) -> None:
        """Go on after a pause."""
        self._control.resume()

    def cancel(self) -> None:
        """Stop; `run` returns within a second with what was read so far."""
        self._control.cancel()

    def progress(self) -> Progress:
        """How far it is; callable at any time from any thread."""
        return self._control.progress()

    def run(self, on_progress: OnProgress | None = None) -> VerificationResult:
        """Verify the dataset. `on_progress` is called a few times a second in the calling thread.

        Never raises for what is in or wrong with the folder: that is in the result.
        """
        started = self._clock()
        tick = (lambda: on_progress(self.progress())) if on_progress else _nothing
        preparation = in_thread(self._prepare, f"list-{self.dataset}")
        try:
            manifest, plan, root_fd = self._await(preparation, tick)
        except Stopped:
            preparation.add_done_callback(_let_go)
            return self._result("cancelled", started, Manifest(""), self._nothing_done(), self._crew(()))
        except OSError as error:
            return self._no_folder(error, started)
        crew = self._crew(plan.tasks)
        try:
            crew.work(root_fd, tick)
        finally:
            os.close(root_fd)
        state: RunState = "done" if crew.finished else "cancelled" if self._control.cancelled else "failed"
        return self._result(state, started, manifest, plan, crew)

    def _crew(self, tasks: tuple[Task, ...]) -> Crew:
        return Crew(self.dataset, tasks, self._control, self._manner)

    def _await(
        self, preparation: Future[tuple[Manifest, Plan, int]], tick: Callable[[], None]
    ) -> tuple[Manifest, Plan, int]:
        while not settled({preparation}, TICK):
            tick()
            if self._control.cancelled and not settled({preparation}, 2 * TICK):
                raise Stopped
        return preparation.result()

    def _prepare(self) -> tuple[Manifest, Plan, int]:
        """Read the manifest, list the folder, plan; returns them and the folder's descriptor, owned by the caller."""
        root_fd = safe_open_dir(self.root)
        try:
            manifest = read_manifest(root_fd, self._manifest_name)
            listing = list_folder(root_fd, self._control.check)
            plan = Planner(
                self.dataset, manifest, listing, self._previous, self._quick, self._clock(), self._apart
            ).plan()
        except BaseException:
            os.close(root_fd)
            raise
        names = [to_text(task.entry.name) for task in plan.tasks]
        self._control.plan(names, sum(task.size for task in plan.tasks))
        return manifest, plan, root_fd

    def _nothing_done(self) -> Plan:
        return Plan((), (), frozenset(self._previous), ())

    def _result(
        self, state: RunState, started: float, manifest: Manifest, plan: Plan, crew: Crew
    ) -> VerificationResult:
        read = [crew.results.get(n) or self._not_reached(task) for n, task in enumerate(plan.tasks)]
        missed = {known.check.path for known in read if known.check.verdict == "not checked"}
        files = tuple(sorted((*plan.decided, *read), key=lambda known: known.check.path))
        problems = (*manifest.problems, *((_NO_MANIFEST,) if state == "done" and not manifest.names else ()))
        self._control.close(state)
        finished = self._clock()
        return VerificationResult(
            self.dataset, manifest.names, "quick" if self._quick else "full", state, started, finished,
            self._control.bytes_read, files, Totals.of(known.check.verdict for known in files),
            plan.kept | (missed & self._previous.keys()), plan.gone, (*problems, *crew.problems),
            tuple(judge_manifest(self.dataset, manifest, finished)),
        )  # fmt: skip

    def _not_reached(self, task: Task) -> CheckedFile:
        known = self._previous.get(to_text(task.entry.name))
        checked = known.check.checked if known else None
        return judged(self.dataset, task.entry, "not checked", checked, "the run was stopped before it")

    def _no_folder(self, error: OSError, started: float) -> VerificationResult:
        """The folder itself cannot be opened: one verdict on it, and every earlier one stands."""
        verdict: FileVerdict = "missing" if isinstance(error, FileNotFoundError) else "unreadable"
        why = f"the folder {self.root} cannot be opened: {error.strerror or error}"
        check = FileCheck(self.dataset, ".", verdict, None, "", None, None, self._clock(), why)
        plan = Plan((CheckedFile(check),), (), frozenset(self._previous) - {"."}, ())
        crew = self._crew(())
        crew.problems.append(f"{why}; give the real path of a folder this user may read.")
        return self._result("failed", started, Manifest(""), plan, crew)


def _nothing() -> None:
    """No one wants to hear of the progress."""


def _let_go(preparation: Future[tuple[Manifest, Plan, int]]) -> None:
    """Close the folder of a preparation that came back after its run was cancelled."""
    if preparation.exception() is None:
        os.close(preparation.result()[2])
