"""What went before at the demo site: the last working day and the nights since, all within policy."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from seqwatch_tui.demo.cast import ANALYST, AUDITOR, BIOINF1, BIOINF2, LABTECH, LIMS, Person
from seqwatch_tui.demo.stage import Stage

_READS = {
    BIOINF1: ("wgs-cohort-a", "rna-pilot-c"),
    BIOINF2: ("wgs-cohort-a", "wes-panel-b"),
    ANALYST: ("rna-pilot-c",),
    AUDITOR: ("wgs-cohort-a",),
    LABTECH: ("rna-pilot-c",),
}
_DAY = 86400.0
_RUNS, _COPIES = 550, 200
_ALL = ("wgs-cohort-a", "wes-panel-b", "rna-pilot-c", "clinical-trio-d")

Act = tuple[float, int, Callable[[float], tuple[str, str]]]
"""When (epoch seconds), a number that keeps equal times in order, and what writes the lines (audit, laurel)."""


def before(stage: Stage, now: float, zone: str) -> tuple[str, str]:
    """Return the lines (audit, laurel) before `now`, from the last working day on: 2 000 to 5 000 events, in order."""
    hours = list(_office_hours(now, zone))
    span = now - min(now - _DAY, hours[0] - 3600)
    acts = heapq.merge(_pipelines(stage, now, span), _backups(stage, now, span), _people(stage, hours))
    audit, laurel = [], []
    for ts, _, act in acts:
        one, two = act(ts)
        audit.append(one)
        laurel.append(two)
    return "".join(audit), "".join(laurel)


def _pipelines(stage: Stage, now: float, span: float) -> Iterator[Act]:
    ts, number = now - span, 0
    while (ts := ts + stage.dice.expovariate(_RUNS / span)) < now - 2:
        path, number = stage.pick(*_ALL), number + 1
        yield ts, number, lambda t, path=path: (stage.look(t, LIMS, path), "")  # type: ignore[misc]


def _backups(stage: Stage, now: float, span: float) -> Iterator[Act]:
    ts, number = now - span, 1_000_000
    while (ts := ts + stage.dice.expovariate(_COPIES / span)) < now - 2:
        paths, number = [stage.pick(*_ALL) for _ in range(2)], number + 1
        yield ts, number, lambda t, paths=paths: ("", stage.back_up(t, paths))  # type: ignore[misc]


def _people(stage: Stage, hours: list[float]) -> Iterator[Act]:
    """Each person comes, looks at files for some minutes each hour, and goes; only in business hours."""
    acts: list[Act] = []
    number = 2_000_000
    for hour in hours:
        for person in _READS:
            for ts, act in _visit(stage, person, hour):
                number += 1
                acts.append((ts, number, act))
    return iter(sorted(acts, key=lambda act: act[:2]))


def _visit(stage: Stage, person: Person, hour: float) -> Iterator[tuple[float, Callable[[float], tuple[str, str]]]]:
    begin = hour + stage.dice.uniform(60, 900)
    moments = sorted(begin + stage.dice.uniform(5, 2400) for _ in range(stage.dice.randrange(2, 12)))
    for moment in moments:
        path = stage.pick(*_READS[person])
        yield moment, lambda t, path=path: (stage.look(t, person, path), "")  # type: ignore[misc]
    yield moments[-1] + 30, lambda t: (stage.leave(t, person), "")


def _office_hours(now: float, zone: str) -> Iterator[float]:
    """Yield the full hours of the last finished working day: Monday to Friday, 8 to 18 o'clock local time."""
    night = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(zone))
    day = night - timedelta(days=1)
    while day.weekday() > 4:
        day -= timedelta(days=1)
    for hour in range(8, 18):
        yield day.replace(hour=hour, minute=0, second=0, microsecond=0).timestamp()
