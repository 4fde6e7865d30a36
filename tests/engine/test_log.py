"""What the engine says of trouble: no name from outside poses as a line of the log, and no trouble drowns another."""

from __future__ import annotations

import logging
from collections import deque
from types import SimpleNamespace

import pytest

from seqwatch_tui.engine.engine import Engine
from seqwatch_tui.engine.log import OneRecord


def test_a_name_from_outside_is_no_line_of_the_log() -> None:
    error = OSError("no such file: x\n2026-11-22 12:00:00,000 CRITICAL forged\x1b[31m")
    record = logging.LogRecord("seqwatch", logging.ERROR, "f", 1, "%s failed", (error,), (OSError, error, None))
    lines = OneRecord("%(levelname)s %(message)s").format(record).split("\n")
    assert lines[0] == "ERROR no such file: x"
    assert all(line.startswith("  ") for line in lines[1:])
    assert "forged\\x1b[31m" in lines[1]
    assert not any("\x1b" in line for line in lines)


def test_one_trouble_again_and_again_drowns_no_other(caplog: pytest.LogCaptureFixture) -> None:
    engine = SimpleNamespace(troubles=deque[str](maxlen=20))
    Engine.trouble(engine, "paging", OSError("nobody is told"))  # type: ignore[arg-type]
    for _ in range(50):
        Engine.trouble(engine, "housekeeping", OSError("line 3 was changed"))  # type: ignore[arg-type]
    assert list(engine.troubles) == ["paging: nobody is told", "housekeeping: line 3 was changed"]
    assert len(caplog.records) == 2
