"""What repeats from record to record, understood once: parts of SYSCALL and PATH records, working directories, names.

Every answer comes from the reference parser's own stages, asked about a distinct text; this module only remembers
them as numbers, so that a column is one gather. Bounded: a full memory is thrown away and begun again.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from seqwatch_tui.parse.bulk_columns import Distinct
from seqwatch_tui.parse.calls import Call
from seqwatch_tui.parse.event import Actor
from seqwatch_tui.parse.normalise import call_of
from seqwatch_tui.parse.records import Records

_LIMIT = 50_000
_HEAD = b"arch=c000003e syscall=99999 success=yes exit=0 a0=0 a1=0 a2=0 a3=0 items=0 ppid=0 pid=0 "
_BETWEEN = b" exit=0 a0=0 a1=0 a2=0 a3=0 items=0 ppid=0 pid=0 auid=0"
_ENDS_WHO = re.compile(rb"""["'\x1d]""")
"""What would make one part of a tail reach into the other."""
_SAYS_WHO = re.compile(rb"uid=|ses=|tty=")
NULL = -(1 << 63)
"""Stands for null among numbers; no number of a record can be it."""


class Tail(NamedTuple):
    """A SYSCALL record from auid= on: columns as numbers (of `Memory` lists, or themselves), and the actor."""

    call: int
    """Number of the ENRICHED name of the call in Memory.calls, -1 in RAW logs."""
    auid: int
    uid: int
    session: int
    tty: int
    comm: int
    exe: int
    key: int


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


class Memory:
    """Numbers and answers for one parser. `tails`, `items`, ... map bytes to answers; ask by the methods."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._clear()

    def _clear(self) -> None:
        self._tails: dict[bytes, Tail] = {}
        self._actors: dict[bytes, Actor] = {}
        self._who: dict[bytes, tuple[Tail, Actor]] = {}
        self._what: dict[bytes, tuple[Tail, Actor]] = {}
        self._items: dict[tuple[bytes, bool], Item] = {}
        self.calls, self.ttys, self.comms, self.exes, self.keys = (Distinct() for _ in range(5))

    def make_room(self) -> None:
        """Forget everything if too much is remembered. Numbers given before mean nothing afterwards."""
        if max(len(self._tails), len(self._items), len(self._who), len(self._what)) > _LIMIT:
            self._clear()

    def tail(self, text: bytes) -> Tail:
        """The meaning of a SYSCALL record's part from auid= on.

        Who (up to ses=) and what (from comm= on) vary independently, so each is understood by itself where neither
        can say anything about the other.
        """
        known = self._tails.get(text)
        if known is None:
            who, comm, what = text.partition(b" comm=")
            if not comm or _ENDS_WHO.search(who) or _SAYS_WHO.search(what.partition(b"\x1d")[0]):
                known = self._whole_tail(text)
            else:
                ids, told = self._part(self._who, who), self._part(self._what, b"auid=4294967295 comm=" + what)
                self._actors[text] = told[1]._replace(auid=ids[1].auid, uid=ids[1].uid, session=ids[1].session)
                known = ids[0]._replace(call=told[0].call, comm=told[0].comm, exe=told[0].exe, key=told[0].key)
            self._tails[text] = known
        return known

    def _part(self, parts: dict[bytes, tuple[Tail, Actor]], text: bytes) -> tuple[Tail, Actor]:
        known = parts.get(text)
        if known is None:
            tail = self._whole_tail(text)
            known = parts[text] = (tail, self._actors.pop(text))
        return known

    def _whole_tail(self, text: bytes) -> Tail:
        call = self._records.system_call(_HEAD + text)
        actor = call.actor
        self._actors[text] = actor
        return Tail(
            self.calls.number(call.name) if call.known else -1,
            NULL if actor.auid is None else actor.auid,
            NULL if actor.uid is None else actor.uid,
            NULL if actor.session is None else actor.session,
            self.ttys.number(actor.tty), self.comms.number(actor.comm), self.exes.number(actor.exe),
            self.keys.number(actor.key),
        )  # fmt: skip

    def actor(self, text: bytes) -> Actor:
        """Who a tail asked for before is about: ids and names; not its tty."""
        return self._actors[text]

    def middle(self, text: bytes) -> Middle:
        """The meaning of `arch=X syscall=N success=R`."""
        call = self._records.system_call(text + _BETWEEN)
        return Middle(call.arch, call.name, call.known, call.outcome)

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

    def name(self, token: bytes) -> str | None:
        """The name a PATH record's name= token (ASCII) stands for."""
        if token[:1] == b'"' and token.find(b'"', 1) == len(token) - 1 > 1:
            return token[1:-1].decode("ascii")
        return self._records.path(b"item=0 name=%b inode=1 dev=00:00 mode=0 nametype=NORMAL" % token).name
