"""Quiet by plan: which hits are kept from the list of open alerts, and by what. Detection goes on unchanged.

A hit is judged by its own time, not by the clock: a back-fill of last week's log meets last week's windows. What is
quiet is stored like any alert, with the state `suppressed` and the name of what keeps it so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import numpy.typing as npt

from seqwatch_tui.catalogue.hours import Hours
from seqwatch_tui.config.quiet import Expected, Maintenance
from seqwatch_tui.config.settings import Settings
from seqwatch_tui.detect.hits import KNOWN, Batch
from seqwatch_tui.detect.matcher import Rows
from seqwatch_tui.detect.timeline import Firing
from seqwatch_tui.model.snooze import Snooze

UNATTRIBUTED = "unattributed"
NOTHING = ""
"""As a snooze's dataset: events outside every dataset."""
Instants = npt.NDArray[np.int64]
Inside = Callable[[Instants], npt.NDArray[np.bool_]]
Facts = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """What one window, job or snooze is about; an empty part means any. `inside` judges microseconds since 1970."""

    name: str
    inside: Inside
    rules: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    account: str | None = None
    exes: tuple[str, ...] = ()

    def about(self, facts: Facts) -> bool:
        """Whether it is about an event with these values of KNOWN."""
        user, dataset, exe, uid_name = facts
        if self.account is not None and (user or uid_name) != self.account:
            return False
        return (
            _among(self.actors, user or UNATTRIBUTED) and _among(self.datasets, dataset) and _among(self.exes, exe)
        )  # fmt: skip


class Quiet:
    """Everything that is quiet under one configuration and the snoozes so far. Frozen; another plan is another Quiet."""

    def __init__(self, scopes: Sequence[Scope] = ()) -> None:
        self._scopes = tuple(scopes)

    @classmethod
    def of(cls, settings: Settings, snoozes: Iterable[Snooze]) -> Quiet:
        """Return what the settings plan and operators asked for."""
        zone = settings.timezone
        return cls([
            *(_window(each, zone) for each in settings.maintenance), *(_job(each, zone) for each in settings.expected),
            *map(_snooze, snoozes),
        ])  # fmt: skip

    def split(self, rule_id: str, batch: Batch, rows: Rows) -> Iterator[tuple[str | None, Rows]]:
        """Yield the rows of a plain rule by what keeps them quiet; null for those that nothing does."""
        left = np.asarray(rows)
        for scope in self._of_rule(rule_id):
            if not len(left):
                return
            facts = batch.rows(KNOWN, left)
            about = {each: scope.about(each) for each in set(facts)}
            quiet = np.array([about[each] for each in facts], bool) & scope.inside(batch.ts[left])
            if quiet.any():
                yield scope.name, left[quiet]
                left = left[~quiet]
        if len(left):
            yield None, left

    def split_firings(self, rule_id: str, firings: Sequence[Firing]) -> Iterator[tuple[str | None, list[Firing]]]:
        """Yield the firings of a correlation by what keeps them quiet: one scope that is about all that took part."""
        scopes = self._of_rule(rule_id)
        found: dict[str | None, list[Firing]] = {}
        for firing in firings:
            by = next((scope.name for scope in scopes if _all_about(scope, firing)), None)
            found.setdefault(by, []).append(firing)
        yield from found.items()

    def _of_rule(self, rule_id: str) -> tuple[Scope, ...]:
        return tuple([scope for scope in self._scopes if _among(scope.rules, rule_id)])


def _all_about(scope: Scope, firing: Firing) -> bool:
    took = firing.took or (firing.entry,)
    times = np.array([entry.ts for entry in took], np.int64)
    return all(scope.about(entry.row[: len(KNOWN)]) for entry in took) and bool(scope.inside(times).all())


def _among(patterns: Sequence[str], value: str | None) -> bool:
    """Whether a value is among patterns; no patterns: any is. Null is only what NOTHING names."""
    if not patterns:
        return True
    return NOTHING in patterns if value is None else any(fnmatchcase(value, pattern) for pattern in patterns)


def _window(window: Maintenance, zone: tzinfo) -> Scope:
    if window.begins is not None and window.ends is not None:
        inside = _between(_micros(window.begins, zone), _micros(window.ends, zone))
    else:
        assert window.when is not None, "the configuration is checked"  # noqa: S101
        inside = Hours(window.when, zone).inside
    rules, actors, datasets = (_starred(each) for each in (window.rules, window.actors, window.datasets))
    return Scope(f"maintenance {window.name}", inside, rules, actors, datasets)


def _job(job: Expected, zone: tzinfo) -> Scope:
    inside = Hours(job.when, zone).inside if job.when else _always
    rules, datasets, exes = (_starred(each) for each in (job.rules, job.datasets, job.exe))
    return Scope(f"expected {job.name}", inside, rules, (), datasets, job.account, exes)


def _snooze(snooze: Snooze) -> Scope:
    def only(value: str | None) -> tuple[str, ...]:
        return () if value is None else (_literal(value),)

    inside = _between(round(snooze.begins * 1e6), round(snooze.ends * 1e6))
    return Scope(snooze.name, inside, only(snooze.rule_id), only(snooze.actor), only(snooze.dataset))


def _literal(value: str) -> str:
    """A text as a pattern that matches it alone."""
    return _plain(value, "*?[")


def _starred(patterns: Sequence[str]) -> tuple[str, ...]:
    """Patterns of the configuration, in which only `*` is more than itself."""
    return tuple(_plain(each, "?[") for each in patterns)


def _plain(text: str, special: str) -> str:
    return "".join(f"[{c}]" if c in special else c for c in text)


def _between(first: int, last: int) -> Inside:
    return lambda instants: (instants >= first) & (instants < last)


def _always(instants: Instants) -> npt.NDArray[np.bool_]:
    return np.ones(len(instants), bool)


def _micros(local: datetime, zone: tzinfo) -> int:
    return round(local.replace(tzinfo=zone).timestamp() * 1e6)
