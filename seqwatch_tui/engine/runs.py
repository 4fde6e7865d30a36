"""Looks whether sequencing runs are complete: every file that marks the end is there. Once complete, a run stays so.

What was found is kept in the table `datasets`, so that removing a marker later opens nothing.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from seqwatch_tui.catalogue.catalogue import Catalogue
from seqwatch_tui.config.settings import Dataset
from seqwatch_tui.engine.lookout import Lookout, subject
from seqwatch_tui.store.interface import Commit
from seqwatch_tui.store.store import Store

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine


def completed(dataset: Dataset, now: float) -> float | None:
    """Return since when the run of a dataset is complete, epoch seconds: when its last marker was written.

    Null while a marker is missing, is no regular file or cannot be looked at. A marker from the future counts as now.
    """
    if dataset.run is None or not dataset.run.complete:
        return None
    try:
        found = [os.lstat(Path(dataset.path) / name) for name in dataset.run.complete]
    except OSError:
        return None
    if not all(stat.S_ISREG(each.st_mode) for each in found):
        return None
    return min(max(each.st_mtime for each in found), now)


def stored_runs(store: Store, datasets: Sequence[Dataset]) -> dict[str, float]:
    """Return the runs that were found complete before, by dataset; of datasets that are still said to be runs."""
    found = store.query_sql("select dataset, epoch(run_complete) from datasets where run_complete is not null").rows
    runs = {dataset.id for dataset in datasets if dataset.run is not None}
    return {name: since for name, since in found if name in runs}


def look(lookout: Lookout, datasets: Sequence[Dataset], known: Mapping[str, float], now: float) -> dict[str, float]:
    """Return the runs that are complete and were not known to be, with their times."""
    waiting = [d for d in datasets if d.run is not None and d.id not in known]
    found = {d.id: lookout.look(subject(d.id, d.path), partial(completed, d, now)) for d in waiting}
    return {name: since for name, since in found.items() if isinstance(since, float)}


def look_and_tell(engine: Engine) -> None:
    """Look at every run that is not complete yet; tell the policy and the table `datasets` of those that are now."""
    if new := look(engine.lookout, engine.settings.datasets, engine.runs, engine.clock.now()):
        engine.runs.update(new)
        tell(engine.catalogue, engine.runs)
        engine.submit(Commit(tables={"datasets": engine.dataset_rows()}))


def tell(catalogue: Catalogue, runs: Mapping[str, float]) -> None:
    """Give a policy the runs that are known to be complete."""
    for name, since in runs.items():
        catalogue.run_complete(name, since)
