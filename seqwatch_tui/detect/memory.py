"""What the past says about an event, as codes in `context`: a first touch, a dataset woken, a session that read data.

Time is the events' own, so a back-fill says what the live stream would have said. Bounded; what a restart needs comes
back through `restored` from the store. Owned by the judge, used by its thread.

    first-touch           this person has not touched this dataset in the 400 days before, while others did for 14 days
    idle-30d, -90d, -365d nobody but bulk accounts had touched the dataset for so long
    session-read=DATASET  the login session read the dataset in the 24 hours before; on events outside datasets
    session-key           the session read a key file in the 24 hours before; on reads of datasets
    new-network           see `networks`
    far-networks          see `networks`
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seqwatch_tui.catalogue.context import with_marks
from seqwatch_tui.catalogue.hours import instants_of
from seqwatch_tui.detect.coded import Coded, Columns
from seqwatch_tui.detect.networks import Logins

DAY = 86_400_000_000
"""Microseconds, as all times here."""
FORGET = 400 * DAY
"""A touch longer ago than this counts as none."""
LEARN = 14 * DAY
"""How long a dataset must have been watched before anything about it is called new."""
IDLE: tuple[tuple[int, str], ...] = ((30 * DAY, "idle-30d"), (90 * DAY, "idle-90d"), (365 * DAY, "idle-365d"))
SESSION = DAY
"""How long a session counts as one that read."""
KEYS = "seqwatch_keys"
"""The audit rule key of key files (`seqwatch audit-rules`)."""
MAX_PAIRS = 200_000
MAX_SESSIONS = 20_000
_MAX_READ = 8
"""Datasets remembered per session."""
_PIECE = DAY // 2
"""A batch over more time than this is looked at in pieces, so that batches of any size say the same."""
_USE = frozenset(
    {"read", "write", "create", "rename", "link", "execute", "delete", "truncate", "chmod", "chown", "open"}
)

Rows = npt.NDArray[np.int64]
NONE: Rows = np.zeros(0, np.int64)
SessionKey = tuple[str | None, int, str | None]
"""Host, session, login identity: session numbers begin anew with every boot."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What the store remembers; times in microseconds since 1970, all UTC."""

    touches: Sequence[tuple[str, str, int, int]] = ()
    """User, dataset, first, last."""
    logins: Sequence[tuple[str, str, int]] = ()
    """User, address, when; oldest first."""
    reads: Sequence[tuple[str | None, int, str | None, str, int]] = ()
    """Host, session, user, dataset, last read."""
    keys: Sequence[tuple[str | None, int, str | None, int]] = ()
    """Host, session, user, last read of a key file."""


