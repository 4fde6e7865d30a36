"""Cells, times, rows, tables, header, footer, themes, guard: what is drawn, without a screen."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from seqwatch_tui.console import rows, theme, when
from seqwatch_tui.console.answers import Status, Verdict
from seqwatch_tui.console.cells import fit, fit_end, fit_right, wrap
from seqwatch_tui.console.commands.registry import COMMANDS, footer
from seqwatch_tui.console.guard import Colourless, Guard
from seqwatch_tui.console.views.telling import value_text
from seqwatch_tui.console.widgets.footer import layout
from seqwatch_tui.console.widgets.header import failed_pages, posture_of, way, word_of
from seqwatch_tui.console.widgets.table import Col, holds, widths
from seqwatch_tui.model.text import safe_text
from tests.console.fake_engine import HOSTILE

CONTEXTS = {context for command in COMMANDS for context in command.where} | {"overview", "sql", "system"}


@settings(max_examples=300, derandomize=True)
@given(st.text(max_size=60).map(safe_text), st.integers(1, 40))
def test_a_fitted_text_takes_exactly_its_cells(text: str, cells: int) -> None:
    for fitted in (fit(text, cells), fit_end(text, cells), fit_right(text, cells)):
        assert cell_len(fitted) == cells


@settings(max_examples=200, derandomize=True)
@given(st.text(max_size=200).map(safe_text), st.integers(4, 40))
def test_wrapping_loses_no_character_but_spaces(text: str, cells: int) -> None:
    lines = wrap(text, cells)
    assert all(cell_len(line) <= cells for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_times_are_shown_in_the_operators_zone_and_say_so() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert when.clock(1_795_345_000.25, berlin, millis=True) == "11:56:40.250"
    assert when.offset(1_795_345_000, berlin) == "+01:00"
    assert when.offset(1_795_345_000, UTC) == "UTC"
    assert when.zone_of("No/Where") is UTC


def test_every_name_of_a_time_is_told_in_the_operators_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for name in ("ts", "at", "hour", "since", "begins", "ends", "started", "finished", "expires", "ended", "until"):
        assert value_text(name, 1_795_345_000, berlin) == "2026-11-22 11:56:40.000 +01:00", name
    assert value_text("hour", 14, berlin) == "14", "an hour of the day is no moment"
    assert when.day(1_795_388_400.0, berlin) == "2026-11-23", "midnight there is 23:00 UTC"
    assert when.short(None, 0, UTC) == "never"
    assert [when.age(n) for n in (5, 600, 10_000, 400_000)] == ["5 s", "10 min", "3 h", "5 d"]
    assert [when.rate(n) for n in (0, 0.2, 14.2, 512, 1234, 50_000)] == [
        "0/s",
        "0.2/s",
        "14/s",
        "510/s",
        "1.2k/s",
        "50k/s",
    ]
    assert when.size(1_400_000_000_000) == "1.4 TB"


@pytest.mark.parametrize(
    ("outcome", "allowed", "word"),
    [("success", True, "ok"), ("success", False, "forbidden"), ("success", None, "no policy"), ("failure", False, "denied"),
     ("failure", True, "failed"), ("unknown", True, "unknown"), ("unknown", None, "unknown")],
)  # fmt: skip
def test_the_word_for_an_access(outcome: str, allowed: bool | None, word: str) -> None:
    assert rows.result(outcome, allowed)[0] == word


def test_an_unknown_state_is_never_drawn_as_a_pass() -> None:
    assert rows.glyph("brand new state") == ("??", "unknown")
    for name in theme.names():
        look = theme.load(name)
        assert look["brand new state"] == look["unknown"]
        assert look["unknown"] != look["pass"]


def test_columns_fill_the_width_and_hide_in_order() -> None:
    for cells in range(40, 220):
        for columns in (rows.EVENTS, rows.ALERTS, rows.ENCRYPTION, rows.INTEGRITY, rows.SOURCES):
            given = [n for n in widths(columns, cells) if n]
            assert sum(given) + len(given) - 1 + 1 == cells, (cells, columns[1].title)
    narrow = dict(zip([c.title for c in rows.EVENTS], widths(rows.EVENTS, 60), strict=True))
    assert narrow["result"] == 0
    assert narrow["object"] > 10
    assert widths((Col("a", 5), Col("b")), 20) == (5, 13)


def test_plain_words_filter_and_an_exclamation_mark_turns_them_round() -> None:
    assert holds("jlee read WGS", "wgs jl")
    assert not holds("jlee read WGS", "!wgs")
    assert holds("jlee", "")


def test_the_posture_is_the_worst_verdict_and_blind_without_evidence() -> None:
    def posture(**states: str) -> str:
        names = ("evidence", "alerts", "encryption", "keys", "integrity")
        return posture_of(tuple(Verdict(name, states.get(name, "pass"), "") for name in names))[0]

    assert posture() == "CALM"
    assert posture(keys="warn") == "WATCH"
    assert posture(keys="warn", alerts="fail") == "ALARM"
    assert posture(integrity="unknown") == "BLIND"
    assert posture(evidence="unknown", keys="warn") == "BLIND"


def test_a_verdict_keeps_its_sign_and_a_word_at_any_width() -> None:
    verdict = Verdict("encryption", "warn", "1 of 3")
    assert word_of(verdict, 30) == "!  encryption 1 of 3"
    assert word_of(verdict, 12) == "!  encrypt."
    assert word_of(Verdict("alerts", "fail", "2 alerts"), 13) == "!! 2 alerts"


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("context", sorted(CONTEXTS))
def test_the_footer_is_never_longer_than_78_cells_and_always_names_the_help(context: str, read_only: bool) -> None:
    for cells in (39, 78):
        text = "".join(text for text, _ in layout(footer(context, read_only=read_only), cells)).rstrip()
        assert len(text) <= cells
    assert "? help" in text
    if read_only:
        assert "quarantine" not in text


def test_every_theme_has_every_role_and_says_states_apart_without_colour() -> None:
    assert {"dark", "light", "high-contrast", "colour-blind", "none"} <= set(theme.names())
    plain = theme.load("none")
    assert all(style.color is None and style.bgcolor is None for style in plain.styles.values())
    assert len({theme.GLYPHS[state] for state in ("pass", "warn", "fail", "unknown")}) == 4


@pytest.mark.parametrize("name", ["dark", "light", "high-contrast", "colour-blind"])
def test_every_state_can_be_read_on_its_ground(name: str) -> None:
    look = theme.load(name)
    for role in (
        "text",
        "strong",
        "pass",
        "warn",
        "fail",
        "unknown",
        "cursor",
        "bar",
        "bar.fail",
        "bar.warn",
        "message",
    ):
        style = look[role]
        assert style.color is not None
        assert style.bgcolor is not None
        ink, ground = (Color(*c.get_truecolor()) for c in (style.color, style.bgcolor))
        assert contrast(ink, ground) >= 4.5, f"{role}: {contrast(ink, ground):.1f}"


def contrast(ink: Color, ground: Color) -> float:
    """WCAG 2 contrast ratio."""

    def light(colour: Color) -> float:
        parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour.rgb]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((light(ink), light(ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_a_broken_theme_names_its_file(tmp_path: Path) -> None:
    broken = tmp_path / "odd.toml"
    broken.write_text('title = "odd"\n[styles]\ntext = "nosuchcolour"\n')
    with pytest.raises(theme.ThemeError, match=r"odd\.toml"):
        theme.read(broken)
    with pytest.raises(theme.ThemeError, match="write one of dark"):
        theme.load("../etc")


def test_the_guard_drops_controls_and_links_and_leaves_clean_lines_alone() -> None:
    guard, ground = Guard(), Color(0, 0, 0)
    clean = [Segment("plain", Style())]
    assert guard.apply(clean, ground) is clean
    dirty = [Segment(text, Style(link="http://e.vil")) for text in HOSTILE]
    for text, style, _ in guard.apply(dirty, ground):
        assert safe_text(text) == text
        assert style is not None
        assert style.link is None


def test_colourless_leaves_attributes_only() -> None:
    segments = [Segment("x", Style.parse("bold red on blue")), Segment("y", None)]
    done = Colourless().apply(segments, Color(0, 0, 0))
    assert done[0].style == Style(bold=True)
    assert done[1].style is not None


@pytest.mark.parametrize(("cells", "said"), [
    (60, "Alerts > alert 12 > event 7 > raw records"), (33, "… > event 7 > raw records"), (14, "raw records"), (3, "raw records"),
])  # fmt: skip
def test_of_a_long_way_the_end_is_kept(cells: int, said: str) -> None:
    assert way(("Alerts", "alert 12", "event 7", "raw records"), cells) == said


def test_an_address_whose_page_failed_is_said_in_the_header_and_a_drill_is_kept() -> None:
    base = {"now": 10.0, "site": "s", "verdicts": []}
    failing = {"label": "mailto:a@b.example", "state": "fail", "last": "mailto:a@b.example: down"}
    well = {"label": "x", "state": "pass", "last": "x: ok"}
    drill = {"ts": 4.0, "outcome": "done"}
    status = Status.of({**base, "paging": [failing, well], "drill": drill})
    assert (status.unpaged, status.drill) == (("mailto:a@b.example: down",), drill)
    assert ("PAGE FAILED", "bar.fail") in failed_pages(status)
    quiet = Status.of(base)
    assert (quiet.unpaged, quiet.drill, failed_pages(quiet)) == ((), None, [])
    assert status.essence() != quiet.essence()
