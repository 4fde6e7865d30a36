"""The rows that rules of each log source look at, made of one batch: events, its raw records, processes, files, sockets.

Nothing is made for a view that no rule names. Every view's row belongs to a row of the batch of events (`event_rows`),
under which its hits are alerts like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from seqwatch_tui.detect.ancestry import Ancestry, Parents
from seqwatch_tui.detect.coded import Coded, Codes, Columns, Rowset, some_rows
from seqwatch_tui.detect.fields import RENAMED
from seqwatch_tui.detect.raw_records import Memo, Records
from seqwatch_tui.detect.record_view import RecordRows
from seqwatch_tui.detect.relevance import Relevance
from seqwatch_tui.detect.sockets import Peers
from seqwatch_tui.detect.spelling import unquoted

FILE_ACTIONS = ("create", "write", "truncate", "rename", "link")
"""Actions after which a file is new or another: what Sigma's file_event means."""
CONNECTING, ACCEPTING = ("connect", "sendto", "sendmsg"), ("accept", "accept4")
"""System calls whose SOCKADDR record is the other end, by who began."""


PARENTS = frozenset({"ParentImage", "ParentCommandLine"})
"""Fields that tell who started a process."""
Maker = Callable[[], Coded]


class EventView:
    """Some rows of the events, under more names: columns of `events`, their Sigma names, and what `own` makes."""

    def __init__(self, events: Columns, rows: Codes, renamed: Mapping[str, str], own: Mapping[str, Maker]) -> None:
        self._events, self._renamed, self._own = events, renamed, own
        self.event_rows = rows
        self._made: dict[str, Coded] = {}

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.event_rows)

    def __getitem__(self, name: str) -> Coded:
        """Return a field by codes."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._make(name)
        return made

    def _make(self, name: str) -> Coded:
        if name in self._own:
            return self._own[name]()
        found = some_rows(self._events[self._renamed.get(name, name)], self.event_rows)
        return Coded(found.codes, [unquoted(value) for value in found.values]) if name == "CommandLine" else found


@dataclass(frozen=True, slots=True)
class Past:
    """What views remember from batch to batch. Owned by one detector."""

    ancestry: Ancestry = field(default_factory=Ancestry)
    memo: Memo = field(default_factory=Memo)


class Views:
    """The views of one batch, each made when it is first asked for."""

    def __init__(
        self, events: pa.Table, records: pa.Table | None, columns: Columns, past: Past, relevance: Relevance
    ) -> None:
        """`relevance` is that of the rules of `records`."""
        self._events, self._records, self._columns = events, records, columns
        self._past, self._relevance = past, relevance
        self._made: dict[str, Rowset] = {}

    def get(self, view: str) -> Rowset:
        """Return a view."""
        made = self._made.get(view)
        if made is None:
            made = self._made[view] = self._make(view)
        return made

    @cached_property
    def parents(self) -> Parents:
        """Who started the processes of this batch. The ancestry learns from the batch once, here."""
        return self._past.ancestry.parents(self._columns, self._started)

    def learn(self) -> None:
        """Take in who started what."""
        _ = self.parents

    def _make(self, view: str) -> Rowset:
        match view:
            case "events":
                return self._columns
            case "records":
                return RecordRows(self._raw, self._relevance)
            case "processes":
                return self._processes()
            case "files":
                return EventView(self._columns, self._done(FILE_ACTIONS), RENAMED[view], {})
        return self._connections()

    @cached_property
    def _raw(self) -> Records:
        ids = np.asarray(self._events.column("event_id").to_numpy(), np.int64)
        return Records.of_batch(self._records, ids, self._columns, self._past.memo)

    @cached_property
    def _started(self) -> Codes:
        return self._done(("execute",))

    def _done(self, actions: tuple[str, ...]) -> Codes:
        """Rows with one of these actions that are not known to have failed."""
        mask = _among(self._columns["action"], actions) & ~_among(self._columns["outcome"], ("failure",))
        return np.flatnonzero(mask)

    def _processes(self) -> Rowset:
        rows = self._started
        own: dict[str, Maker] = {
            "ParentImage": lambda: self.parents.images, "ParentCommandLine": lambda: self.parents.commands,
            "CurrentDirectory": lambda: self._raw.of_events("CWD", "cwd", rows),
        }  # fmt: skip
        return EventView(self._columns, rows, RENAMED["processes"], own)

    def _connections(self) -> Rowset:
        calls = self._columns["syscall"]
        rows = np.flatnonzero(_among(calls, (*CONNECTING, *ACCEPTING)))
        peers = Peers(self._raw.of_events("SOCKADDR", "saddr", rows), _among(calls, CONNECTING)[rows])
        kept = np.flatnonzero(peers.known)
        own: dict[str, Maker] = {name: lambda name=name: some_rows(peers[name], kept) for name in Peers.FIELDS}  # type: ignore[misc]
        return EventView(self._columns, rows[kept], RENAMED["connections"], own)


def _among(column: Coded, wanted: tuple[str, ...]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Rows whose value is one of `wanted`."""
    mask = np.array([value in wanted for value in column.values] + [False])
    return mask[column.codes]
