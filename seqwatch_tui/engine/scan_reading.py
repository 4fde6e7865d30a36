"""The readers of a scan: a log with every event of it, or an audit log of which only what the sieve leaves is parsed."""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from seqwatch_tui.detect.pieces import WINDOW, Kept, safe_cut
from seqwatch_tui.engine.scan_workers import Piece, ScanFailed, Workers
from seqwatch_tui.model.evidence import Gap
from seqwatch_tui.parse.auditd import AuditdParser
from seqwatch_tui.parse.bulk import BulkAuditdParser
from seqwatch_tui.parse.interface import Knowledge, Parsed, Parser
from seqwatch_tui.parse.serials import Serials, serial_gaps
from seqwatch_tui.sources.compressed import Damaged, Unpacking, packing_of
from seqwatch_tui.sources.once import ReadOnce
from seqwatch_tui.sources.opening import Problem, open_log

_TAKE = 4 << 20
"""Bytes after which the parser is asked for what is complete."""
_TAKE_KEPT, _TOGETHER = 1 << 20, 16
"""Bytes that were kept, or pieces, after which it is asked where little of each piece is."""
_SOURCE = "scan"


@dataclass(slots=True)
class Scanned:
    """One file: what it is, how much of it was read, and what was wrong with it (empty: nothing)."""

    path: str
    format: str
    bytes: int = 0
    lines: int = 0
    unparsed: int = 0
    problem: str = ""


@dataclass(slots=True)
class Trail:
    """What the files of one log have taught so far: one log rotated, for of two hosts the one says nothing of the other."""

    knowledge: Knowledge = field(default_factory=Knowledge)
    serials: Serials = field(default_factory=lambda: Serials("", None, 0, ()))


class Whole:
    """A log of any kind, every event of it."""

    def __init__(self, file: Scanned, trail: Trail, gaps: list[Gap]) -> None:
        self._file, self._gaps = file, gaps
        self._parser = _parser(file.format, trail.knowledge)

    def batches(self) -> Iterator[Parsed]:
        """Yield what the file holds. Raises ScanFailed."""
        fed = 0
        for chunk in ReadOnce(_SOURCE, Path(self._file.path)).chunks(Event()):
            if chunk.state == "failed":
                raise ScanFailed(chunk.reason)
            self._file.bytes += len(chunk.data)
            self._file.lines += chunk.data.count(b"\n")
            self._gaps += chunk.gaps
            if chunk.gaps:
                self._file.problem = chunk.gaps[0].detail
            self._parser.feed(chunk.data, chunk.offset)
            fed += len(chunk.data)
            if fed >= _TAKE or chunk.end:
                yield self._took(self._parser.take(final=chunk.end))
                fed = 0

    def _took(self, parsed: Parsed) -> Parsed:
        self._file.unparsed += parsed.counts.unparsed
        self._gaps += parsed.gaps
        return parsed

    @staticmethod
    def place(position: int | None) -> int | None:
        """Where in the file a record is."""
        return position


