"""Commands are declared once: no key means two things, and everything that tells about keys agrees."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from seqwatch_tui.console.commands.registry import COMMANDS, footer, named, of_key
from seqwatch_tui.console.keytable import table
from seqwatch_tui.console.views.help import GROUPS
from tests.console.test_drawing import CONTEXTS


@pytest.mark.parametrize("context", sorted(CONTEXTS))
def test_a_key_means_one_thing_in_a_context(context: str) -> None:
    for key in {key for command in COMMANDS for key in command.keys}:
        here = [command for command in COMMANDS if key in command.keys and command.applies(context)]
        special = [command for command in here if command.where and context in command.where]
        assert len(special) <= 1, f"{key} in {context}: {[command.name for command in special]}"
        assert len([command for command in here if not command.where]) <= 1


def test_every_command_is_documented_named_and_reachable() -> None:
    assert len({command.name for command in COMMANDS}) == len(COMMANDS)
    for command in COMMANDS:
        assert command.help().endswith((".", "word.")), command.name
        assert command.name == command.name.lower()
        assert bool(command.keys) == bool(command.shown), command.name
        assert named(command.name) is command
        for key in command.keys:
            assert any(of_key(key, context) is command for context in CONTEXTS), (
                f"{command.name}: {key} never reaches it"
            )


def test_acts_are_capitals_or_ask_and_none_works_everywhere() -> None:
    for command in COMMANDS:
        if command.acts:
            assert command.where, command.name
            assert command.shown in ("a", "Enter") or command.shown.isupper()


def test_a_name_may_be_shortened_while_it_is_unique() -> None:
    assert named("quar") is named("quarantine")
    assert named("p") is None
    assert named("") is None


def test_the_table_of_keys_has_a_row_per_command() -> None:
    lines = list(table())
    assert len(lines) == len(COMMANDS) + 2
    assert all(line.count("|") == 5 for line in lines)
    printed = subprocess.run(
        [sys.executable, "-m", "seqwatch_tui.console.keytable"], capture_output=True, text=True, check=True
    ).stdout
    assert printed.splitlines() == lines


def test_the_manual_holds_the_table_of_keys_as_it_is() -> None:
    manual = (Path(__file__).resolve().parents[2] / "docs" / "console.md").read_text(encoding="utf-8")
    assert "\n".join(table()) in manual, "docs/console.md: paste the output of python -m seqwatch_tui.console.keytable"


def test_the_help_names_every_command() -> None:
    assert {command.group for command in COMMANDS} == set(GROUPS)


def test_the_footer_names_the_end_of_a_snooze_where_there_are_snoozes() -> None:
    assert ("D", "end snooze") in footer("snoozes", read_only=False)
    assert ("D", "end snooze") not in footer("listed", read_only=False)
