"""Who started a process: its parent's last program and command line, from the programs started before.

Audit records name the parent by number only. What the number stood for is known if its own start was recorded; else it
is null, and rules that ask for it see nothing. Bounded: the processes not heard of for longest are forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass

from seqwatch_tui.detect.coded import Coded, Codes, Columns, coded_list
from seqwatch_tui.detect.spelling import unquoted

MAX_PROCESSES = 1 << 16
"""Processes remembered over all hosts."""


@dataclass(frozen=True, slots=True)
class Parents:
    """For each process of a batch, its parent's program and command line."""

    images: Coded
    commands: Coded


class Ancestry:
    """Programs by host and process id. Owned by one detector."""

    def __init__(self) -> None:
        self._known: dict[tuple[str | None, int | None], tuple[str | None, str | None]] = {}

    def parents(self, events: Columns, rows: Codes) -> Parents:
        """Learn from the processes started in `rows`, in their order, and return the parents of each."""
        names = ("host", "pid", "ppid", "exe", "command_line")
        columns = [events[name] for name in names]
        images: list[str | None] = []
        commands: list[str | None] = []
        for host, pid, ppid, exe, command in zip(*(c.at(c.codes[rows]) for c in columns), strict=True):
            image, line = self._known.get((host, ppid), (None, None)) if ppid is not None else (None, None)
            images.append(image)
            commands.append(line)
            if pid is not None:
                self._learn((host, pid), (exe, command))
        return Parents(coded_list(images), coded_list(None if c is None else unquoted(c) for c in commands))

    def _learn(self, process: tuple[str | None, int], program: tuple[str | None, str | None]) -> None:
        self._known.pop(process, None)
        self._known[process] = program
        if len(self._known) > MAX_PROCESSES:
            del self._known[next(iter(self._known))]
