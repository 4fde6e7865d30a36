"""Sequencing runs: the instrument may write while the run is not complete, and nobody may after.

Whether the files that mark the end are there is not looked at here; who knows it says `complete`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seqwatch_tui.catalogue.coded import Codes, coded
from seqwatch_tui.catalogue.hours import instants_of
from seqwatch_tui.catalogue.people import NEED_OF_ACTION, NEEDS, Verdict
from seqwatch_tui.config.dataset import Dataset

SETTLE_SECONDS = 60.0
"""Seconds after the last marker in which a write still belongs to the run: copies end with times and modes."""
OPEN = "the run is not complete: its instrument may write"
CLOSED = "the run is complete since {}: nobody may write"
"""`reason` of such events; rules may test how it begins."""
_WRITE = NEEDS.index("write")
Which = npt.NDArray[np.intp]


class RunPolicy:
    """What being a run changes in the verdicts on writes. `complete` may come from another thread."""

    def __init__(self, datasets: Sequence[Dataset]) -> None:
        self._runs = {number: dataset for number, dataset in enumerate(datasets) if dataset.run is not None}
        self._complete: dict[str, float] = {}

    def complete(self, dataset_id: str, since: float) -> None:
        """Say that a run is complete since `since`, epoch seconds; the earliest such time holds."""
        self._complete[dataset_id] = min(since, self._complete.get(dataset_id, since))

    def judged(
        self, events: pa.Table, datasets: Codes, verdicts: list[Verdict], which: Which
    ) -> tuple[list[Verdict], Which]:
        """Return the verdicts, and which of them each row has, with those on writes to runs replaced."""
        if not self._runs or not np.isin(datasets, list(self._runs)).any():
            return verdicts, which
        needs = coded(events.column("action")).map(lambda action: NEED_OF_ACTION.get(action, 0), 0)
        rows = np.flatnonzero(np.isin(datasets, list(self._runs)) & (needs == _WRITE))
        users, (instants, _) = coded(events.column("user_name")), instants_of(events.column("ts"))
        verdicts, which = list(verdicts), which.copy()
        made: dict[Verdict, int] = {}
        for row in rows.tolist():
            code = int(users.codes[row])
            user = users.words[code] if code >= 0 else None
            other = self._write(self._runs[int(datasets[row])], user, instants[row] / 1e6, verdicts[which[row]])
            if other not in made:
                made[other] = len(verdicts)
                verdicts.append(other)
            which[row] = made[other]
        return verdicts, which

    def _write(self, dataset: Dataset, user: str | None, ts: float, verdict: Verdict) -> Verdict:
        since = self._complete.get(dataset.id)
        if since is not None and ts > since + SETTLE_SECONDS:
            when = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%d %H:%M UTC")
            return replace(verdict, allowed=False, reason=CLOSED.format(when), ended=False)
        if dataset.run is not None and user is not None and user in dataset.run.instrument:
            return replace(verdict, allowed=True, reason=OPEN, ended=False)
        return verdict
