"""Exit codes and the only way a command ends with an error: one sentence on stderr."""

from __future__ import annotations

import sys
from enum import IntEnum

from seqwatch_tui.model.text import safe_text


class Exit(IntEnum):
    """What the exit status means."""

    OK = 0
    FINDING = 1
    """A mismatch, a refusal, a broken chain."""
    USAGE = 2
    """Usage or configuration."""
    FAILED = 3
    """The engine or a source failed."""


class CommandError(Exception):
    """Ends the command: `text` is shown, `hint` says what to do."""

    def __init__(self, code: Exit, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.code, self.text, self.hint = code, text, hint


def note(text: str) -> None:
    """Write one line to stderr, made safe for a terminal; newlines of ours stay."""
    sys.stderr.write("\n".join(safe_text(line) for line in text.split("\n")) + "\n")
    sys.stderr.flush()


def show_error(error: CommandError) -> int:
    """Write an error as `seqwatch: what; hint` and return its exit status."""
    hint = "".join(f"\n  {line}" for line in error.hint.split("\n")) if error.hint else ""
    note(f"seqwatch: {error.text.removeprefix('seqwatch: ')}{hint}")
    return int(error.code)
