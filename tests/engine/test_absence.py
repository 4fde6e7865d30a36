"""Absences and steps of the clock: told when they matter, never for a restart or a slewed clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqwatch_tui.engine.absence import Moment, clock_gaps, downtime, last_alive, touch_alive

T = 1_795_000_000.0


def test_nobody_was_ever_here(tmp_path: Path) -> None:
    assert last_alive(tmp_path) is None
    assert downtime(["audit"], None, T) == []


def test_an_absence_is_told_per_source_and_nothing_of_it_is_missing(tmp_path: Path) -> None:
    touch_alive(tmp_path, T)
    last = last_alive(tmp_path)
    assert last == pytest.approx(T)
    gaps = downtime(["audit", "falco"], last, T + 3600)
    assert [(g.source, g.kind, g.start, g.end, g.count) for g in gaps] == [
        ("audit", "downtime", T, T + 3600, 0), ("falco", "downtime", T, T + 3600, 0),
    ]  # fmt: skip
    assert oct((tmp_path / "alive").stat().st_mode & 0o777) == "0o600"


def test_a_restart_is_none(tmp_path: Path) -> None:
    touch_alive(tmp_path, T)
    assert downtime(["audit"], last_alive(tmp_path), T + 20) == []


@pytest.mark.parametrize(
    ("wall", "passed", "kinds"),
    [(1.0, 1.0, []), (2.5, 1.0, []), (-3600.0, 1.0, ["clock"]), (31_536_000.0, 1.0, ["clock"]), (60.0, 60.0, ["downtime"]),
     (4000.0, 60.0, ["clock", "downtime"])],
)  # fmt: skip
def test_two_looks_tell_a_step_from_a_stop(wall: float, passed: float, kinds: list[str]) -> None:
    gaps = clock_gaps("seqwatch", Moment(T, 10.0), Moment(T + wall, 10.0 + passed))
    assert [gap.kind for gap in gaps] == kinds
    assert all(gap.start <= gap.end and gap.count == 0 for gap in gaps)
    assert ("-3601.0 s" in gaps[0].detail) if wall < 0 else True
