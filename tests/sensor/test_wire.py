"""Lines to the engine: whoever chooses names of files and programs must not be able to end the sensor with them."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from seqwatch_tui.model.evidence import Resume
from seqwatch_tui.model.sensor import LINE_LIMIT
from seqwatch_tui.parse.sensor import SensorParser
from seqwatch_tui.sensor.processes import Actor
from seqwatch_tui.sensor.wire import CUT, Access, Wire

LONG = b"/data/" + b"\x01" * 4090
"""As long as a path may be, of bytes that take six when they are quoted."""


def said(access: Access) -> bytes:
    """The line of one access."""
    mine, theirs = os.pipe()
    wire = Wire(theirs)
    wire.event(access)
    os.set_blocking(theirs, True)
    with open(mine, "rb") as file:  # noqa: PTH123 - a descriptor
        wire.flush()
        os.close(theirs)
        return file.read()


def hostile(**more: Any) -> Access:
    """An access by a program, started by others, that all have the longest of names."""
    text = LONG.decode()
    who = Actor(7, 1, uid=1001, comm="\x01" * 15, exe=text, command="\x01" * 4096, parents=((5, text), (6, text)))
    return Access(1.0, 1.0, "rename", LONG, who, **more)


@pytest.mark.parametrize("old", [None, LONG, b"/data/" + b"\xff" * 20_000])
def test_the_longest_names_are_cut_and_said_to_be(old: bytes | None) -> None:
    line = said(hostile(old_path=old))
    assert len(line) <= LINE_LIMIT
    value = json.loads(line)
    assert (value["pid"], value["uid"], value["warnings"]) == (7, 1001, CUT)
    assert value["path"].encode() == LONG
    parser = SensorParser("kernel", "host", resume=Resume("run", 0))
    parser.feed(line, 0)
    counts = parser.take(final=True).counts
    assert (counts.events, counts.unparsed) == (1, 0)


def test_a_line_that_fits_is_not_cut() -> None:
    value = json.loads(said(Access(1.0, 1.0, "read", LONG, Actor(7, exe="/bin/cat", parents=((1, "/sbin/init"),)))))
    assert "warnings" not in value
    assert value["parents"] == [[1, "/sbin/init"]]


def test_a_site_of_a_thousand_datasets_is_told_of(tmp_path: Any) -> None:
    paths = {f"/data/seq/cohort-{number:05}/a-rather-long-name-of-a-run-folder": "filesystem" for number in range(1000)}
    with (tmp_path / "lines").open("wb") as file:
        Wire(file.fileno()).say("status", 1.0, pid=1, watched=paths, refused={})
    line = (tmp_path / "lines").read_bytes()
    assert len(line) > LINE_LIMIT
    parser = SensorParser("kernel", "host", resume=Resume("run", 0))
    parser.feed(line, 0)
    parsed = parser.take(final=True)
    assert (parsed.own, parsed.counts.unparsed) == (1, 0)
