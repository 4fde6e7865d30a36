"""What repeats from record to record, understood once: parts of SYSCALL and PATH records, working directories, names.

Every answer comes from the reference parser's own stages, asked about a distinct text; this module only remembers
them as numbers, so that a column is one gather. Bounded: a full memory is thrown away and begun again.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sized
from typing import NamedTuple

import numpy as np

from seqwatch_tui.model.text import from_bytes
from seqwatch_tui.parse.bulk_columns import Distinct
from seqwatch_tui.parse.bulk_index import Ints
from seqwatch_tui.parse.calls import Call
from seqwatch_tui.parse.fields import raw_value, text_value
from seqwatch_tui.parse.normalise import call_of
from seqwatch_tui.parse.records import Records

_LIMIT = 50_000
_HEAD = b"arch=c000003e syscall=99999 success=yes exit=0 a0=0 a1=0 a2=0 a3=0 items=0 ppid=0 pid=0 "
_BETWEEN = b" exit=0 a0=0 a1=0 a2=0 a3=0 items=0 ppid=0 pid=0 auid=0"
_ENDS_WHO = re.compile(rb"""["'\x1d]|comm=|exe=|key=""")
"""What would make one part of a tail reach into the other."""
_SAYS_WHO = re.compile(rb"uid=|ses=|tty=|\x1d")
NOBODY = b"auid=4294967295"
"""What a part of a tail is understood with that is not about who."""
NULL = -(1 << 63)
"""Stands for null among numbers; no number of a record can be it."""


class Who(NamedTuple):
    """The part of an Actor that names people; what is not in it has to be looked up at the time of the event."""

    auid: int | None
    uid: int | None
    session: int | None
    auid_name: str | None
    uid_name: str | None


TAIL = ("call", "who", "auid", "uid", "session", "tty", "comm", "exe", "key")
"""Columns of `Memory.tails`: a SYSCALL record from auid= on.

`call` is the ENRICHED name of the call (-1 in RAW logs); `call`, `who`, `tty`, `comm`, `exe` and `key` are numbers in
the lists of Memory, the others are themselves, NULL for null.
"""


class Middle(NamedTuple):
    """`arch=X syscall=N success=R` of a SYSCALL record."""

    arch: str
    name: str
    known: bool
    outcome: str


class CallKind(NamedTuple):
    """A call by Middle and ENRICHED name: how it is shown and what it means."""

    name: str
    known: bool
    call: Call


class Item(NamedTuple):
    """A PATH record from dev= on. `usual` is false where that part says something about the name as well."""

    nametype: str
    directory: bool
    usual: bool


