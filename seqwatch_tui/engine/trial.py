"""A file read by a mapping as a source would be, with nothing stored: what maps, what does not, and why.

The same reader and parser as the engine's; only what is done with the outcome differs.
"""

from __future__ import annotations

import pwd
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from seqwatch_tui.model.evidence import Counts, Gap
from seqwatch_tui.model.text import from_bytes
from seqwatch_tui.parse.interface import Knowledge, Parsed
from seqwatch_tui.parse.json_lines import JsonParser
from seqwatch_tui.parse.lookup import take_apart
from seqwatch_tui.parse.mapping import Mapping
from seqwatch_tui.sources.once import ReadOnce

_NAMES_LIMIT = 2_000
"""Different field names that are counted; a hostile file may have any number of them."""
_DEPTH = 16
_CUT = 400
"""Characters of a line that did not fit which are kept to be shown."""


class TrialError(ValueError):
    """The file cannot be read; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A line (from 1) that did not fit, why, and how it begins."""

    line: int
    why: str
    text: str


@dataclass(slots=True)
class Trial:
    """What came of it. `unmapped` counts fields that no column takes; `samples` are the first rows of `events`."""

    lines: int = 0
    counts: Counts = field(default_factory=Counts)
    kept: int = 0
    """Records that are kept without an event (`only`, and what is around a list of records)."""
    refused: list[Refused] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    warnings: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)
    samples: list[dict[str, Any]] = field(default_factory=list)


def try_mapping(path: Path, mapping: Mapping, limit: int) -> Trial:
    """Read the whole of `path`; keep `limit` samples and reasons. TrialError when it cannot be read to its end."""
    trial, told = Trial(), dict[int, str]()
    known = Knowledge(host_names={entry.pw_uid: entry.pw_name for entry in pwd.getpwall()})

    def tell(position: int, why: str) -> None:
        if len(told) < limit:
            told[position] = why

    parser = JsonParser("trial", socket.gethostname(), mapping, known, tell=tell)
    unmapped = _Unmapped(mapping)
    ended = b"\n"
    for data, offset in _chunks(path):
        if data:
            parser.feed(data, offset)
            trial.lines += data.count(b"\n")
            ended = data[-1:]
        _add(trial, parser.take(), unmapped, limit)
    _add(trial, parser.take(final=True), unmapped, limit)
    trial.lines += ended != b"\n"
    trial.unmapped = unmapped.found
    trial.refused = list(_refused(path, told))
    return trial


def _chunks(path: Path) -> Iterator[tuple[bytes, int]]:
    """Content and its offset; TrialError for a file that cannot be opened or is damaged."""
    for chunk in ReadOnce("trial", path).chunks(threading.Event()):
        if chunk.state == "failed":
            raise TrialError(f"{path} does not exist; correct the path" if not path.exists() else chunk.reason)
        yield chunk.data, chunk.offset
        if chunk.gaps:
            raise TrialError(chunk.gaps[-1].detail)


def _add(trial: Trial, parsed: Parsed, unmapped: _Unmapped, limit: int) -> None:
    trial.counts += parsed.counts
    trial.gaps += parsed.gaps
    trial.kept += parsed.counts.records - parsed.counts.events - parsed.counts.unparsed - parsed.counts.duplicates
    for codes in parsed.events["warnings"].to_pylist():
        trial.warnings.update(codes.split(";") if codes else ())
    missing = limit - len(trial.samples)
    if missing > 0:
        rows = parsed.events.slice(0, missing).to_pylist()
        trial.samples += [{k: v for k, v in row.items() if v is not None} for row in rows]
    unmapped.count(parsed.records)


def _refused(path: Path, told: dict[int, str]) -> Iterator[Refused]:
    """The lines at some positions, by reading the file once more as far as the last of them."""
    wanted, line = sorted(told), 1
    for data, offset in _chunks(path) if wanted else ():
        before = offset
        while wanted and wanted[0] < offset + len(data):
            position = wanted.pop(0)
            line += data.count(b"\n", before - offset, position - offset)
            before = position
            text = data[position - offset :][:_CUT].partition(b"\n")[0]
            yield Refused(line, told[position], from_bytes(text))
        if not wanted:
            return
        line += data.count(b"\n", before - offset)


class _Unmapped:
    """Counts fields of records that no place of the mapping leads to."""

    def __init__(self, mapping: Mapping) -> None:
        self.found: Counter[str] = Counter()
        self._mapping = mapping
        used = (place.steps for place in mapping.used() if place.kind == "field")
        self._used = {".".join(step for step in steps if not step.isdigit()) for steps in used}
        self._decoder = msgspec.json.Decoder()

    def count(self, records: pa.Table) -> None:
        """Take the records that became events."""
        if self._mapping.form == "laurel" or not records.num_rows:
            return
        events = records.filter(records["event_id"].is_valid())
        raws = events["raw"].to_pylist()
        if self._mapping.form == "text":
            parts = take_apart([from_bytes(raw.rstrip(b"\r\n")) for raw in raws], self._mapping.pattern)
            values: list[Any] = [{k: v for k, v in part.items() if v} for part in parts if part]
        else:
            values = [self._decoder.decode(raw) for raw in raws]
        for value in values:
            self._note({name for name in _leaves(value, "", 0) if not self._is_used(name)})

    def _note(self, names: set[str]) -> None:
        if len(self.found) >= _NAMES_LIMIT:
            names &= self.found.keys()
        self.found.update(names)

    def _is_used(self, name: str) -> bool:
        steps = name.split(".")
        return any(".".join(steps[: i + 1]) in self._used for i in range(len(steps)))


def _leaves(value: Any, name: str, depth: int) -> Iterator[str]:
    """Names of the fields with a value of their own, as places are written."""
    if isinstance(value, dict) and value and depth < _DEPTH:
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else key, depth + 1)
    elif isinstance(value, list) and depth < _DEPTH and any(isinstance(element, dict) for element in value):
        for element in value:
            yield from _leaves(element, name, depth + 1)
    elif name and value not in (None, "", [], {}):
        yield name
