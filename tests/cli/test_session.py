"""An engine that a command starts for itself: what it says, and how it ended."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from seqwatch_tui.cli import session
from seqwatch_tui.cli.client import Client
from seqwatch_tui.cli.exits import CommandError, Exit

TALKATIVE = """#!{python}
import sys
for number in range(4000):
    sys.stderr.write(f"2026-11-22 22:54:00 WARNING the engine says much, line {{number}}, more than a pipe holds\\n")
sys.stderr.write("seqwatch: the state directory cannot be used; give it to the user\\n  chown it\\n")
sys.exit(3)
"""


def test_a_child_that_logs_more_than_a_pipe_holds_goes_on_and_its_last_words_are_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "engine"
    program.write_text(TALKATIVE.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setattr(session.sys, "executable", str(program))
    monkeypatch.setattr(session, "START_SECONDS", 30.0)
    child = session.EngineChild(tmp_path / "seqwatch.yaml", [])
    with pytest.raises(CommandError) as told:
        child.wait_for(Client(tmp_path / "engine.sock"))
    child.stop()
    assert (told.value.code, str(told.value)) == (
        Exit.FAILED, "the state directory cannot be used; give it to the user"
    )  # fmt: skip
    assert child.status() == 3