class Memory:
    """Marks batches in order of arrival; each batch is remembered once it is marked."""

    def __init__(self, restored: Restored | None = None) -> None:
        found = restored or Restored()
        self._pairs: OrderedDict[tuple[str, str], list[int]] = OrderedDict()
        self._datasets: dict[str, list[int]] = {}
        self._reads: OrderedDict[SessionKey, dict[str, int]] = OrderedDict()
        self._keys: OrderedDict[SessionKey, int] = OrderedDict()
        self._logins = Logins()
        for user, dataset, first, last in found.touches:
            self._remember(user, dataset, first, last)
        for user, address, ts in found.logins:
            self._logins.note(user, address, ts)
        for host, session, user_name, dataset, ts in found.reads:
            self._reads.setdefault((host, session, user_name), {})[dataset] = ts
        for host, session, user_name, ts in found.keys:
            self._keys[host, session, user_name] = ts

    def mark(self, events: pa.Table) -> pa.Table:
        """Return the judged events with what the past says about them added to `context`."""
        if not events.num_rows:
            return events
        found: dict[str, list[int]] = {}
        for start, piece in _pieces(events):
            for row, code in self._piece(piece):
                found.setdefault(code, []).append(start + row)
        marks = []
        for code, rows in sorted(found.items()):
            mask = np.zeros(events.num_rows, np.bool_)
            mask[rows] = True
            marks.append((mask, code))
        return with_marks(events, marks)

    def _piece(self, events: pa.Table) -> Iterator[tuple[int, str]]:
        batch = _Batch(events)
        yield from self._touches(batch)
        yield from self._sessions(batch)
        yield from self._new_logins(batch)

    def _touches(self, batch: _Batch) -> Iterator[tuple[int, str]]:
        rows = batch.rows((batch.dataset.codes >= 0) & (batch.user.codes >= 0) & batch.success & ~batch.bulk)
        if not len(rows):
            return
        firsts, lasts = _ends(batch.user.codes[rows] * batch.dataset.size + batch.dataset.codes[rows])
        pairs = []
        for row, last in zip(rows[firsts].tolist(), rows[lasts].tolist(), strict=True):
            user, dataset = batch.user.values[batch.user.codes[row]], batch.dataset.values[batch.dataset.codes[row]]
            for code in self._news(user, dataset, int(batch.ts[row])):
                yield row, code
            self._remember(user, dataset, int(batch.ts[row]), int(batch.ts[row]))
            pairs.append((user, dataset, int(batch.ts[last])))
        for user, dataset, ts in pairs:
            self._remember(user, dataset, ts, ts)

    def _news(self, user: str, dataset: str, ts: int) -> Iterator[str]:
        known = self._datasets.get(dataset)
        if known is None or ts - known[0] < LEARN:
            return
        mine = self._pairs.get((user, dataset))
        if mine is None or mine[1] < ts - FORGET or ts < mine[0] - DAY:
            yield "first-touch"
        for span, code in IDLE:
            if ts - known[1] >= span:
                yield code

    def _remember(self, user: str, dataset: str, first: int, last: int) -> None:
        _widen(self._pairs, (user, dataset), first, last)
        _widen(self._datasets, dataset, first, last)
        if len(self._pairs) > MAX_PAIRS:
            self._pairs.popitem(last=False)

    def _sessions(self, batch: _Batch) -> Iterator[tuple[int, str]]:
        inside, done = batch.dataset.codes >= 0, batch.success
        reading = batch.by_session(inside & done & batch.is_action("read"))
        keys = batch.by_session(batch.of_keys & done & batch.is_action("read", "open"))
        if keys or self._keys:
            for key, rows in reading.items():
                found = batch.following(rows, keys.get(key, NONE), self._keys.get(key))
                yield from ((row, "session-key") for row in found)
        if reading or self._reads:
            for key, rows in batch.by_session(~inside & batch.in_use).items():
                for dataset, last, before in self._read_by(key, batch, reading.get(key, NONE)):
                    found = batch.following(rows, last, before)
                    yield from ((row, f"session-read={dataset}") for row in found)
        for key, rows in reading.items():
            self._note_reads(key, batch, rows)
        for key, rows in keys.items():
            _newest(self._keys, key, int(batch.ts[rows[-1]]))

    def _read_by(self, key: SessionKey, batch: _Batch, rows: Rows) -> Iterator[tuple[str, Rows, int | None]]:
        """The datasets a session has read: those rows of this batch that did, and when it last did before."""
        known = self._reads.get(key, {})
        codes = batch.dataset.codes[rows]
        here = {batch.dataset.values[code]: rows[codes == code] for code in np.unique(codes).tolist()}
        for dataset in sorted({*known, *here}):
            yield dataset, here.get(dataset, NONE), known.get(dataset)

    def _note_reads(self, key: SessionKey, batch: _Batch, rows: Rows) -> None:
        known = self._reads.setdefault(key, {})
        codes = batch.dataset.codes[rows]
        for place in _ends(codes)[1].tolist():
            dataset = batch.dataset.values[codes[place]]
            if dataset in known or len(known) < _MAX_READ:
                known[dataset] = int(batch.ts[rows[place]])
        self._reads.move_to_end(key)
        if len(self._reads) > MAX_SESSIONS:
            self._reads.popitem(last=False)

    def _new_logins(self, batch: _Batch) -> Iterator[tuple[int, str]]:
        address = batch.columns["src_ip"]
        rows = batch.rows(batch.is_action("login") & batch.success & (batch.user.codes >= 0) & (address.codes >= 0))
        if not len(rows):
            return
        for row in rows.tolist():
            user, source = batch.user.values[batch.user.codes[row]], address.values[address.codes[row]]
            for code in self._logins.note(user, source, int(batch.ts[row])):
                yield row, code


