"""Notifications into uses and rows: what is joined, when it is handed over, and what it is called."""

from __future__ import annotations

import pytest

from seqwatch_tui.sensor import kernel as k
from seqwatch_tui.sensor.processes import Actor
from seqwatch_tui.sensor.uses import CLOSED_SECONDS, FIRST_SECONDS, NEXT_SECONDS, NO_READ_SEEN, NO_WRITE_SEEN, Use, Uses

OPEN, READ, WRITE, EXEC = k.FAN_OPEN, k.FAN_ACCESS, k.FAN_MODIFY, k.FAN_OPEN_EXEC
CLOSE_R, CLOSE_W = k.FAN_CLOSE_NOWRITE, k.FAN_CLOSE_WRITE


class World:
    """Uses with a pid and a path, fed at given times."""

    def __init__(self) -> None:
        self.uses = Uses()

    def feed(self, mask: int, now: float, *, pid: int = 7, path: bytes = b"/d/a", directory: bool = False) -> None:
        use = self.uses.known(pid, path)
        if use is None:
            use = Use(path, Actor(pid), directory, now, 1, None)
            self.uses.begin(use)
        self.uses.add(use, mask, 1, now)

    def take(self, now: float) -> list[tuple[str, dict[str, int]]]:
        return [(report.action, dict(use.counts)) for use in self.uses.take(now) for report in use.reports()]


@pytest.mark.parametrize(
    ("mask", "rows"),
    [
        (OPEN | READ | CLOSE_R, [("read", ())]),
        (OPEN | CLOSE_R, [("read", (NO_READ_SEEN,))]),
        (OPEN | WRITE | CLOSE_W, [("write", ())]),
        (OPEN | CLOSE_W, [("write", (NO_WRITE_SEEN,))]),
        (OPEN | READ | WRITE | CLOSE_W, [("write", ()), ("read", ())]),
        (OPEN, [("open", ())]),
        (CLOSE_R, [("close", ())]),
        (CLOSE_W, [("close", ())]),
        (READ, [("read", ())]),
        (WRITE, [("write", ())]),
        (OPEN | EXEC | READ | CLOSE_R, [("execute", ())]),
    ],
)
def test_what_a_use_comes_to(mask: int, rows: list[tuple[str, tuple[str, ...]]]) -> None:
    use = Use(b"/d/a", Actor(7), False, 0.0, 1, None, mask=mask)
    assert [(report.action, report.warnings) for report in use.reports()] == rows


def test_a_listing_is_an_open_and_its_end_is_nothing() -> None:
    use = Use(b"/d", Actor(7), True, 0.0, 1, None, mask=OPEN | READ | CLOSE_R)
    assert [report.action for report in use.reports()] == ["open"]
    use.mask = CLOSE_R
    assert not list(use.reports())


def test_a_burst_of_reads_is_one_row_with_counts() -> None:
    world = World()
    world.feed(OPEN, 10.0)
    for n in range(1000):
        world.feed(READ, 10.0 + n / 10_000)
    world.feed(CLOSE_R, 10.2)
    assert not world.take(10.2)
    assert world.take(10.3 + CLOSED_SECONDS) == [("read", {"open": 1, "read": 1000, "close_nowrite": 1})]
    assert len(world.uses) == 0


def test_opening_the_same_file_again_and_again_joins() -> None:
    world = World()
    for n in range(5):
        world.feed(OPEN | READ | CLOSE_R, 10.0 + n / 100)
    assert world.take(10.3) == [("read", {"open": 5, "read": 5, "close_nowrite": 5})]


def test_a_long_read_is_reported_soon_and_then_now_and_then() -> None:
    world = World()
    world.feed(OPEN | READ, 10.0)
    assert world.take(10.0 + FIRST_SECONDS) == [("read", {"open": 1, "read": 1})]
    world.feed(READ, 12.0)
    assert not world.take(13.5)
    assert world.take(12.0 + NEXT_SECONDS) == [("read", {"read": 1})]
    world.feed(CLOSE_R, 23.0)
    assert world.take(24.0) == [("close", {"close_nowrite": 1})]
    assert len(world.uses) == 0


def test_two_processes_or_two_files_are_two_uses() -> None:
    world = World()
    world.feed(OPEN | READ | CLOSE_R, 10.0)
    world.feed(OPEN | READ | CLOSE_R, 10.0, pid=8)
    world.feed(OPEN | READ | CLOSE_R, 10.0, path=b"/d/b")
    assert len(world.take(11.0)) == 3


def test_a_file_that_is_left_open_and_idle_is_forgotten_in_the_end() -> None:
    world = World()
    world.feed(OPEN | READ, 10.0)
    world.take(11.0)
    world.take(80.0)
    assert len(world.uses) == 0


def test_a_use_is_alone_only_while_its_process_uses_nothing_else() -> None:
    world = World()
    world.feed(OPEN, 10.0)
    first = world.uses.known(7, b"/d/a")
    assert first is not None
    assert first.alone
    world.feed(OPEN, 10.1, path=b"/d/b")
    second = world.uses.known(7, b"/d/b")
    assert second is not None
    assert not first.alone
    assert not second.alone


def test_a_use_follows_a_rename_of_its_file_or_folder() -> None:
    world = World()
    world.feed(OPEN | WRITE, 10.0, path=b"/d/tmp/x")
    world.uses.moved(b"/d/tmp", b"/d/final")
    assert world.uses.known(7, b"/d/final/x") is not None
    world.feed(CLOSE_W, 10.1, path=b"/d/final/x")
    assert [use.path for use in world.uses.take(11.0)] == [b"/d/final/x"]
