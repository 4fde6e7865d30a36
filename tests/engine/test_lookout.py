"""What does not answer holds up one thread and nobody else, is told once it is old, and is looked at again when it is back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from seqwatch_tui.engine import lookout as rooms
from seqwatch_tui.engine.lookout import TOLD_SECONDS, Lookout, NoAnswer
from tests.engine.running import until

START = 1_795_000_000.0


class Stage:
    """A lookout, its clock, and a gate that looks wait at."""

    def __init__(self) -> None:
        self.clock = SimpleNamespace(seconds=START, now=lambda: self.clock.seconds)
        self.late: list[str] = []
        self.lookout = Lookout(self.clock, lambda what, error: self.late.append(f"{what}: {error}"))
        self.gate, self.calls = threading.Event(), 0

    def hang(self) -> str:
        self.calls += 1
        assert self.gate.wait(60)
        return "there"

    def fail(self) -> None:
        assert self.gate.wait(60)
        raise OSError("it went away")

    def open(self) -> None:
        self.gate.set()
        until(lambda: not any(thread.name == "look" for thread in threading.enumerate()), "the looks come back")


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.open()


def test_what_answers_is_returned_and_what_fails_is_raised(stage: Stage) -> None:
    assert stage.lookout.look("a", lambda: 7) == 7
    with pytest.raises(FileNotFoundError):
        stage.lookout.look("a", Path("/no/such/file").stat)
    assert (stage.lookout.unanswered(), stage.late) == ([], [])


def test_a_look_that_hangs_is_left_and_not_made_again(stage: Stage) -> None:
    before = threading.active_count()
    found = [stage.lookout.look("a", stage.hang, 0.01) for _ in range(20)]
    assert found == [NoAnswer("a", START)] * 20
    assert (stage.calls, threading.active_count()) == (1, before + 1)
    assert stage.lookout.look("b", lambda: 7) == 7, "others are looked at"
    stage.open()
    assert stage.lookout.look("a", stage.hang) == "there"


def test_it_is_told_when_it_is_old_and_logged_once(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "seqwatch")
    stage.lookout.look("dataset a (/d)", stage.hang, 0.01)
    stage.lookout.log()
    assert (stage.lookout.unanswered(), caplog.messages) == ([], []), "it may be merely slow"
    stage.clock.seconds += TOLD_SECONDS
    said = "dataset a (/d) has not answered since 2026-11-18 11:06:40 UTC and is not looked at; see to its mount"
    for _ in range(3):
        stage.lookout.log()
        assert stage.lookout.unanswered() == [said]
    assert caplog.messages == [said]
    stage.open()
    stage.lookout.log()
    assert (stage.lookout.unanswered(), caplog.messages[1:]) == ([], ["dataset a (/d) answers again"])


def test_a_look_that_fails_late_is_told(stage: Stage) -> None:
    stage.lookout.look("a", stage.fail, 0.01)
    stage.open()
    assert stage.late == ["a late look at a: it went away"]


def test_the_threads_are_bounded(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "MOST", 20)
    before = threading.active_count()
    for number in range(50):
        assert isinstance(stage.lookout.look(f"d{number}", stage.hang, 0.001), NoAnswer)
    assert threading.active_count() == before + 20
    stage.clock.seconds += TOLD_SECONDS
    said = stage.lookout.unanswered()
    assert said[0] == "20 looks have not come back: nothing else is looked at before that"
    assert said[-1] == "12 more give no answer and are not looked at"
    stage.open()
    assert stage.lookout.look("d49", lambda: 7) == 7
