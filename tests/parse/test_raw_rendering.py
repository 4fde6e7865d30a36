"""The recorded log as auditd would have written it with log_format = RAW: who, what, which file, from where are the same.

An ENRICHED line is the RAW line, a group separator (0x1d) and the kernel's numbers as names (auditd.conf(5)).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seqwatch_tui.parse.auditd import AuditdParser
from seqwatch_tui.parse.bulk import BulkAuditdParser
from seqwatch_tui.parse.interface import Knowledge

ENRICHED = (Path(__file__).parents[1] / "golden" / "sshd-workload-enriched.log").read_bytes()
RAW = b"".join(line.split(b"\x1d")[0].rstrip(b"\n") + b"\n" for line in ENRICHED.splitlines(keepends=True))
PARSERS = pytest.mark.parametrize("parser", [AuditdParser, BulkAuditdParser])


def _rows(parser: Any, data: bytes, host_names: dict[int, str]) -> list[dict[str, Any]]:
    reading = parser("audit", "host", Knowledge(host_names=host_names))
    reading.feed(data, 0)
    rows: list[dict[str, Any]] = reading.take(final=True).events.to_pylist()
    return rows


def test_the_rendering_has_lost_something() -> None:
    assert ENRICHED.count(b"\x1d") > 600
    assert b"\x1d" not in RAW
    assert RAW.count(b"\n") == ENRICHED.count(b"\n")


@PARSERS
def test_both_forms_tell_the_same_with_the_names_of_the_host(parser: Any) -> None:
    assert _rows(parser, RAW, {0: "root"}) == _rows(parser, ENRICHED, {0: "root"})


@PARSERS
def test_without_the_host_only_the_name_of_root_is_missing(parser: Any) -> None:
    """People's names are in the trail's own login records; root never logged in here, so RAW does not name uid 0."""
    differences = {
        (name, told[name], untold[name])
        for told, untold in zip(_rows(parser, ENRICHED, {}), _rows(parser, RAW, {}), strict=True)
        for name in told
        if told[name] != untold[name]
    }
    assert differences == {("uid_name", "root", None), ("user_name", "root", None)}
