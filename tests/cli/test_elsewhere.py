"""A question answered in a process of its own: answers and errors come back, and nothing else does."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from seqwatch_tui.cli.elsewhere import Elsewhere
from seqwatch_tui.cli.exits import CommandError, Exit


def test_the_answer_comes_back_and_what_it_imported_does_not() -> None:
    def ask() -> list[object]:
        sys.modules["only_there"] = sys
        return [os.getpid(), "über", True]

    pid, text, flag = Elsewhere(ask).answer()
    assert (text, flag) == ("über", True)
    assert pid != os.getpid()
    assert "only_there" not in sys.modules


def test_an_error_of_the_command_is_raised_here_whole() -> None:
    def ask() -> None:
        raise CommandError(Exit.USAGE, "seqwatch.yaml:3: no", "write yes")

    with pytest.raises(CommandError) as caught:
        Elsewhere(ask).answer()
    assert (caught.value.code, caught.value.text, caught.value.hint) == (Exit.USAGE, "seqwatch.yaml:3: no", "write yes")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_without_an_answer_it_is_asked_here(number: int) -> None:
    here = os.getpid()

    def ask() -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), number)
        return os.getpid()

    assert Elsewhere(ask).answer() == here


def test_what_fails_unforeseen_fails_here_where_it_is_seen() -> None:
    def ask() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Elsewhere(ask).answer()
