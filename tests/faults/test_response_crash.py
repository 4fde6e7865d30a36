"""Killed at any call that changes something: after recovery the dataset is shut or as it was, and nothing is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seqwatch_tui.model.action import Plan
from seqwatch_tui.response.carry import recover
from seqwatch_tui.response.errors import JournalFailed
from seqwatch_tui.response.state import enforcement, is_quarantined, unfinished
from tests.response.stage import NOBODY, Desk, in_child, nobodys_desk, open_folder, own_desk, snapshot, try_here

CALLS = ("chmod", "chown", "write", "fsync", "setxattr")


@pytest.fixture(name="desk")
def an_own_desk() -> Iterator[Desk]:
    with open_folder() as folder:
        yield own_desk(folder)


@pytest.fixture(name="poor_desk")
def a_poor_desk() -> Iterator[Desk]:
    with open_folder() as folder:
        yield nobodys_desk(folder)


def act(desk: Desk, verb: str, at: int, *, after: bool) -> int:
    """Carry out `verb` in this process, killed at its call number `at`; return how many calls there were."""
    count = 0

    def wrap(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*words: Any, **more: Any) -> Any:
            nonlocal count
            count += 1
            if count == at and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            done = real(*words, **more)
            if count == at and after:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return call

    made = desk.planned(verb)
    for name in CALLS:
        setattr(os, name, wrap(name))
    from seqwatch_tui.response.carry import carry_out

    carry_out(made, desk.journal, desk.clock, try_here)
    return count


def crash_everywhere(desk: Desk, verb: str, uid: int | None) -> None:
    """Kill at each call, before and after it; recover; check; bring back the state before."""
    before = snapshot(desk.root)
    at, after, survived = 1, False, False
    while not survived:
        desk.now += 1000
        if verb == "release":
            assert in_child(lambda: desk.do("quarantine"), uid).state == "done"
            desk.now += 1000
        result = in_child(lambda: act(desk, verb, at, after=after), uid)  # noqa: B023 (runs at once)
        survived = result != -signal.SIGKILL
        desk.now += 1000
        begun = bool(unfinished(desk.journal.entries()))
        outcomes = in_child(lambda: recover(desk.journal, desk.clock, try_here), uid)
        assert [(o.verb, o.state) for o in outcomes] == [(verb, "done")] * begun
        assert unfinished(desk.journal.entries()) == []
        check(desk, before)
        desk.now += 1000
        if is_quarantined(desk.journal):
            assert in_child(lambda: desk.do("release"), uid).state == "done"
        assert snapshot(desk.root) == before
        desk.journal.path.unlink()
        at, after = (at + 1, False) if after else (at, True)
    assert at > 12


def check(desk: Desk, before: dict[str, tuple[Any, ...]]) -> None:
    """Either shut and in force, or exactly as it was; nothing between."""
    if is_quarantined(desk.journal):
        assert [found.state for found in enforcement(desk.journal, desk.now)] == ["enforced"]
        assert {state[0] for state in snapshot(desk.root).values() if len(state) > 1} == {0}
    else:
        assert snapshot(desk.root) == before


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("verb", ["quarantine", "release"])
def test_root_killed_at_every_call(desk: Desk, verb: str) -> None:
    os.chown(desk.root / "a.bam", 1234, 1234)
    crash_everywhere(desk, verb, None)


@pytest.mark.root
@pytest.mark.parametrize("verb", ["quarantine", "release"])
def test_owner_killed_at_every_call(poor_desk: Desk, verb: str) -> None:
    crash_everywhere(poor_desk, verb, NOBODY)


def test_a_disk_that_fails_stops_the_act_and_a_restart_finishes_it(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, calls = os.fsync, []

    def failing(fd: int) -> None:
        calls.append(fd)
        if len(calls) == 3:  # the folder, the intent, then the first step's line
            raise OSError(5, "Input/output error")
        real(fd)

    before = snapshot(desk.root)
    made = desk.planned("quarantine")
    monkeypatch.setattr(os, "fsync", failing)
    from seqwatch_tui.response.carry import carry_out

    with pytest.raises(JournalFailed):
        carry_out(made, desk.journal, desk.clock, try_here)
    assert len(calls) == 3
    monkeypatch.undo()
    (outcome,) = recover(desk.journal, desk.clock, try_here)
    assert outcome.state == "done"
    assert desk.do("release").state == "done"
    assert snapshot(desk.root) == before


def test_a_dataset_away_at_recovery_is_finished_when_it_is_back(desk: Desk, tmp_path: Path) -> None:
    child = in_child(lambda: act(desk, "quarantine", 6, after=True))
    assert child == -signal.SIGKILL
    away = desk.root.parent / "away"
    desk.root.rename(away)
    desk.now += 1000
    assert recover(desk.journal, desk.clock, try_here) == []
    assert is_quarantined(desk.journal) == {"d1"}
    other = desk.root.parent / "other"
    other.mkdir()
    assert isinstance(desk.plan("quarantine", other, dataset="d2"), Plan)
    away.rename(desk.root)
    assert [o.state for o in recover(desk.journal, desk.clock, try_here)] == ["done"]
