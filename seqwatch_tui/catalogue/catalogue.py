"""The judge: fills the policy columns of a table of events, looking once at each distinct word and combination."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seqwatch_tui.catalogue.coded import UNKNOWN, Codes, coded, verdict_array, words_array
from seqwatch_tui.catalogue.context import marked, with_marks
from seqwatch_tui.catalogue.hours import Hours, instants_of
from seqwatch_tui.catalogue.networks import AllowedNetworks
from seqwatch_tui.catalogue.paths import OUTSIDE, PathIndex
from seqwatch_tui.catalogue.people import NEED_OF_ACTION, NEEDS, People, Verdict
from seqwatch_tui.catalogue.rows import Row, dataset_rows, grant_rows
from seqwatch_tui.catalogue.runs import RunPolicy
from seqwatch_tui.catalogue.terms import Ends, Terms, phases
from seqwatch_tui.catalogue.verdicts import Verdicts
from seqwatch_tui.config.schema import Settings
from seqwatch_tui.model.canary import TOUCHED


class Catalogue:
    """Datasets, people and policy of one configuration. `groups` maps a user's name to the groups of the host.

    A change of configuration or of groups is a new Catalogue. Not for several threads at once: memos grow.
    """

    def __init__(self, settings: Settings, groups: Mapping[str, frozenset[str]]) -> None:
        self._datasets = settings.datasets
        self._ids: tuple[str | None, ...] = (*(dataset.id for dataset in settings.datasets), None)
        self._paths = PathIndex(settings.datasets)
        self._people = People(settings, groups)
        zone = settings.timezone
        self._ends = {n: Ends(dataset, zone) for n, dataset in enumerate(settings.datasets) if dataset.grants_until}
        stretches = 1 + max((len(ends.bounds) for ends in self._ends.values()), default=0)
        self._verdicts = Verdicts(self._verdict, len(settings.datasets), len(NEEDS), stretches)
        self._terms = Terms(settings)
        self._networks = AllowedNetworks(settings.networks.allowed) if settings.networks else None
        self._hours = Hours(settings.business_hours, settings.timezone) if settings.business_hours else None
        self._canaries = frozenset(map(str, settings.all_canaries))
        self._settings = settings
        self._runs = RunPolicy(settings.datasets)

    def judge(self, events: pa.Table) -> pa.Table:
        """Return the table (EVENT_SCHEMA) with POLICY_COLUMNS filled; every other column is as it was."""
        datasets = self._dataset_numbers(events)
        verdicts, which = self._judged(events, datasets)
        bulk = np.array([UNKNOWN if v.bulk is None else v.bulk for v in verdicts], np.int8)[which]
        allowed = np.array([UNKNOWN if v.allowed is None else v.allowed for v in verdicts], np.int8)[which]
        columns: dict[str, pa.Array] = {
            "dataset": words_array(datasets, self._ids),  # OUTSIDE is -1: the last word, which is None
            "role": _words(which, [v.role for v in verdicts]),
            "allowed": verdict_array(allowed),
            "reason": self._with_canaries(events, _words(which, [v.reason for v in verdicts])),
            "business_hours": verdict_array(self._business_hours(events)),
            "network_allowed": verdict_array(self._network_allowed(events)),
            "bulk_granted": verdict_array(bulk),
        }
        arrays = [columns.get(name, events.column(name)) for name in events.schema.names]
        judged = pa.Table.from_arrays(arrays, schema=events.schema)
        ended = np.array([v.ended for v in verdicts], bool)[which]
        return with_marks(judged, [marked(ended, "grant-expired"), *self._terms.marks(events, datasets)])

    def run_complete(self, dataset_id: str, since: float) -> None:
        """Take note that a run is complete since then (epoch seconds): nobody may write to it any more."""
        self._runs.complete(dataset_id, since)

    def dataset_rows(self) -> list[Row]:
        """Rows for the table `datasets`."""
        return dataset_rows(self._settings)

    def grant_rows(self) -> list[Row]:
        """Rows for the table `grants`."""
        return grant_rows(self._settings)

    def _dataset_numbers(self, events: pa.Table) -> Codes:
        """Where `path` is outside every dataset, `old_path` counts (a rename out of one, a link to it).

        From one dataset into another, the one it comes from counts where only that one's policy forbids it.
        """
        numbers = self._paths.numbers(coded(events.column("path")))
        old = events.column("old_path")
        if old.null_count == len(old):
            return numbers
        before = self._paths.numbers(coded(old))
        rows = np.flatnonzero((before != numbers) & (before != OUTSIDE) & (numbers != OUTSIDE))
        if rows.size:
            part = events.take(pa.array(rows))
            strict = self._forbidden(part, before[rows]) & ~self._forbidden(part, numbers[rows])
            numbers[rows[strict]] = before[rows[strict]]
        return np.where(numbers == OUTSIDE, before, numbers)

    def _forbidden(self, events: pa.Table, datasets: Codes) -> npt.NDArray[np.bool_]:
        verdicts, which = self._judged(events, datasets)
        return np.array([v.allowed is False for v in verdicts], bool)[which]

    def _judged(self, events: pa.Table, datasets: Codes) -> tuple[list[Verdict], npt.NDArray[np.intp]]:
        """Return the distinct verdicts of the batch, runs considered, and which of them each row has."""
        return self._runs.judged(events, datasets, *self._verdicts_of(events, datasets))

    def _with_canaries(self, events: pa.Table, reasons: pa.DictionaryArray) -> pa.DictionaryArray:
        """Say in the reason of every event on a canary that it was one (`model.canary`)."""
        if not self._canaries:
            return reasons
        touched = coded(events.column("path")).map(self._canaries.__contains__, 0)
        touched |= coded(events.column("old_path")).map(self._canaries.__contains__, 0)
        rows = np.flatnonzero(touched)
        if not rows.size:
            return reasons
        words = reasons.to_pylist()
        for row in rows.tolist():
            words[row] = f"{TOUCHED}; {words[row]}" if words[row] else TOUCHED
        return pa.array(words, pa.string()).dictionary_encode()

    def _verdicts_of(self, events: pa.Table, datasets: Codes) -> tuple[list[Verdict], npt.NDArray[np.intp]]:
        """Return the distinct verdicts of the batch, and which of them each row has."""
        needs = coded(events.column("action")).map(lambda action: NEED_OF_ACTION.get(action, 0), 0)
        over = phases(self._ends, events, datasets) if self._ends else 0
        return self._verdicts.of(coded(events.column("user_name")), datasets, needs, over)

    def _verdict(self, user: str | None, dataset: int, need: int, phase: int) -> Verdict:
        over = self._ends[dataset].over(phase) if phase else frozenset()
        return self._people.judge(user, self._datasets[dataset], NEEDS[need], over)

    def _business_hours(self, events: pa.Table) -> npt.NDArray[np.int8]:
        if self._hours is None:
            return np.full(len(events), UNKNOWN, np.int8)
        instants, null = instants_of(events.column("ts"))
        return np.where(null, UNKNOWN, self._hours.inside(instants)).astype(np.int8)

    def _network_allowed(self, events: pa.Table) -> Codes:
        if self._networks is None:
            return np.full(len(events), UNKNOWN, np.int32)
        return coded(events.column("src_ip")).map(self._networks.verdict, UNKNOWN)


def _words(which: npt.NDArray[np.intp], words: list[str | None]) -> pa.DictionaryArray:
    """As `words_array`, with equal words brought together, so that the column's dictionary is distinct."""
    distinct = list(dict.fromkeys(words))
    place = {word: number for number, word in enumerate(distinct)}
    return words_array(np.array([place[word] for word in words], np.int32)[which], distinct)
