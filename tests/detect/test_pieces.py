"""Pieces of a log: where it may be cut, and what a line says of its event."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from seqwatch_tui.detect.coded import Coded
from seqwatch_tui.detect.layouts import OF_THE_EVENT
from seqwatch_tui.detect.line_fields import LineFields
from seqwatch_tui.detect.pieces import _raw, safe_cut
from seqwatch_tui.detect.raw_records import Memo
from seqwatch_tui.parse.auditd import AuditdParser
from seqwatch_tui.parse.bulk_index import Index
from seqwatch_tui.parse.bulk_layout import classify
from seqwatch_tui.parse.group import is_part

GOLDEN = Path(__file__).parent.parent / "golden"
LOGS = ("generated.audit.log", "sshd-workload-enriched.log")
_ADDED = re.compile(rb"\x1d[^\n]*")
_SERIAL = re.compile(rb":(\d+)\)")


def _values(column: Coded) -> list[object]:
    return column.at(column.codes)


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("raw_format", [False, True])
def test_a_line_says_what_its_event_does(log: str, raw_format: bool) -> None:
    data = (GOLDEN / log).read_bytes()
    if raw_format:
        data = _ADDED.sub(b"", data)
    data += b"type=SYSCALL msg=audit(1790009999.001:990001): syscall=59 arch=c000003e per=400000 success=yes a0=1\n"
    parser = AuditdParser("a", "h")
    parser.feed(data, 0)
    parsed = parser.take(final=True)
    kinds: dict[int, set[str]] = {}
    for record in parsed.records.to_pylist():
        kinds.setdefault(record["event_id"], set()).add(record["type"])
    columns = parsed.events.select([*OF_THE_EVENT.values(), "ts"]).to_pylist()
    mine = {
        record["position"]: columns[record["event_id"]]
        for record in parsed.records.to_pylist() if record["type"] == "SYSCALL" and all(map(is_part, kinds[record["event_id"]]))
    }  # fmt: skip
    index = Index(data)
    lines = classify(index, index.heads())
    fields = LineFields(index, _raw(index), lines, Memo())
    for name in OF_THE_EVENT.values():
        found = _values(fields[name])
        assert {at: found[row] for row, at in enumerate(index.start.tolist()) if at in mine} == {
            at: event[name] for at, event in mine.items()
        }
    minutes = _values(fields["ts.minute"])
    assert all(minutes[row] == mine[at]["ts"].minute for row, at in enumerate(index.start.tolist()) if at in mine)
    assert len(mine) > 50


@pytest.mark.parametrize("log", LOGS)
def test_a_cut_splits_no_event(log: str) -> None:
    data = (GOLDEN / log).read_bytes()
    for wanted in range(0, len(data), len(data) // 40):
        low, high = max(wanted - 4000, 0), wanted + 4000
        place = safe_cut(data[low:high], wanted - low)
        if place is not None:
            assert data[low + place - 1 : low + place] == b"\n"
            before, after = _SERIAL.findall(data[low : low + place]), _SERIAL.findall(data[low + place : high])
            assert max(map(int, before[1:]), default=0) < min(map(int, after), default=1 << 60)


def test_there_may_be_no_place_to_cut() -> None:
    line = b"type=PATH msg=audit(1790000000.000:7): item=0\n"
    assert safe_cut(line * 50, 1000) is None
    assert safe_cut(b"no line end", 3) is None
    assert safe_cut(np.random.default_rng(7).bytes(5000), 2000) is None
