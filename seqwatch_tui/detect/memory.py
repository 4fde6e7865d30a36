"""What the past says about an event, as codes in `context`: a first touch, a dataset woken, a session that read data.

Time is the events' own, so a back-fill says what the live stream would have said. Bounded; what a restart needs comes
back through `restored` from the store. Owned by the judge, used by its thread.

    first-touch           this person has not touched this dataset in the 400 days before, while others did for 14 days
    idle-30d, -90d, -365d nobody but bulk accounts had touched the dataset for so long
    session-read=DATASET  what the login session read last, in the 24 hours before; on events outside datasets
    session-key           the session read a key file in the 24 hours before; on reads of datasets
    new-network           see `networks`
    far-networks          see `networks`
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seqwatch_tui.catalogue.context import Mark, with_marks
from seqwatch_tui.catalogue.hours import instants_of
from seqwatch_tui.detect.memory_rows import MemoryRows, Rows, SessionKey, ends
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
MAX_PAIRS = 200_000
MAX_SESSIONS = 20_000
_SMALL = 1 << 15
_PIECE = DAY // 2
"""A batch over more time than this is looked at in pieces, so that batches of any size say the same."""
T = TypeVar("T")


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
        self._reads: OrderedDict[SessionKey, tuple[int, str]] = OrderedDict()
        self._keys: OrderedDict[SessionKey, int] = OrderedDict()
        self._logins = Logins()
        for user, dataset, first, last in found.touches:
            self._remember(user, dataset, first, last)
        for user, address, ts in found.logins:
            self._logins.note(user, address, ts)
        for host, session, user_name, dataset, ts in found.reads:
            self._reads[host, session, user_name] = ts, dataset
        for host, session, user_name, ts in found.keys:
            self._keys[host, session, user_name] = ts

    def mark(self, events: pa.Table) -> pa.Table:
        """Return the judged events with what the past says about them added to `context`."""
        if not events.num_rows:
            return events
        found: dict[str, list[Rows]] = {}
        for start, piece in _pieces(events):
            for rows, code in self._piece(MemoryRows(piece)):
                found.setdefault(code, []).append(rows + start)
        return with_marks(events, [(np.concatenate(rows), code) for code, rows in sorted(found.items())])

    def _piece(self, batch: MemoryRows) -> Iterator[Mark]:
        rare: dict[str, list[int]] = {}
        for row, code in (*self._touches(batch), *self._new_logins(batch)):
            rare.setdefault(code, []).append(row)
        yield from ((np.array(rows, np.int64), code) for code, rows in rare.items())
        yield from self._sessions(batch)

    def _touches(self, batch: MemoryRows) -> Iterator[tuple[int, str]]:
        rows = batch.rows((batch.dataset.codes >= 0) & (batch.user.codes >= 0) & batch.success & ~batch.bulk)
        if not len(rows):
            return
        firsts, lasts = ends(batch.user.codes[rows] * batch.dataset.size + batch.dataset.codes[rows])
        rows, last = rows[firsts], batch.ts[rows[lasts]].tolist()
        users, datasets = batch.user.at(batch.user.codes[rows]), batch.dataset.at(batch.dataset.codes[rows])
        for row, user, dataset, ts in zip(rows.tolist(), users, datasets, batch.ts[rows].tolist(), strict=True):
            for code in self._news(user, dataset, ts):
                yield row, code
            self._remember(user, dataset, ts, ts)
        for user, dataset, ts in zip(users, datasets, last, strict=True):
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

    def _sessions(self, batch: MemoryRows) -> Iterator[Mark]:
        inside = batch.dataset.codes >= 0
        reading = batch.in_session(inside & batch.success & batch.is_action("read"))
        keys = batch.in_session(batch.of_keys & batch.success & batch.is_action("read", "open"))
        if len(keys) or self._keys:
            since, _ = self._cause(batch, keys, reading, {key: (ts, "") for key, ts in self._keys.items()})
            yield reading[_recent(batch.ts[reading], since)], "session-key"
        if len(reading) or self._reads:
            using = batch.in_session(~inside & batch.in_use)
            since, datasets = self._cause(batch, reading, using, self._reads)
            recent = _recent(batch.ts[using], since)
            for code, rows in _by_code(using[recent], datasets[recent]):
                yield rows, f"session-read={batch.names[code]}"
        for row in batch.last_of_session(reading).tolist():
            name = batch.dataset.values[batch.dataset.codes[row]]
            _newest(self._reads, batch.key(row), (int(batch.ts[row]), name))
        for row in batch.last_of_session(keys).tolist():
            _newest(self._keys, batch.key(row), int(batch.ts[row]))

    @staticmethod
    def _cause(
        batch: MemoryRows, causes: Rows, rows: Rows, before: Mapping[SessionKey, tuple[int, str]]
    ) -> tuple[Rows, Rows]:
        """For each row the time of the last of `causes` before it in its session, and the dataset's place in `names`.

        Where the batch has none, the one from `before`; where there is none at all, long ago and -1.
        """
        cause = batch.preceding(causes, rows)
        since = np.where(cause >= 0, batch.ts[cause], -FORGET)
        datasets = np.where(cause >= 0, batch.dataset.codes[cause], -1)
        alone = np.flatnonzero(cause < 0)
        if before and len(alone):
            firsts, session = batch.by_session(rows[alone])
            known = [before.get(batch.key(row), (-FORGET, None)) for row in firsts.tolist()]
            since[alone] = np.array([ts for ts, _ in known])[session]
            datasets[alone] = np.array([-1 if name is None else batch.name(name) for _, name in known])[session]
        return since, datasets

    def _new_logins(self, batch: MemoryRows) -> Iterator[tuple[int, str]]:
        address = batch.columns["src_ip"]
        rows = batch.rows(batch.is_action("login") & batch.success & (batch.user.codes >= 0) & (address.codes >= 0))
        if not len(rows):
            return
        for row in rows.tolist():
            user, source = batch.user.values[batch.user.codes[row]], address.values[address.codes[row]]
            for code in self._logins.note(user, source, int(batch.ts[row])):
                yield row, code


def _recent(ts: Rows, since: Rows) -> npt.NDArray[np.bool_]:
    return (ts >= since) & (ts - since < SESSION)


def _by_code(rows: Rows, codes: Rows) -> Iterator[tuple[int, Rows]]:
    """The rows of each code, both ascending; codes below 0 are none."""
    if not len(rows):
        return
    small = codes.astype(np.int16) if codes.max() < _SMALL else codes  # those are sorted in one pass
    order = np.argsort(small, kind="stable")
    held = codes[order]
    start = np.flatnonzero(np.diff(held, prepend=-2))
    for code, group in zip(held[start].tolist(), np.split(rows[order], start[1:]), strict=True):
        if code >= 0:
            yield code, group


def _newest(known: OrderedDict[SessionKey, T], key: SessionKey, what: T) -> None:
    known[key] = what
    known.move_to_end(key)
    if len(known) > MAX_SESSIONS:
        known.popitem(last=False)


def _widen(known: dict[Any, list[int]], key: object, first: int, last: int) -> None:
    span = known.get(key)
    if span is None:
        known[key] = [first, last]
    else:
        span[0], span[1] = min(span[0], first), max(span[1], last)


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
