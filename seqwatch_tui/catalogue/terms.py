"""What has an end: grants, consent, approval; and who is on call. Judged as of the event, in the site's days.

A last day ends at the midnight that follows it in the site's zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seqwatch_tui.catalogue.coded import Codes, coded
from seqwatch_tui.catalogue.context import Mark, marked
from seqwatch_tui.catalogue.hours import instants_of
from seqwatch_tui.config.dataset import Dataset, Withdrawal
from seqwatch_tui.config.schema import Settings

Int64s = npt.NDArray[np.int64]

NEVER = np.iinfo(np.int64).max
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STARTING = frozenset({"login", "execute"})
_ANY = {"*": ".*", "?": "."}
"""What is more than itself in a pattern of files; a bracket is a bracket."""
_READING = frozenset({"open", "read", "execute"})


def end_of(day: date, zone: tzinfo) -> int:
    """Return the first instant after a day, microseconds of UTC since 1970; the last day of the calendar has none."""
    if day == date.max:
        return NEVER
    return instant(datetime.combine(day + timedelta(days=1), time()), zone)


def instant(moment: datetime, zone: tzinfo) -> int:
    """Return a time of the site's wall clock as microseconds of UTC since 1970."""
    return (moment.replace(tzinfo=zone) - _EPOCH) // timedelta(microseconds=1)


class Ends:
    """When the grants of one dataset end; between two ends the policy is the same (a phase)."""

    def __init__(self, dataset: Dataset, zone: tzinfo) -> None:
        self._until = {role: end_of(day, zone) for role, day in dataset.grants_until.items()}
        self.bounds: Int64s = np.array(sorted(set(self._until.values())), np.int64)

    def over(self, phase: int) -> frozenset[str]:
        """Return the roles whose grant is over in a phase (0 is before the first end)."""
        if phase == 0:
            return frozenset()
        return frozenset(role for role, end in self._until.items() if end <= self.bounds[phase - 1])


class Terms:
    """Marks for reads after an end, and for people on call. Costs nothing where nothing of it is configured."""

    def __init__(self, settings: Settings) -> None:
        zone, datasets = settings.timezone, settings.datasets
        self._datasets = datasets
        self._consent = _bounds([d.consent.expires if d.consent else None for d in datasets], zone)
        self._irb = _bounds([d.irb.expires if d.irb else None for d in datasets], zone)
        self._withdrawn = {
            number: [_Withdrawn(dataset, each, zone) for each in dataset.consent.withdrawn]
            for number, dataset in enumerate(datasets)
            if dataset.consent and dataset.consent.withdrawn
        }
        roster = settings.business_hours.roster if settings.business_hours else ()
        self._accounts = settings.accounts.kinds
        self._roster = [(shift.users, instant(shift.start, zone), instant(shift.end, zone)) for shift in roster]

    def marks(self, events: pa.Table, datasets: Codes) -> Iterator[Mark]:
        """Yield what is over, and who is on call, per row; `datasets` are the numbers of the rows' datasets."""
        bounded = [(b, code) for b, code in ((self._consent, "consent-expired"), (self._irb, "irb-expired")) if len(b)]
        yield from self._kinds(events)
        if not bounded and not self._withdrawn and not self._roster:
            return
        instants, _ = instants_of(events.column("ts"))
        reading = coded(events.column("action")).map(lambda action: action in _READING, 0).astype(bool)
        for bounds, code in bounded:
            yield marked(reading & (instants >= bounds[datasets]), code)
        for number, each in ((n, w) for n, withdrawn in self._withdrawn.items() for w in withdrawn):
            rows = reading & (datasets == number) & (instants >= each.since)
            if rows.any():
                yield marked(rows & coded(events.column("path")).map(each.holds, 0).astype(bool), "consent-withdrawn")
        for users, start, end in self._roster:
            yield marked(_named(events, users) & (instants >= start) & (instants < end), "on-call")

    def _kinds(self, events: pa.Table) -> Iterator[Mark]:
        """Logins of, and programs started by, accounts that are no single person's."""
        kinds = frozenset(self._accounts.values())
        if kinds:
            starting = coded(events.column("action")).map(lambda action: action in _STARTING, 0).astype(bool)
            for kind in sorted(kinds):
                users = frozenset(name for name, of in self._accounts.items() if of == kind)
                yield marked(starting & _named(events, users), f"{kind}-account")


class _Withdrawn:
    """One withdrawal: from when on, and of which paths."""

    def __init__(self, dataset: Dataset, withdrawal: Withdrawal, zone: tzinfo) -> None:
        self.since = instant(datetime.combine(withdrawal.since, time()), zone)
        self._roots = tuple(f"{place}/" for place in (dataset.path, *dataset.objects))
        meant = (_ANY.get(character) or re.escape(character) for character in withdrawal.files)
        self._pattern = re.compile("".join(meant), re.DOTALL)

    def holds(self, path: str) -> int:
        """Say of a path or an object whether it is withdrawn: itself, or a folder above it, matches."""
        root = next((root for root in self._roots if path.startswith(root)), None)
        if root is None:
            return 0
        inner = path[len(root) :].lstrip("/")
        return int(any(self._pattern.fullmatch(part) for part in _upwards(inner)))


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]


def _bounds(days: list[date | None], zone: tzinfo) -> Int64s:
    """An end per dataset and one more for "outside every dataset", which is -1; empty when nothing has an end."""
    if not any(days):
        return np.zeros(0, np.int64)
    return np.array([*(NEVER if day is None else end_of(day, zone) for day in days), NEVER], np.int64)


def _named(events: pa.Table, users: frozenset[str]) -> npt.NDArray[np.bool_]:
    return coded(events.column("user_name")).map(lambda name: name in users, 0).astype(bool)


def phases(ends: Mapping[int, Ends], events: pa.Table, datasets: Codes) -> Codes:
    """Return for each row in which phase of its dataset's grants it is; 0 where nothing ends."""
    found = np.zeros(len(datasets), np.int32)
    for number, end in ends.items():
        rows = np.flatnonzero(datasets == number)
        if rows.size:
            instants, _ = instants_of(events.column("ts").take(pa.array(rows)))
            found[rows] = np.searchsorted(end.bounds, instants, side="right")
    return found