class _Known:
    """Rows of TAIL by the text they are the meaning of, kept together so that many are one gather."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._table = np.zeros((1024, len(TAIL)), np.int64)

    def __len__(self) -> int:
        return len(self._numbers)

    def rows(self, texts: list[bytes], read: Callable[[bytes], tuple[int, ...] | None]) -> Ints | None:
        """Their rows, read now where one is new; null when `read` gives none for one of them."""
        numbers = list(map(self._numbers.get, texts))
        if None in numbers:
            if not all(self._add(text, read) for text, number in zip(texts, numbers, strict=True) if number is None):
                return None
            numbers = list(map(self._numbers.get, texts))
        found: Ints = self._table[np.array(numbers, np.int64)]
        return found

    def _add(self, text: bytes, read: Callable[[bytes], tuple[int, ...] | None]) -> bool:
        row = read(text)
        if row is None:
            return False
        number = len(self._numbers)
        if number == len(self._table):
            self._table = np.concatenate((self._table, np.zeros_like(self._table)))
        self._table[number], self._numbers[text] = row, number
        return True


class Memory:
    """Numbers and answers for one parser."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._clear()

    def _clear(self) -> None:
        self._rows: dict[bytes, int] = {}
        self._parts: dict[bytes, tuple[int, ...]] = {}
        self._whos, self._whats, self._names = (_Known() for _ in range(3))
        self._both: dict[tuple[int, int], int] = {}
        self._tails = np.zeros((1024, len(TAIL)), np.int64)
        self._middles: dict[bytes, Middle] = {}
        self._items: dict[tuple[bytes, bool], Item] = {}
        self._arguments: dict[bytes, str] = {}
        self._numbers_of_who: dict[Who, int] = {}
        self.people: list[Who] = []
        self.calls, self.ttys, self.comms, self.exes, self.keys = (Distinct() for _ in range(5))

    def make_room(self) -> None:
        """Forget everything if too much is remembered. Numbers given before mean nothing afterwards."""
        known: tuple[Sized, ...] = (
            self._rows, self._items, self._middles, self._parts, self._both, self._whos, self._whats, self._names,
            self._arguments,
        )  # fmt: skip
        if max(map(len, known)) > _LIMIT:
            self._clear()

    def tails(self, texts: list[bytes]) -> Ints:
        """The meaning of SYSCALL records' parts from auid= on: a row of TAIL each."""
        rows, begin = self._rows, len(self._rows)
        new = [self._read_tail(text, row) for row, text in enumerate((t for t in texts if t not in rows), begin)]
        while len(self._tails) < begin + len(new):
            self._tails = np.concatenate((self._tails, np.zeros_like(self._tails)))
        if new:
            self._tails[begin : begin + len(new)] = new
        found: Ints = self._tails[np.array([rows[text] for text in texts], np.int64)]
        return found

    def _read_tail(self, text: bytes, row: int) -> tuple[int, ...]:
        """Understand a tail, whose place is `row`.

        Who (up to ses=), what (from comm= on) and the ENRICHED names (after 0x1d) vary independently, so each is
        understood by itself where none can say anything about the others.
        """
        self._rows[text] = row
        own, shown, names = text.partition(b"\x1d")
        who, comm, what = own.partition(b" comm=")
        if not comm or _ENDS_WHO.search(who) or _SAYS_WHO.search(what):
            return self._understood(text)
        ids, did, told = self._part(who), self._part(NOBODY + comm + what), self._part(NOBODY + shown + names)
        return (told[0], self.person(ids[1], told[1]), *ids[2:6], *did[6:])

    def who(self, texts: list[bytes]) -> Ints | None:
        """The meaning of tails up to ses=: a row of TAIL each; null where one could say something about the rest."""
        return self._whos.rows(texts, self._read_who)

    def what(self, texts: list[bytes]) -> Ints | None:
        """The meaning of tails from comm= to 0x1d, as `who`."""
        return self._whats.rows(texts, self._read_what)

    def told(self, texts: list[bytes]) -> Ints | None:
        """The meaning of tails from 0x1d on, as `who`."""
        return self._names.rows(texts, lambda text: self._understood(NOBODY + text))

    def _read_who(self, text: bytes) -> tuple[int, ...] | None:
        return None if _ENDS_WHO.search(text) else self._understood(text)

    def _read_what(self, text: bytes) -> tuple[int, ...] | None:
        return None if _SAYS_WHO.search(text) else self._understood(NOBODY + b" " + text)

    def person(self, ids: int, named: int) -> int:
        """Number of who has the ids of one and the names of another."""
        known = self._both.get((ids, named))
        if known is None:
            names = self.people[named]
            who = self.people[ids]._replace(auid_name=names.auid_name, uid_name=names.uid_name)
            known = self._both[ids, named] = self._who(who)
        return known

    def _part(self, text: bytes) -> tuple[int, ...]:
        known = self._parts.get(text)
        if known is None:
            known = self._parts[text] = self._understood(text)
        return known

    def _understood(self, text: bytes) -> tuple[int, ...]:
        call = self._records.system_call(_HEAD + text)
        actor = call.actor
        return (
            self.calls.number(call.name) if call.known else -1,
            self._who(Who(actor.auid, actor.uid, actor.session, actor.auid_name, actor.uid_name)),
            NULL if actor.auid is None else actor.auid,
            NULL if actor.uid is None else actor.uid,
            NULL if actor.session is None else actor.session,
            self.ttys.number(actor.tty), self.comms.number(actor.comm), self.exes.number(actor.exe),
            self.keys.number(actor.key),
        )  # fmt: skip

    def _who(self, who: Who) -> int:
        known = self._numbers_of_who.get(who)
        if known is None:
            known = self._numbers_of_who[who] = len(self.people)
            self.people.append(who)
        return known

    def middle(self, text: bytes) -> Middle:
        """The meaning of `arch=X syscall=N success=R`."""
        known = self._middles.get(text)
        if known is None:
            call = self._records.system_call(text + _BETWEEN)
            known = self._middles[text] = Middle(call.arch, call.name, call.known, call.outcome)
        return known

    def call_kind(self, middle: Middle, shown: str | None) -> CallKind:
        """What a call is by its number and its ENRICHED name (null in RAW logs)."""
        name = shown or middle.name
        return CallKind(name, middle.known or shown is not None, call_of(name))

    def item(self, text: bytes, *, quoted: bool) -> Item:
        """The meaning of a PATH record's part from dev= on; records with quoted names are read another way."""
        known = self._items.get((text, quoted))
        if known is None:
            name, plain = (b'"x"', "x") if quoted else (b"78", "x")
            path = self._records.path(b"item=0 name=%b inode=1 %b" % (name, text))
            known = self._items[text, quoted] = Item(path.nametype, path.directory, path.name == plain)
        return known

    def argument(self, value: bytes) -> str:
        """The argument that a value in an EXECVE record stands for, as a shell would want it written."""
        known = self._arguments.get(value)
        if known is None:
            known = self._arguments[value] = shlex.quote(from_bytes(raw_value(value) or value.strip(b'"')))
        return known

    def name(self, token: bytes) -> str | None:
        """The name a PATH record's name= token (ASCII) stands for."""
        if token.isalnum():
            return text_value(token)
        if token[:1] == b'"' and token.find(b'"', 1) == len(token) - 1 > 1:
            return token[1:-1].decode("ascii")
        return self._records.path(b"item=0 name=%b inode=1 dev=00:00 mode=0 nametype=NORMAL" % token).name