class Sieved:
    """An audit log of which only what the sieve leaves is parsed."""

    def __init__(self, file: Scanned, trail: Trail, gaps: list[Gap], workers: Workers, piece: int) -> None:
        self._file, self._gaps, self._workers, self._piece = file, gaps, workers, piece
        self._parser = AuditdParser(_SOURCE, "", trail.knowledge)
        self._serials = trail.serials
        self._fed = 0
        self._starts: list[int] = []
        """Where lines begin in what the parser was fed, and (in `_places`) in the file."""
        self._places: list[int] = []

    def batches(self) -> Iterator[Parsed]:
        """Yield what the file holds for the rules. Raises ScanFailed."""
        waiting = 0
        for number, kept in enumerate(self._workers.keep(self._pieces()), 1):
            self._file.lines += kept.lines
            self._note(kept)
            self._parser.feed(kept.data, self._fed)
            self._fed += len(kept.data)
            waiting += len(kept.data)
            if waiting >= _TAKE_KEPT or number % _TOGETHER == 0:
                parsed = self._took(kept.clock_ms, final=False)
                yield parsed
                self._forget(parsed.resume.offset)
                waiting = 0
        yield self._took(0, final=True)

    def place(self, position: int | None) -> int | None:
        """Where in the file a record is that the parser was fed at `position`."""
        if position is None:
            return None
        line = bisect_right(self._starts, position) - 1
        return self._places[line] + position - self._starts[line]

    def _note(self, kept: Kept) -> None:
        """Remember where the lines are, and the serials that were there."""
        start = self._fed
        for line, place in zip(_lines(kept.data), kept.places, strict=True):
            self._starts.append(start)
            self._places.append(place)
            start += len(line)
        for run in kept.runs:
            _see(self._serials, *run)

    def _forget(self, upto: int) -> None:
        """Places of lines that were handed over."""
        gone = bisect_left(self._starts, upto)
        del self._starts[:gone], self._places[:gone]

    def _took(self, clock_ms: int, *, final: bool) -> Parsed:
        parsed = self._parser.take(final=final)
        self._file.unparsed += parsed.counts.unparsed
        self._gaps += [gap for gap in parsed.gaps if gap.kind != "serial"]
        self._gaps += serial_gaps(_SOURCE, self._serials.settled(clock_ms, final=final))
        return parsed

    def _pieces(self) -> Iterator[Piece]:
        """The file in pieces, cut between events; also the same pieces where it is packed."""
        opened = open_log(Path(self._file.path))
        if isinstance(opened, Problem):
            raise ScanFailed(opened.reason)
        with open(opened.fd, "rb"):  # noqa: PTH123 - a descriptor, closed with the block
            plain = packing_of(os.pread(opened.fd, 6, 0)) == "plain"
            yield from self._plain(opened.fd) if plain else self._unpacked(opened.fd)

    def _plain(self, fd: int) -> Iterator[Piece]:
        size, start = os.fstat(fd).st_size, 0
        while start < size:
            end = size
            if size - start > self._piece + WINDOW:
                low = max(start + self._piece - WINDOW, start)
                window = os.pread(fd, start + self._piece + WINDOW - low, low)
                end = _cut(window, start + self._piece - low) + low
            yield Piece(self._file.path, fd, start, end)
            self._file.bytes = start = end

    def _unpacked(self, fd: int) -> Iterator[Piece]:
        held, start = b"", 0
        for part in Unpacking(fd):
            if isinstance(part, Damaged):
                self._file.problem = f"{self._file.path}: {part.reason}; what could be read was looked at"
                break
            held += part
            while len(held) > self._piece + WINDOW:
                low = max(self._piece - WINDOW, 0)
                end = _cut(held[low : self._piece + WINDOW], self._piece - low) + low
                yield Piece(self._file.path, fd, start, start + end, held[:end])
                start, held = start + end, held[end:]
        if held:
            yield Piece(self._file.path, fd, start, start + len(held), held)
        self._file.bytes = start + len(held)


def _cut(window: bytes, wanted: int) -> int:
    """Where to cut: between events, else between lines, else anywhere (a line longer than any record)."""
    place = safe_cut(window, wanted)
    if place is not None and place > 0:
        return place
    return window.rfind(b"\n", 0, wanted) + 1 or window.find(b"\n", wanted) + 1 or len(window)


def _lines(data: bytes) -> list[bytes]:
    """Lines that end with a newline only."""
    lines = data.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _see(serials: Serials, first: int, last: int, millis: int) -> None:
    """Note serials that follow each other; those above the highest count as one."""
    while serials.last is not None and first <= min(serials.last, last):
        serials.see(first, millis)
        first += 1
    if first <= last:
        serials.see(first, millis)
        serials.last = last


def _parser(kind: str, knowledge: Knowledge) -> Parser:
    if kind == "auditd":
        return BulkAuditdParser(_SOURCE, "", knowledge)
    from seqwatch_tui.parse.json_lines import JsonParser, load_mapping

    return JsonParser(_SOURCE, "", load_mapping(kind), knowledge)
