"""How the tests of this room feed parsers and read what comes out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from seqwatch_tui.model.evidence import Counts
from seqwatch_tui.parse.auditd import AuditdParser
from seqwatch_tui.parse.interface import Knowledge, Parsed, Parser

GOLDEN = Path(__file__).parent.parent / "golden"
ENRICHED = GOLDEN / "sshd-workload-enriched.log"
GENERATED = GOLDEN / "generated.audit.log"


def strip_enriched(log: bytes) -> bytes:
    """The RAW twin of an ENRICHED log."""
    return b"".join(line.partition(b"\x1d")[0].rstrip(b"\n") + b"\n" for line in log.splitlines(keepends=True))


def parse(log: bytes, knowledge: Knowledge | None = None, *, final: bool = True) -> Parsed:
    """The whole of a log by the reference parser."""
    parser = AuditdParser("audit", "host", knowledge)
    parser.feed(log, 0)
    return parser.take(final=final)


def feed_all(parser: Parser, log: bytes, cuts: Iterable[int], start: int = 0) -> list[Parsed]:
    """Feed `log` from `start` in pieces that end at `cuts`, a take() after each, and a final one."""
    out = []
    for cut in [*sorted(c for c in cuts if start < c < len(log)), len(log)]:
        parser.feed(log[start:cut], start)
        out.append(parser.take())
        start = cut
    out.append(parser.take(final=True))
    return out


def rows(*parsed: Parsed) -> list[dict[str, Any]]:
    """Event rows without the numbers that depend on the batch; columns that are null are left out."""
    found = [row for p in parsed for row in p.events.to_pylist()]
    return [{k: v for k, v in row.items() if v is not None and k != "event_id"} for row in found]


def by_serial(parsed: Parsed) -> dict[int, dict[str, Any]]:
    """Event rows by serial, every column."""
    return {row["serial"]: row for row in parsed.events.to_pylist()}


def records(*parsed: Parsed) -> list[dict[str, Any]]:
    """Record rows, each with the serial of its event instead of its number (null for strays)."""
    out = []
    for p in parsed:
        serials = p.events.column("serial").to_pylist()
        for record in p.records.to_pylist():
            event = record.pop("event_id")
            out.append({**record, "serial": None if event is None else serials[event]})
    return out


def total(parsed: Iterable[Parsed]) -> Counts:
    """Counts over all batches."""
    counts = Counts()
    for p in parsed:
        counts += p.counts
    return counts


def assert_equation(parsed: Iterable[Parsed]) -> None:
    """records = rows in `records` + duplicates; unparsed lines are rows without an event."""
    for p in parsed:
        assert p.counts.records == p.records.num_rows + p.counts.duplicates
        assert p.counts.events == p.events.num_rows
        types = p.records.column("type").to_pylist()
        assert p.counts.unparsed == types.count("UNPARSED")
