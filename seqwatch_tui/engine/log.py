"""The engine's log on standard error: names and errors in it come from outside, and none may pose as a line of its own."""

from __future__ import annotations

import logging
import sys

from seqwatch_tui.model.text import safe_text

_FORM = "%(asctime)s %(levelname)s %(message)s"


class OneRecord(logging.Formatter):
    """A record is one line and indented ones; whatever cannot be seen is written out."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        return "\n  ".join(safe_text(line) for line in super().format(record).split("\n"))


def log_to_stderr(level: int) -> None:
    """Log from `level` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneRecord(_FORM))
    logging.basicConfig(level=level, handlers=[handler])
