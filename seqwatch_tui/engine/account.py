"""The account of one file: lines counted as bytes come in, held against what the parser hands over.

The two sides share no code: newlines are counted here, rows by the parser. Where they do not meet, something was lost
inside seqwatch (`SourceState.balance`). Knows no records and no storage.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from seqwatch_tui.model.evidence import Gap, GapKind, Resume, SourceState
from seqwatch_tui.parse.interface import Parsed
from seqwatch_tui.parse.mark import read_mark

_NEWLINE = 10


class Account:
    """Lines of one file from where the last run stopped counting; fed again after a restart, a line counts once."""

    def __init__(self, resume: Resume) -> None:
        mark, _ = read_mark(resume)
        self._from = mark.upto if mark is not None else resume.offset
        self._open = mark is not None and mark.inside
        self._lines = self._told = 0

    def feed(self, data: bytes, offset: int) -> None:
        """Count what begins at `offset` of the file."""
        if data:
            new = np.frombuffer(data, np.uint8)[max(self._from - offset, 0) :]
            self._lines += int(
                np.count_nonzero(new == _NEWLINE)
            )  # where there are many, seven times as fast as bytes.count
            self._open = data[-1:] != b"\n"

    def end(self) -> None:
        """The file ends here: what follows its last newline was a line too."""
        self._lines += self._open
        self._open = False

    def settle(self, state: SourceState, parsed: Parsed, *, final: bool, now: float) -> tuple[SourceState, Parsed]:
        """Return `state` with `parsed` entered, and `parsed` with the lines read and, at the end, what was given up.

        Once a file has ended, lines of it that were read and are not here any more (its copy is shorter than it was)
        are declared. `now` is the time of such a gap.
        """
        read = self._lines - parsed.ahead - self._told - parsed.own
        self._told += read + parsed.own
        counts = replace(parsed.counts, read=read)
        held = parsed.held if parsed.held is not None else state.held - (counts.records - counts.parts)
        if final and held:
            counts, held, gap = replace(counts, declared=held), 0, given_up(state.name, "truncated", held, now)
            parsed = replace(parsed, gaps=(*parsed.gaps, gap))
        return replace(state, counts=state.counts + counts, held=held), replace(parsed, counts=counts)


def given_up(source: str, kind: GapKind, lines: int, now: float) -> Gap:
    """The gap of lines that were read before a stop and are nowhere to be read again."""
    detail = (
        f"{lines} lines of events that were not complete when reading stopped are gone with their file;"
        " keep more rotated files (num_logs, rotate)"
    )
    return Gap(source, kind, now, now, lines, "exact", detail)


def without_file(state: SourceState, identity: str, now: float) -> tuple[SourceState, tuple[Gap, ...]]:
    """Return `state` before reading begins in the file `identity`: what it held of another file is declared."""
    if not state.held or state.resume is None or state.resume.identity == identity:
        return state, ()
    counts = replace(state.counts, declared=state.counts.declared + state.held)
    return replace(state, counts=counts, held=0), (given_up(state.name, "rotation", state.held, now),)
