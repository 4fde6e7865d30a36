"""The terminal must show, after what is sent, what it would show after everything that was written."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqwatch_tui.console.mirror import Mirror, differing
from seqwatch_tui.console.sgr import PLAIN, Style, after, between

WIDTH, HEIGHT = 20, 6
STYLES = (
    "", "1", "4", "7", "38;2;1;2;3", "38;2;1;2;3;48;2;9;9;9", "1;38;2;255;138;61;48;2;9;9;9", "31;44", "38;5;200", "4;48;5;17",
    "3;9;97;103",
)  # fmt: skip
TEXTS = st.text("ab …\u00e9─", min_size=1, max_size=WIDTH)
WIDE = st.text("a 漢\u0301", min_size=1, max_size=5)


@st.composite
def lines(draw: st.DrawFn) -> str:
    """One placed line, as Textual writes it: runs, each in its style, then a reset; never past the edge."""
    y, x = draw(st.integers(1, HEIGHT)), draw(st.integers(1, WIDTH))
    out, left = f"\x1b[{y};{x}H", WIDTH - x + 1
    for _ in range(draw(st.integers(1, 3))):
        text = draw(TEXTS)[:left]
        wide = draw(WIDE) if draw(st.integers(0, 9)) == 0 and left > 12 else ""
        style = draw(st.sampled_from(STYLES))
        if text or wide:
            out += f"\x1b[{style}m{wide or text}\x1b[0m" if style else wide or text
        left -= 10 if wide else len(text)
        if left <= 0:
            break
    return out + draw(st.sampled_from(("", "\n", "\x1b[?25l", "\x1b[6n")))


FRAMES = st.lists(
    st.one_of(
        st.lists(lines(), min_size=1, max_size=8).map("".join).map(lambda text: text + "\x1b[1;1H"),
        st.tuples(st.integers(0, 2), st.integers(3, HEIGHT - 1), st.sampled_from((-2, -1, 1, 2))),
        st.just("\x1b[2J\x1b[1;1H"),
    ),
    max_size=6,
)


class Terminal:
    """A terminal that is told everything, or only what is sent."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self.stream = pyte.Stream(self.screen)

    def shows(self) -> list[list[tuple[object, ...]]]:
        """Every cell as it is seen: of a space only the ground counts, unless something marks it."""
        return [[seen(self.screen.buffer[y][x]) for x in range(WIDTH)] for y in range(HEIGHT)]


def seen(cell: pyte.screens.Char) -> tuple[object, ...]:
    if cell.data == " " and not (cell.underscore or cell.reverse or cell.strikethrough or cell.blink):
        return (" ", cell.bg)
    return tuple(cell)


@settings(max_examples=100, deadline=None)
@given(FRAMES)
def test_the_terminal_shows_what_was_written(frames: list[str | tuple[int, int, int]]) -> None:
    told, sent, mirror = Terminal(), Terminal(), Mirror()
    mirror.forget(WIDTH)
    for frame in frames:
        if isinstance(frame, tuple):
            moved = mirror.scroll(*frame)
            told.stream.feed(moved)
            sent.stream.feed(moved)
        else:
            told.stream.feed(frame.replace("\n", ""))
            sent.stream.feed(mirror.squeeze(frame))
        assert sent.shows() == told.shows()
        assert (sent.screen.cursor.y, sent.screen.cursor.x) == (told.screen.cursor.y, told.screen.cursor.x)


def test_what_is_on_the_screen_is_not_sent_again() -> None:
    mirror = Mirror()
    mirror.forget(80)
    frame = "\x1b[3;1H\x1b[38;2;9;9;9m 12:00:01.123 mallory read\x1b[0m\x1b[1;1H"
    first = mirror.squeeze(frame)
    assert "mallory" in first
    assert mirror.squeeze(frame) == ""
    changed = mirror.squeeze(frame.replace("123", "129"))
    assert changed == "\x1b[3;13H\x1b[38;2;9;9;9m9\x1b[m\x1b[1;1H"


def test_after_something_not_understood_or_a_new_size_everything_is_sent() -> None:
    mirror = Mirror()
    mirror.forget(80)
    frame = "\x1b[3;1Hhello\x1b[1;1H"
    whole = mirror.squeeze(frame)
    for strange in ("\x1b[K", "\x1b#8", "\x07", "\x1b]0;title\x07", "\x1b[38;2mx"):
        assert strange in mirror.squeeze(strange)
        assert "hello" in mirror.squeeze(frame)
    mirror.forget(100)
    assert mirror.squeeze(frame) == whole


def test_modes_questions_and_the_clipboard_pass_and_change_nothing() -> None:
    mirror = Mirror()
    mirror.forget(80)
    mirror.squeeze("\x1b[3;1Hhello\x1b[1;1H")
    for harmless in ("\x1b[6n", "\x1b[?2026h", "\x1b[?25l", "\x1b[>1u", "\x1b]52;c;aGVsbG8=\x07", "\x1b[?2026$p"):
        assert mirror.squeeze(f"{harmless}\x1b[3;1Hhello\x1b[1;1H") == harmless


@pytest.mark.parametrize(("have", "want", "sent"), [
    ("1;38;2;1;2;3;48;2;4;5;6", "38;2;1;2;3;48;2;4;5;6", "\x1b[22m"), ("31", "", "\x1b[m"), ("1;2", "1", "\x1b[0;1m"),
    ("", "7", "\x1b[7m"), ("31;44", "32;44", "\x1b[32m"),
])  # fmt: skip
def test_the_shortest_way_between_styles(have: str, want: str, sent: str) -> None:
    before, then = after(PLAIN, have), after(PLAIN, want)
    assert before is not None
    assert then is not None
    assert between(before, then) == sent


def test_a_style_is_read_as_terminals_read_it() -> None:
    assert after(PLAIN, "1;38;5;3;48;2;1;2;3") == Style(frozenset({1}), "38;5;3", "48;2;1;2;3")
    assert after(Style(frozenset({1, 2, 4}), "31", "42"), "22;39;49") == Style(frozenset({4}), "", "")
    assert after(PLAIN, "38;2;1") is None
    assert after(PLAIN, "58;5;1") is None


def test_runs_with_a_short_gap_are_one() -> None:
    assert differing([True, False, True, True, False]) == [(1, 5)]
    assert differing([False, *[True] * 6, False]) == [(0, 1), (7, 8)]
    assert differing([True] * 4) == []
