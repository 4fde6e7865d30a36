"""Who touched a canary: the drill, the engine itself, or somebody. And when each stage first saw the drill's read.

The judge asks for every batch, so what costs is only asked when a canary is in it. Known by the pid of a process that is
alive while the drill runs, and by the time: neither a name nor an argument that somebody else could use.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC

import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.engine.clock import Clock
from seqwatch_tui.model.alert import Alert
from seqwatch_tui.model.canary import OF_DRILL, OF_ENGINE, TOUCHED

DRILL_RULE = "canary-drill"
_SLACK_SECONDS = 1.0
_POLICY = ("allowed", "business_hours", "network_allowed")
"""What is not held against the drill."""


@dataclass(slots=True)
class Watched:
    """One drill as its read goes through the stages. Times are monotonic seconds; null = not seen yet."""

    number: int
    path: str
    pid: int
    since: float
    """Epoch seconds from which on an event can be its own."""
    sources: dict[str, float] = field(default_factory=dict)
    """When the line of each source was read."""
    event_ids: list[int] = field(default_factory=list)
    raised: float | None = None
    alert: Alert | None = None
    stored: float | None = None
    moved: threading.Event = field(default_factory=threading.Event)
    """Set whenever a stage has seen it."""


class Witness:
    """Used by the judge (`mark`, `raised`), the writer (`stored`) and the drill (`watch`, `forget`)."""

    def __init__(self, clock: Clock, started: float) -> None:
        """`started` is when this engine began, epoch seconds: its pid was somebody else's before."""
        self._clock, self._started = clock, started
        self._watched: Watched | None = None

    def watch(self, watched: Watched) -> None:
        """Expect the read of a drill."""
        self._watched = watched

    def forget(self) -> None:
        """Expect none any more."""
        self._watched = None

    def mark(self, events: pa.Table, received: Mapping[str, float]) -> pa.Table:
        """Return the judged events with the reads of the drill and of the engine told apart from all others.

        `received` is when the bytes of each source of the batch were read, monotonic seconds.
        """
        rows = _touched(events)
        if not rows:
            return events
        columns = {
            name: events.column(name).take(pa.array(rows)).to_pylist()
            for name in ("pid", "ts", "path", "source", "event_id")
        }
        said: dict[int, str] = {}
        for place, row in enumerate(rows):
            fact = {name: values[place] for name, values in columns.items()}
            stamp = fact["ts"].replace(tzinfo=UTC).timestamp()
            if text := self._own(fact["pid"], stamp, fact["path"]):
                said[row] = text
                if text.startswith(OF_DRILL):
                    self._seen(fact["source"], received, fact["event_id"])
        return _rewritten(events, said) if said else events

    def raised(self, alerts: Sequence[Alert]) -> None:
        """Note the drill's alert."""
        watched = self._watched
        if watched is not None and watched.event_ids and watched.raised is None:
            for alert in alerts:
                if alert.rule_id == DRILL_RULE and alert.last_ts >= watched.since - _SLACK_SECONDS:
                    watched.alert, watched.raised = alert, self._clock.monotonic()
                    watched.moved.set()

    def stored(self, alerts: Iterable[Alert]) -> None:
        """Note that the drill's alert is stored."""
        watched = self._watched
        if watched is not None and watched.alert is not None and watched.stored is None:
            number = watched.alert.alert_id
            if any(alert.alert_id == number for alert in alerts):
                watched.stored = self._clock.monotonic()
                watched.moved.set()

    def _own(self, pid: int | None, stamp: float, path: str | None) -> str:
        watched = self._watched
        if (
            watched is not None
            and pid == watched.pid
            and path == watched.path
            and stamp >= watched.since - _SLACK_SECONDS
        ):
            return f"{OF_DRILL} {watched.number}: read on purpose by pid {pid}"
        if pid == os.getpid() and stamp >= self._started:
            return f"{OF_ENGINE} itself read it (pid {pid}, the engine)"
        return ""

    def _seen(self, source: str, received: Mapping[str, float], event_id: int) -> None:
        watched = self._watched
        if watched is not None:
            watched.sources.setdefault(source, received.get(source, self._clock.monotonic()))
            watched.event_ids.append(event_id)
            watched.moved.set()


def _touched(events: pa.Table) -> list[int]:
    """The rows that policy found to be on a canary; its distinct sentences are looked at first."""
    reasons = (
        events.column("reason").combine_chunks()
        if events.column("reason").num_chunks != 1
        else events.column("reason").chunk(0)
    )
    marked = pc.starts_with(reasons.dictionary, TOUCHED)
    if not pc.any(marked).as_py():
        return []
    return [int(n) for n in pc.indices_nonzero(pc.fill_null(marked.take(reasons.indices), False)).to_pylist()]


def _rewritten(events: pa.Table, said: Mapping[int, str]) -> pa.Table:
    """Put other sentences into some rows, allowed, and with nothing held against them."""
    reasons = events.column("reason").to_pylist()
    for row, text in said.items():
        reasons[row] = text
    changed = {"reason": pa.array(reasons, pa.string()).dictionary_encode()}
    for name in _POLICY:
        values = events.column(name).to_pylist()
        for row in said:
            values[row] = True if name == "allowed" else None
        changed[name] = pa.array(values, pa.bool_())
    arrays = [changed[f.name].cast(f.type) if f.name in changed else events.column(f.name) for f in events.schema]
    return pa.Table.from_arrays(arrays, schema=events.schema)
