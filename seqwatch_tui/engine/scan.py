"""Logs straight to what rules find in them: no store, no configuration, nothing kept.

Rules that look at raw records only are looked for in pieces of an audit log, by as many processes as there are cores;
what they leave (`detect.pieces`) goes through the parser and the rules here, in order, so that the answer does not
depend on how many there were. Other rules, and other logs, need every event: those are read here, in one process.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from seqwatch_tui.detect.finding import Finder, Finding, only_on_records
from seqwatch_tui.detect.pieces import PieceSieve
from seqwatch_tui.detect.rule import RuleSet
from seqwatch_tui.engine.scan_reading import Scanned, Sieved, Trail, Whole
from seqwatch_tui.engine.scan_workers import ScanFailed, Workers
from seqwatch_tui.engine.work import shifted
from seqwatch_tui.model.evidence import Gap
from seqwatch_tui.parse.interface import Parsed
from seqwatch_tui.sources.compressed import Unpacking
from seqwatch_tui.sources.formats import FormatUnknown, detect_format
from seqwatch_tui.sources.opening import Problem, open_log

PIECE = 8 << 20
"""Bytes of a log looked at at once: large enough to be worth the calls, small enough for many to be under way."""
_ROTATED = re.compile(r"(?:[.-]\d+)*(?:\.(?:gz|zst|zstd|bz2|xz))?$")
_STAMP = re.compile(rb"msg=audit\((\d{1,11})\.(\d{1,3}):(\d{1,18})\)")


@dataclass(slots=True)
class Scan:
    """Rules over some files. Iterate `findings` once; then the other values are those of the whole."""

    rules: RuleSet
    paths: Sequence[Path]
    format: str = "auto"
    processes: int = 1
    piece: int = PIECE
    files: list[Scanned] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)
    """Findings by rule id."""
    faults: dict[str, str] = field(default_factory=dict)
    """Rules that could not be evaluated throughout, and why."""

    def findings(self) -> Iterator[tuple[Scanned, Finding]]:
        """Yield what is found, file by file (the oldest audit log first), in the order in which events end."""
        finder, trails = Finder(self.rules), defaultdict[tuple[str, str], Trail](Trail)
        whole = only_on_records(self.rules)
        ready = [self._opened(path) for path in self.paths]
        self.files = [file for _, file in sorted(ready, key=lambda each: each[0])]
        audit = whole and any(file.format == "auditd" for file in self.files)
        workers = Workers(PieceSieve(list(self.rules.rules)), self._workers()) if audit else None
        base = 0
        try:
            for file in self.files:
                if file.problem:
                    continue
                trail = trails[_family(Path(file.path))]
                reader = (
                    Sieved(file, trail, self.gaps, workers, self.piece)
                    if workers is not None and file.format == "auditd"
                    else Whole(file, trail, self.gaps)
                )
                try:
                    for parsed in reader.batches():
                        events, records = _numbered(parsed, base)
                        base += events.num_rows
                        for finding in finder.find(events, records):
                            self.hits[finding.rule.rule_id] += 1
                            yield file, replace(finding, position=reader.place(finding.position))
                except ScanFailed as error:
                    file.problem = str(error)
        finally:
            self.faults = finder.faults
            if workers is not None:
                workers.close()

    def _workers(self) -> int:
        """Processes worth their start."""
        size = sum(Path(file.path).stat().st_size for file in self.files if not file.problem)
        return min(self.processes, size // self.piece) if self.processes > 1 and size >= 2 * self.piece else 0

    def _opened(self, path: Path) -> tuple[tuple[int, ...], Scanned]:
        """A file and the stamp of its first record, by which rotated logs are put in order; empty where it has none."""
        try:
            kind = detect_format(path) if self.format == "auto" else self.format
        except FormatUnknown as error:
            return (), Scanned(str(path), "unknown", problem=str(error))
        opened = open_log(path)
        if isinstance(opened, Problem):
            return (), Scanned(str(path), kind, problem=opened.reason)
        with open(opened.fd, "rb"):  # noqa: PTH123 - a descriptor, closed with the block
            first = next((piece for piece in Unpacking(opened.fd) if isinstance(piece, bytes)), b"")
        found = _STAMP.search(first[: 1 << 16])
        stamp = tuple(map(int, found.groups())) if found and kind == "auditd" else ()
        return stamp, Scanned(str(path), kind)


def _family(path: Path) -> tuple[str, str]:
    """Folder and name without what rotation and packing add."""
    return str(path.absolute().parent), _ROTATED.sub("", path.name)


def _numbered(parsed: Parsed, base: int) -> tuple[pa.Table, pa.Table]:
    """A batch with event ids that go on from the last one's."""
    events, records = (
        table.set_column(0, "event_id", shifted(table["event_id"], base)) for table in (parsed.events, parsed.records)
    )
    return events, records
