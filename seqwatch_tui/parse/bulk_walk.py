"""Walking through a piece in line order: usual events pass by as numbers, the rest goes through the reference stages.

The reference parser's state (event time, open and ended events, serials, logins) is brought to where it would be
before each line it gets, so that an expiry, a gap or a name falls on the same place in the trail. This module is the
one place that reaches into those stages. It builds no tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np

from seqwatch_tui.parse.bulk_answers import Answers
from seqwatch_tui.parse.bulk_columns import Codes, Distinct, distinct
from seqwatch_tui.parse.bulk_index import Index, Ints
from seqwatch_tui.parse.bulk_layout import Usual
from seqwatch_tui.parse.bulk_lessons import Telling
from seqwatch_tui.parse.bulk_memory import Memory, Who
from seqwatch_tui.parse.bulk_past import Handled, Past, Remembered
from seqwatch_tui.parse.bulk_values import Column, Values
from seqwatch_tui.parse.gaps import GapWatch
from seqwatch_tui.parse.group import Record
from seqwatch_tui.parse.identities import Identities
from seqwatch_tui.parse.lines import Lines
from seqwatch_tui.parse.normalise import EXPIRE_MS
from seqwatch_tui.parse.places import Places
from seqwatch_tui.parse.reassembly import _DONE_LIMIT, Reassembler
from seqwatch_tui.parse.records import Records

_WHO = ("user_name", "uid_name", "src_ip")
"""Columns that depend on when they are asked for."""

_Answer = tuple[str | None, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Slow:
    """An event that went through the reference stages: its row, its records, and the line at which it ended."""

    line: int
    row: tuple[object, ...]
    records: list[Record]


@dataclass(frozen=True, slots=True)
class Stages:
    """The parts of the reference parser that the walk moves on."""

    reassembler: Reassembler
    gaps: GapWatch
    identities: Identities
    places: Places
    records: Records
    host: str
    """Where usual events come from."""
    node: str
    """The same where their records name it, else empty."""
    foreign: bool
    """They name another host than this one (see identities.name_of)."""


class Walk:
    """One piece on its way: `run`, then read `slow` and `columns` (user_name, uid_name, src_ip of the usual events).

    `clock` is event time (ms) as of each line, `position` where the piece begins in the file.
    """

    def __init__(
        self, stages: Stages, index: Index, usual: Usual, values: Values, memory: Memory, *, clock: Ints,
        serial: Ints, millis: Ints, position: int,
    ) -> None:  # fmt: skip
        self._stages, self._index, self._usual = stages, index, usual
        self.node = stages.node
        self._clock, self._position = clock, position
        self._serial, self._millis = serial[usual.syscall], millis[usual.syscall]
        self._breaks = np.flatnonzero(np.diff(self._serial) != 1) + 1
        """Events whose serial is not the one after that of the event before."""
        self._ends, self._order = usual.ascending(usual.proctitle)
        """Last lines of the usual events, and the events in that order."""
        self._last = index.line[self._ends] + position
        """Where in the file their last records begin."""
        self._begun = self._ended = self._told = 0
        self._line = 0
        self._past = Past(index, usual, self._order, serial=self._serial, position=position)
        answers = Answers(
            values, self._past, self._order, stages.records, stages.identities, stages.places, stages.host
        )
        self._telling = Telling(
            index, values.lessons, self._order, numbers=values.numbers, texts=values.texts, host=stages.host,
            places=stages.places, asking=np.flatnonzero(values.asked[self._order]).tolist(), answer=answers.fill,
        )  # fmt: skip
        names, addresses = Distinct(), Distinct()
        self.slow: list[Slow] = []
        self.columns = {
            name: Column(np.full(len(usual), -1, np.int32), known)
            for name, known in zip(_WHO, (names, names, addresses), strict=True)
        }
        self._people, self._place = distinct(values.who, len(memory.people))
        self._known = [memory.people[number] for number in self._people.tolist()]
        self._named = self._places_by_id()
        self._answers = [self._answer(who) for who in self._known]
        self._codes = self._number()

    def run(self) -> None:
        """Go through all lines."""
        lines = np.flatnonzero(self._usual.event < 0)
        if len(lines):
            breaks = np.flatnonzero(np.diff(lines) > 1) + 1
            for run in np.split(lines, breaks):
                self._feed(int(run[0]), int(run[-1]) + 1)
        count = len(self._usual.event)
        self._expire(count)
        self._pass(count)
        self._line = count
        self.teach()
        self._tell()

    def teach(self) -> None:
        """Tell of places what the usual events ended so far teach of them; before anything asks for places."""
        self._telling.tell(self._ended)

    def ended(self, row: tuple[object, ...], records: list[Record]) -> None:
        """An event of the reference stages ended at the line that is being read."""
        self.slow.append(Slow(self._line, row, records))

    def _feed(self, first: int, stop: int) -> None:
        """Hand consecutive lines to the reference stages."""
        self._expire(first)
        self._pass(first)
        self._line = first
        index = self._index
        starts, ends = index.line[first:stop].tolist(), index.end[first:stop].tolist()
        lines = [index.data[start : end + 1] for start, end in zip(starts, ends, strict=True)]
        self._stages.reassembler.add(Lines(self._position + starts[0], lines))

    def _expire(self, upto: int) -> None:
        """End what waits in the reference stages and has waited too long at some usual line before `upto`."""
        reassembler, clock = self._stages.reassembler, self._clock
        while reassembler._open:
            oldest = next(iter(reassembler._open.values()))
            line = int(clock.searchsorted(oldest.seen_ms + EXPIRE_MS))
            if line >= upto or int(clock[line]) <= (reassembler.clock_ms or 0):
                return
            self._pass(line)
            self._line = line
            reassembler._advance(int(clock[line]))

    def _pass(self, upto: int) -> None:
        """Let the usual lines before `upto` go by: serials seen, events ended, event time."""
        begun = int(self._usual.syscall.searchsorted(upto))
        if begun > self._begun:
            self._see(self._begun, begun)
            self._begun = begun
        ended = int(self._ends.searchsorted(upto))
        if ended > self._ended:
            self._end(self._ended, ended)
            self._ended = ended
        reassembler = self._stages.reassembler
        if upto:
            reassembler.clock_ms = max(reassembler.clock_ms or 0, int(self._clock[upto - 1]))

    def _see(self, first: int, stop: int) -> None:
        """Note the serials of events first..stop-1; of a run without a hole its ends are enough."""
        gaps, node, serials, millis = self._stages.gaps, self.node, self._serial, self._millis
        breaks = self._breaks[self._breaks.searchsorted(first + 1) : self._breaks.searchsorted(stop)].tolist()
        for begin, end in pairwise([first, *breaks, stop]):
            serial, last = int(serials[begin]), int(serials[end - 1])
            gaps.see(node, serial, int(millis[begin]))
            own = gaps._serials[node]
            if own.last == serial < last:
                own.last = last - 1
                gaps.see(node, last, int(millis[end - 1]))
            elif serial < last:
                for late, ms in zip(serials[begin + 1 : end].tolist(), millis[begin + 1 : end].tolist(), strict=True):
                    gaps.see(node, late, ms)

    def _end(self, first: int, stop: int) -> None:
        """Remember events that ended, as the reassembler does: for duplicates and for Resume."""
        reassembler, usual = self._stages.reassembler, self._usual
        events = self._order[first:stop]
        for letter, lines in (("C", usual.cwd), ("X", usual.execve)):
            if letter not in reassembler.seen and (lines[events] >= 0).any():
                reassembler.seen.add(letter)
        last = self._last[first:stop]
        reassembler._handled.append((int(last[-1]), cast("bytes", Handled(last, self._past, first))))
        if not isinstance(reassembler._done, Remembered):
            reassembler._done = Remembered(reassembler._done)
        while first < stop:
            upto = min(first + max(_DONE_LIMIT - len(reassembler._done), 1), stop)
            reassembler._done.add(self._past, first, upto)
            if len(reassembler._done) >= _DONE_LIMIT:
                reassembler._done_long, reassembler._done = reassembler._done, Remembered()
            first = upto

    # Who is behind the events. Answers are kept per person and asked again where a record may have changed them;
    # events that have ended by then keep the old ones.

    def learnt(self, ids: set[int] | None) -> None:
        """Something was learnt at this line about these uids and sessions (None: anything)."""
        everyone = range(len(self._known))
        about = list(everyone if ids is None else {who for number in ids for who in self._named.get(number, ())})
        if not about:
            return
        asked = ((place, self._answer(self._known[place])) for place in about)
        changed = [(place, answer) for place, answer in asked if answer != self._answers[place]]
        if changed:
            self._tell()
        for place, answer in changed:
            self._answers[place] = answer
            for name, text in zip(_WHO, answer, strict=True):
                self._codes[name][place] = self.columns[name].values.number(text)

    def _places_by_id(self) -> dict[int | None, set[int]]:
        """Which people have a uid or a session."""
        places: dict[int | None, set[int]] = {}
        for place, who in enumerate(self._known):
            for number in (who.session, who.auid, who.uid):
                places.setdefault(number, set()).add(place)
        places.pop(None, None)
        return places

    def _answer(self, who: Who) -> _Answer:
        """The login name, the name of the uid and the address of a person, as of now."""
        identities, foreign = self._stages.identities, self._stages.foreign
        return (
            who.auid_name or identities.name_of(who.auid, foreign=foreign),
            who.uid_name or identities.name_of(who.uid, foreign=foreign),
            identities.address_of(who.session),
        )

    def _number(self) -> dict[str, Codes]:
        """The answers as numbers, for each column a number per person."""
        return {
            name: np.array([self.columns[name].values.number(answer[place]) for answer in self._answers], np.int32)
            for place, name in enumerate(_WHO)
        }

    def _tell(self) -> None:
        """Fill in the events ended so far."""
        stop = int(self._ends.searchsorted(self._line))
        events = self._order[self._told : stop]
        self._told = max(stop, self._told)
        place = self._place[events]
        for name, codes in self._codes.items():
            self.columns[name].codes[events] = codes[place]