class _Batch:
    """The columns that memory looks at, by codes."""

    def __init__(self, events: pa.Table) -> None:
        self.columns = columns = Columns(events)
        self.ts, _ = instants_of(events.column("ts"))
        self.user, self.dataset, self._action = columns["user_name"], columns["dataset"], columns["action"]
        self._host, self._session = columns["host"], columns["session_id"]
        self.success = _is(columns["outcome"], "success")
        self.bulk = columns["bulk_granted"].codes == 1

    def rows(self, mask: npt.NDArray[np.bool_]) -> Rows:
        return np.flatnonzero(mask)

    def is_action(self, *names: str) -> npt.NDArray[np.bool_]:
        return _is(self._action, *names)

    @property
    def in_use(self) -> npt.NDArray[np.bool_]:
        """Rows in which something is used, not only looked at; sockets have the action other."""
        return _is(self._action, *_USE, "other")

    @property
    def of_keys(self) -> npt.NDArray[np.bool_]:
        """Rows on key files."""
        return _is(self.columns["rule_key"], KEYS)

    def by_session(self, mask: npt.NDArray[np.bool_]) -> dict[SessionKey, Rows]:
        """The rows of the mask by session, in order within each."""
        rows = np.flatnonzero(mask & (self._session.codes >= 0))
        if not len(rows):
            return {}
        users, hosts = self.user.size + 1, self._host.size + 1
        codes = (self._session.codes[rows] * users + self.user.codes[rows] + 1) * hosts + self._host.codes[rows] + 1
        order = np.argsort(codes, kind="stable")
        starts = np.flatnonzero(np.diff(codes[order])) + 1
        return {self._key(int(group[0])): group for group in np.split(rows[order], starts)}

    def _key(self, row: int) -> SessionKey:
        return _value(self._host, row), int(_value(self._session, row)), _value(self.user, row)

    def following(self, rows: Rows, causes: Rows, before: int | None) -> list[int]:
        """Those of `rows` that come within `SESSION` after the last of `causes` before them, or after `before`."""
        place = np.searchsorted(causes, rows)
        last = np.full(len(rows), -FORGET if before is None else before, np.int64)
        last[place > 0] = self.ts[causes[place[place > 0] - 1]]
        since = self.ts[rows] - last
        found: list[int] = rows[(since >= 0) & (since < SESSION)].tolist()
        return found


def _is(column: Coded, *names: str) -> npt.NDArray[np.bool_]:
    wanted = np.array([value in names for value in column.values] + [False], np.bool_)
    return wanted[column.codes]


def _value(column: Coded, row: int) -> Any:
    code = int(column.codes[row])
    return None if code < 0 else column.values[code]


def _newest(known: OrderedDict[SessionKey, int], key: SessionKey, ts: int) -> None:
    known[key] = ts
    known.move_to_end(key)
    if len(known) > MAX_SESSIONS:
        known.popitem(last=False)


def _widen(known: dict[Any, list[int]], key: object, first: int, last: int) -> None:
    span = known.get(key)
    if span is None:
        known[key] = [first, last]
    else:
        span[0], span[1] = min(span[0], first), max(span[1], last)


def _ends(codes: Rows) -> tuple[Rows, Rows]:
    """The first and the last position of each distinct code, in order of the first."""
    encoded = pa.array(codes).dictionary_encode()
    place, count = encoded.indices.to_numpy(), len(encoded.dictionary)
    positions = np.arange(len(codes))
    first, last = np.empty(count, np.int64), np.empty(count, np.int64)
    first[place[::-1]], last[place] = positions[::-1], positions
    return first, last


def _pieces(events: pa.Table) -> Iterable[tuple[int, pa.Table]]:
    """Stretches of the batch over at most half a day, with the row each begins at."""
    times = np.maximum.accumulate(instants_of(events.column("ts"))[0])
    if times[-1] - times[0] <= _PIECE:
        return [(0, events)]
    pieces, start = [], 0
    while start < len(times):
        end = int(np.searchsorted(times, times[start] + _PIECE, side="right"))
        pieces.append((start, events.slice(start, end - start)))
        start = end
    return pieces


def codes_of(context: str | None) -> Mapping[str, str]:
    """Return the codes of a `context` and their values, "" where there is none."""
    return dict(part.partition("=")[::2] for part in (context or "").split("; ") if part)
