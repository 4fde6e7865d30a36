"""Silence is measured by a source's own past: a dead writer by day is told, an idle night never is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from seqwatch_tui.engine.silence import LEARNT, Pulse, Rhythm

MONDAY = dt.datetime(2026, 11, 23, tzinfo=dt.UTC).timestamp()
HOUR, DAY = 3600.0, 86400.0


class Played:
    """A source played minute by minute; what was told, and what was learnt."""

    def __init__(self, pulse: Pulse) -> None:
        self.pulse, self.events = pulse, 0
        self.told: list[tuple[float, float]] = []
        self.learnt: list[Rhythm] = []

    def play(self, start: float, end: float, rate: Callable[[float], int]) -> None:
        now = start
        while now < end:
            self.events += rate(now)
            if (taught := self.pulse.learn(now)) is not None:
                self.learnt.append(taught)
            if (since := self.pulse.look(self.events, now)) is not None:
                self.told.append((since, now))
            now += 60.0


def office(now: float) -> int:
    """Three events a minute from 8 to 18 o'clock, nothing else."""
    return 3 if 8 <= (now % DAY) / HOUR < 18 else 0


def played(days: int) -> Played:
    source = Played(Pulse("audit", (), dt.UTC))
    source.play(MONDAY, MONDAY + days * DAY, office)
    return source


def test_a_normal_week_is_never_silent() -> None:
    source = played(5)
    assert source.told == []
    assert {r.slot for r in source.learnt} == set(range(24))
    assert {r.slot: r.least for r in source.learnt}[12] == 180


def test_a_writer_that_dies_by_day_is_told_once() -> None:
    source = played(4)
    friday = MONDAY + 4 * DAY
    source.play(friday, friday + 12 * HOUR, office)
    source.play(friday + 12 * HOUR, friday + 14 * HOUR, lambda _: 0)
    assert len(source.told) == 1
    since, when = source.told[0]
    assert friday + 12 * HOUR - 120 <= since <= friday + 12 * HOUR
    assert when - since <= 15 * 60


def test_it_is_told_again_after_it_came_back() -> None:
    source = played(4)
    friday = MONDAY + 4 * DAY
    source.play(friday, friday + 10 * HOUR, office)
    source.play(friday + 10 * HOUR, friday + 11 * HOUR, lambda _: 0)
    source.play(friday + 11 * HOUR, friday + 12 * HOUR, office)
    source.play(friday + 12 * HOUR, friday + 13 * HOUR, lambda _: 0)
    assert len(source.told) == 2


def test_an_idle_night_says_nothing_however_long() -> None:
    source = played(4)
    friday = MONDAY + 4 * DAY
    source.play(friday, friday + 7 * HOUR, lambda _: 0)
    assert source.told == []


def test_too_little_is_known_before_a_few_days() -> None:
    source = played(LEARNT - 1)
    day = MONDAY + (LEARNT - 1) * DAY
    source.play(day, day + 12 * HOUR, lambda _: 0)
    assert source.told == []


def test_bursts_teach_how_long_is_quiet() -> None:
    """Sixty events every half hour: a quarter of an hour without one is its normal."""
    source = Played(Pulse("cron", (), dt.UTC))
    source.play(MONDAY, MONDAY + 4 * DAY, lambda now: 60 if now % 1800 == 0 else 0)
    assert source.told == []
    source.play(MONDAY + 4 * DAY, MONDAY + 4 * DAY + 2 * HOUR, lambda _: 0)
    assert len(source.told) == 1
    assert source.told[0][1] - source.told[0][0] > 3600 - 120


def test_what_was_learnt_is_taken_up_after_a_restart() -> None:
    known = played(5).learnt
    newest = {r.slot: r for r in known}.values()
    again = Played(Pulse("audit", newest, dt.UTC))
    monday = MONDAY + 7 * DAY
    again.play(monday + 9 * HOUR, monday + 10 * HOUR, office)
    again.play(monday + 10 * HOUR, monday + 11 * HOUR, lambda _: 0)
    assert len(again.told) == 1


def test_a_clock_set_back_begins_anew() -> None:
    source = played(4)
    source.play(MONDAY, MONDAY + 2 * HOUR, lambda _: 0)
    assert source.told == []
