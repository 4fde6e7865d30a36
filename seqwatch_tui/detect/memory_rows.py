"""What memory looks at in a batch: its columns by codes, and which rows are of one login session. Remembers nothing."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seqwatch_tui.catalogue.hours import instants_of
from seqwatch_tui.detect.coded import Coded, Columns

KEYS = "seqwatch_keys"
"""The audit rule key of key files (`seqwatch audit-rules`)."""
_USE = frozenset(
    {"read", "write", "create", "rename", "link", "execute", "delete", "truncate", "chmod", "chown", "open"}
)

Rows = npt.NDArray[np.int64]
NONE: Rows = np.zeros(0, np.int64)
SessionKey = tuple[str | None, int, str | None]
"""Host, session, login identity: session numbers begin anew with every boot."""


class MemoryRows:
    """The columns that memory looks at, by codes."""

    def __init__(self, events: pa.Table) -> None:
        self.columns = columns = Columns(events)
        self.ts, _ = instants_of(events.column("ts"))
        self.user, self.dataset, self._action = columns["user_name"], columns["dataset"], columns["action"]
        self._host, self._session = columns["host"], columns["session_id"]
        self.success = _is(columns["outcome"], "success")
        self.bulk = columns["bulk_granted"].codes == 1
        self.names: list[str] = list(self.dataset.values)
        users, hosts = self.user.size + 1, self._host.size + 1
        codes = (self._session.codes * users + self.user.codes + 1) * hosts + self._host.codes + 1
        self._sessions = np.where(self._session.codes >= 0, codes, -1)

    def rows(self, mask: npt.NDArray[np.bool_]) -> Rows:
        """The rows of a mask."""
        return np.flatnonzero(mask)

    def is_action(self, *names: str) -> npt.NDArray[np.bool_]:
        """Rows with one of these actions."""
        return _is(self._action, *names)

    @property
    def in_use(self) -> npt.NDArray[np.bool_]:
        """Rows in which something is used, not only looked at; sockets have the action other."""
        return _is(self._action, *_USE, "other")

    @property
    def of_keys(self) -> npt.NDArray[np.bool_]:
        """Rows on key files."""
        return _is(self.columns["rule_key"], KEYS)

    def in_session(self, mask: npt.NDArray[np.bool_]) -> Rows:
        """The rows of the mask that have a session."""
        return np.flatnonzero(mask & (self._sessions >= 0))

    def name(self, dataset: str) -> int:
        """The place of a dataset in `names`, which grows."""
        if dataset not in self.names:
            self.names.append(dataset)
        return self.names.index(dataset)

    def key(self, row: int) -> SessionKey:
        """The session of a row that has one."""
        return _value(self._host, row), int(_value(self._session, row)), _value(self.user, row)

    def by_session(self, rows: Rows) -> tuple[Rows, Rows]:
        """Return the first of the rows of each session, and for each row the position of its session among those."""
        _, first, session = np.unique(self._numbers[rows], return_index=True, return_inverse=True)
        return rows[first], session

    def last_of_session(self, rows: Rows) -> Rows:
        """The last row of each session."""
        return np.sort(rows[ends(self._sessions[rows])[1]]) if len(rows) else NONE

    def preceding(self, causes: Rows, rows: Rows) -> Rows:
        """For each row the last of `causes` before it in the same session, -1 for none."""
        if not len(causes) or not len(rows):
            return np.full(len(rows), -1, np.int64)
        here, width = self._numbers, len(self._sessions) + 1
        keys = np.sort(here[causes] * width + causes)
        place = np.searchsorted(keys, here[rows] * width + rows) - 1
        session, found = np.divmod(keys[place], width)
        return np.where((place >= 0) & (session == here[rows]), found, -1)

    @cached_property
    def _numbers(self) -> Rows:
        """Each row's session as a small number."""
        return np.asarray(pa.array(self._sessions).dictionary_encode().indices.to_numpy(), np.int64)


def _is(column: Coded, *names: str) -> npt.NDArray[np.bool_]:
    wanted = np.array([value in names for value in column.values] + [False], np.bool_)
    return wanted[column.codes]


def _value(column: Coded, row: int) -> Any:
    code = int(column.codes[row])
    return None if code < 0 else column.values[code]


def ends(codes: Rows) -> tuple[Rows, Rows]:
    """The first and the last position of each distinct code, in order of the first."""
    encoded = pa.array(codes).dictionary_encode()
    place, count = encoded.indices.to_numpy(), len(encoded.dictionary)
    positions = np.arange(len(codes))
    first, last = np.empty(count, np.int64), np.empty(count, np.int64)
    first[place[::-1]], last[place] = positions[::-1], positions
    return first, last
