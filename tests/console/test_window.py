"""The run of events in memory: unbroken, bounded, with serial numbers that stay."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqwatch_tui.console.answers import Panel
from seqwatch_tui.console.window import EventWindow


def panel(first: int, last: int, *, cut: bool = False, **more: int) -> Panel:
    rows = tuple((number, "x") for number in range(first, last + 1))
    return Panel(("event_id", "path"), rows, len(rows), cut, **more)


def test_newer_rows_are_added_once_and_older_ones_before() -> None:
    window = EventWindow()
    assert window.feed(panel(10, 20, cut=True)) == 11
    assert window.feed(panel(18, 22)) == 2
    assert window.prepend(panel(5, 9, cut=True)) == 5
    assert [window.row(serial)[0] for serial in range(window.first, window.end)] == list(range(5, 23))
    assert not window.reached_start
    window.prepend(panel(1, 4))
    assert window.reached_start


def test_a_cut_answer_breaks_the_run_because_rows_between_are_missing() -> None:
    window = EventWindow()
    window.feed(panel(1, 10))
    generation = window.generation
    window.feed(panel(500, 510, cut=True))
    assert window.generation == generation + 1
    assert (window.oldest, window.newest) == (500, 510)


def test_a_serial_names_the_same_row_while_the_run_lasts() -> None:
    window = EventWindow(keep=100)
    window.feed(panel(1, 50))
    serial = window.first + 30
    row = window.row(serial)
    window.feed(panel(51, 110))
    assert window.row(serial) == row
    with pytest.raises(IndexError):
        window.row(window.first - 1)


def test_what_matched_is_counted_on() -> None:
    window = EventWindow()
    window.feed(panel(1, 5, matched=5, looked_at=100))
    window.feed(panel(6, 7, matched=2, looked_at=10))
    assert (window.matched, window.looked_at) == (7, 110)


def test_rows_that_do_not_match_are_counted_once_however_often_they_are_looked_at() -> None:
    window = EventWindow()
    window.feed(panel(1, 5, matched=5, looked_at=100, newest=100))
    window.feed(panel(6, 5, matched=0, looked_at=105, newest=110))
    window.feed(panel(6, 5, matched=0, looked_at=115, newest=120))
    assert (window.matched, window.looked_at) == (5, 120)
    window.feed(panel(125, 125, matched=1, looked_at=125, newest=130))
    assert (window.matched, window.looked_at) == (6, 130)


@settings(max_examples=60, derandomize=True)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(5, 60))
def test_the_run_is_always_unbroken_and_bounded(steps: list[int], keep: int) -> None:
    window, newest = EventWindow(keep), 0
    for step in steps:
        window.feed(panel(newest + 1, newest + step))
        newest += step
        held = [window.row(serial)[0] for serial in range(window.first, window.end)]
        assert held == list(range(newest - len(held) + 1, newest + 1))
        assert len(held) == min(newest, keep)
