"""Times in which the engine did not watch, and steps of the clock: found by comparing clocks, and a file touched while alive.

What happened meanwhile is read afterwards from files, so nothing is missing of them; but it was judged late, and
windows of correlations, sessions and ages span a time that was not. Pure but for the file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seqwatch_tui.model.evidence import Gap

FILE = "alive"
"""Touched every few seconds beneath the state folder; its time says when an engine last ran."""
DOWN_SECONDS = 30.0
"""A shorter absence (a restart) is not told."""
STALL_SECONDS = 10.0
STEP_SECONDS = 2.0
"""More than the kernel slews a clock by between two looks."""


def last_alive(state_dir: Path) -> float | None:
    """Epoch seconds at which an engine last ran here; null when none did."""
    try:
        return (state_dir / FILE).stat().st_mtime
    except FileNotFoundError:
        return None


def touch_alive(state_dir: Path, now: float) -> None:
    """Say that the engine runs; OSError as open(2) and utime(2)."""
    path = state_dir / FILE
    path.touch(mode=0o600)
    os.utime(path, (now, now))


def downtime(sources: Sequence[str], last: float | None, now: float) -> list[Gap]:
    """The gaps of sources that were not judged while no engine ran; a count of 0 says that nothing is missing."""
    if last is None or now - last < DOWN_SECONDS:
        return []
    detail = f"no engine ran for {now - last:.0f} s: what was written meanwhile is read now and was not judged live"
    return [Gap(source, "downtime", last, now, 0, "exact", detail) for source in sources]


@dataclass(frozen=True, slots=True)
class Moment:
    """Both clocks at once, seconds."""

    now: float
    monotonic: float


def clock_gaps(source: str, before: Moment, after: Moment) -> list[Gap]:
    """What two looks a second apart say: the clock was set, or the engine was stopped (or the host asleep)."""
    passed = after.monotonic - before.monotonic
    step = after.now - before.now - passed
    gaps = []
    if abs(step) > STEP_SECONDS:
        detail = (
            f"the clock moved by {step:+.1f} s: times before and after cannot be compared; see what set it"
            " (chronyc tracking, journalctl -u systemd-timesyncd)"
        )
        start, end = sorted((before.now, after.now))
        gaps.append(Gap(source, "clock", start, end, 0, "exact", detail))
    if passed > STALL_SECONDS:
        detail = f"the engine stood still for {passed:.0f} s (stopped, or starved): what was written meanwhile was not judged live"
        gaps.append(Gap(source, "downtime", after.now - passed, after.now, 0, "exact", detail))
    return gaps
