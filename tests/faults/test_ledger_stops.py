"""Stop, half a write, an I/O error and a full disk at every step of the ledger, also while recovering from one."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqwatch_tui.ledger.verify import verify
from tests.ledger.world import FakeStore, Mode, StoppingDisk, assert_whole, run, run_until_done


def steps(tmp_path: Path) -> int:
    disk = StoppingDisk()
    run(tmp_path, FakeStore(), disk)
    return disk.steps


def test_there_are_steps_to_stop_at(tmp_path: Path) -> None:
    assert steps(tmp_path) > 80


@pytest.mark.parametrize(("mode", "lag", "stride"), [("half", 0, 1), ("half", 3, 2), ("error", 0, 2), ("full", 0, 2)])
def test_at_every_step(tmp_path: Path, mode: Mode, lag: int, stride: int) -> None:
    """`lag`: commits that are still on their way to the store when the stop comes."""
    for at in range(0, steps(tmp_path / "count"), stride):
        state, store = tmp_path / f"{at}", FakeStore()
        run_until_done(state, store, [StoppingDisk(at=at, mode=mode), StoppingDisk()], lag)
        assert_whole(state, store)
        report = verify(state)
        assert report.ok, f"stopped at step {at}: {report.first}"


def test_again_while_recovering(tmp_path: Path) -> None:
    """The second stop falls into the opening after the first; every seventh first stop, every third step of it."""
    for first in range(0, steps(tmp_path / "count"), 7):
        for second in range(0, 12, 3):
            state, store = tmp_path / f"{first}-{second}", FakeStore()
            disks = [StoppingDisk(at=first, mode="half"), StoppingDisk(at=second, mode="half"), StoppingDisk()]
            run_until_done(state, store, disks)
            assert_whole(state, store)
            assert verify(state).ok
