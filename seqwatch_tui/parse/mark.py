"""The parser's own part of a Resume: what was already handed over between the two positions of a restart.

Bytes from `resume.offset` on are fed again. Lines before `upto` have been read before: those of `done` events, and
those that belong to no open event, have been handed over and are skipped. Carried as the first entry of `Resume.done`,
so that both auditd parsers can go on where the other stopped. Knows nothing of files.
"""

from __future__ import annotations

from dataclasses import dataclass

from seqwatch_tui.model.evidence import Resume

_PREFIX = "mark:"


@dataclass(frozen=True, slots=True)
class Hole:
    """Serials first..last of a node that were skipped over at `noticed` (ms, event time) and may still come."""

    node: str
    first: int
    last: int
    noticed: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Reading state at `upto`, the end of the last line read.

    `seen` holds one letter per kind of record the stream has shown (C CWD, E EOE, X EXECVE, ...): once it has, the
    end of an event waits for them. `inside` says that `upto` lies within a line that was too long; `lost` is the last
    value of the kernel's loss counter.
    """

    upto: int
    seen: str = ""
    inside: bool = False
    lost: int = 0
    holes: tuple[Hole, ...] = ()


def write_mark(identity: str, offset: int, mark: Mark, done: list[str]) -> Resume:
    """A Resume that says all of this; `done` are keys of events handed over with records after `offset`."""
    if mark == Mark(offset) and not done:
        return Resume(identity, offset)
    holes = ",".join(f"{h.first}-{h.last}@{h.noticed}@{h.node}" for h in mark.holes)
    head = f"{_PREFIX}{mark.upto} {mark.seen or '-'} {int(mark.inside)} {mark.lost} {holes}"
    return Resume(identity, offset, (head, *done))


def read_mark(resume: Resume | None) -> tuple[Mark | None, frozenset[str]]:
    """The mark of a Resume (null without one) and the keys of events already handed over."""
    if resume is None:
        return None, frozenset()
    if not resume.done or not resume.done[0].startswith(_PREFIX):
        return Mark(resume.offset), frozenset(resume.done)
    upto, seen, inside, lost, holes = resume.done[0].removeprefix(_PREFIX).split(" ", 4)
    mark = Mark(int(upto), seen.strip("-"), inside == "1", int(lost), tuple(map(_hole, filter(None, holes.split(",")))))
    return mark, frozenset(resume.done[1:])


def _hole(text: str) -> Hole:
    span, noticed, node = text.split("@", 2)
    first, last = span.split("-")
    return Hole(node, int(first), int(last), int(noticed))
