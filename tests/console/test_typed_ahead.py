"""Keys that a slow link delivers in one write: each has its effect before the next one is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.fake_engine import FakeEngine, Site
from tests.console.terminal import Terminal


def started(terminal: Terminal) -> None:
    """Return when the first screen stands and the terminal's answers have been read."""
    terminal.wait("jlee")
    terminal.quiet(0.3)


@pytest.mark.parametrize("keys", ["5select 1 from q", ":sql\rselect 1 from q", "2\r5select 1 from q"])
def test_what_is_typed_right_after_the_sql_screen_is_asked_for_is_in_its_editor(tmp_path: Path, keys: str) -> None:
    with FakeEngine(tmp_path / "engine.sock", Site()) as engine, Terminal(str(engine.socket)) as terminal:
        started(terminal)
        terminal.type(keys)
        terminal.wait(" select 1 from q")


def test_a_query_runs_as_it_was_typed_before_the_key_that_runs_it(tmp_path: Path) -> None:
    site = Site()
    with FakeEngine(tmp_path / "engine.sock", site) as engine, Terminal(str(engine.socket)) as terminal:
        started(terminal)
        terminal.type("5select 12\x7f3 from q\n")
        terminal.until(lambda: bool(site.posts))
        assert site.posts[-1][1]["query"] == "select 13 from q"


def test_keys_after_the_answer_to_a_question_are_keys_of_the_console(tmp_path: Path) -> None:
    with FakeEngine(tmp_path / "engine.sock", Site()) as engine, Terminal(str(engine.socket)) as terminal:
        started(terminal)
        terminal.type("1/user=jlee\r4V")
        terminal.wait("verify wes-panel-b?")
        terminal.type("x1/\x15user=svcc\x7f_lims\r2")
        terminal.wait("Alerts")
        terminal.type("1")
        terminal.wait("Events > user=svc_lims ")


def test_a_saved_query_is_edited_at_once(tmp_path: Path) -> None:
    site = Site()
    with FakeEngine(tmp_path / "engine.sock", site) as engine, Terminal(str(engine.socket)) as terminal:
        started(terminal)
        terminal.type("5\x1bOQ")
        terminal.wait("first_touch")
        terminal.type("\r-- mine ")
        terminal.wait("-- mine SELECT")
