"""Whose read it was: the drill's, seqwatch's own, or somebody's. And when each stage first saw the drill's.

The judge asks for every batch, so what costs is only asked when one of these processes is in it. Known by the pid of a process that is
alive while the drill runs, by the host and by the time: neither a name nor an argument that somebody else could use.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from ipaddress import ip_address
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.engine.clock import Clock
from seqwatch_tui.engine.read_files import INGEST
from seqwatch_tui.model.alert import Alert
from seqwatch_tui.model.canary import BY_ENGINE, OF_DRILL

DRILL_RULE = "canary-drill"
_SLACK_SECONDS = 1.0
_POLICY = ("allowed", "bulk_granted", "business_hours", "network_allowed")
_GRANTED = ("allowed", "bulk_granted")
"""Of the columns of policy: those that become true; the others become null, nothing is held against seqwatch."""
_READS = ("read", "open")
"""What it does to datasets by itself; whatever else it does is judged like anybody's."""
_ASKED = ("pid", "ts", "path", "source", "event_id", "action", "host", "dataset")


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
        self._host = _label(socket.gethostname())
        self._clock, self._started = clock, started
        self._watched: Watched | None = None
        self.own_pids: Callable[[], set[int]] = lambda: {os.getpid()}
        """The processes that are seqwatch just now: the engine, and its sensor."""

    def watch(self, watched: Watched) -> None:
        """Expect the read of a drill."""
        self._watched = watched

    def forget(self) -> None:
        """Expect none any more."""
        self._watched = None

    def mark(self, events: pa.Table, received: Mapping[str, float]) -> pa.Table:
        """Return the judged events with the reads of the drill and of seqwatch itself told apart from all others.

        `received` is when the bytes of each source of the batch were read, monotonic seconds. Its reads below a descriptor,
        whose names the trail does not tell, are said to be its own and are not judged: they belong to no dataset.
        """
        watched = self._watched
        pids = self.own_pids() | ({watched.pid} if watched else set())
        own = pc.is_in(events.column("pid"), pa.array(sorted(pids), pa.int64()))
        if not pc.any(own).as_py():
            return events
        rows = pc.indices_nonzero(own)
        columns = {name: events.column(name).take(rows).to_pylist() for name in _ASKED}
        said: dict[int, str] = {}
        judged: list[int] = []
        for place, row in enumerate(rows.to_pylist()):
            fact = {name: values[place] for name, values in columns.items()}
            if fact["action"] in _READS and self._is_here(fact) and (text := self._own(fact)):
                said[row] = text
                if fact["dataset"] is not None:
                    judged.append(row)
                if text.startswith(OF_DRILL):
                    self._seen(fact["source"], received, fact["event_id"])
        return _rewritten(events, said, judged) if said else events

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

    def _is_here(self, fact: Mapping[str, Any]) -> bool:
        """Whether an event is of this host, as far as its name tells: on others the same pid is somebody else."""
        host = str(fact["host"] or "")
        return not fact["source"].startswith(INGEST) and (not host or _label(host) == self._host or _is_address(host))

    def _own(self, fact: Mapping[str, Any]) -> str:
        watched, stamp, pid = self._watched, fact["ts"].replace(tzinfo=UTC).timestamp(), fact["pid"]
        if watched is not None and pid == watched.pid:
            good = fact["path"] == watched.path and fact["dataset"] and stamp >= watched.since - _SLACK_SECONDS
            return f"{OF_DRILL} {watched.number}: read on purpose by pid {pid}" if good else ""
        return f"{BY_ENGINE} read by seqwatch itself (pid {pid})" if stamp >= self._started else ""

    def _seen(self, source: str, received: Mapping[str, float], event_id: int) -> None:
        watched = self._watched
        if watched is not None:
            watched.sources.setdefault(source, received.get(source, self._clock.monotonic()))
            watched.event_ids.append(event_id)
            watched.moved.set()


def _label(host: str) -> str:
    return host.partition(".")[0].lower()


def _is_address(host: str) -> bool:
    """auditd's name_format = numeric; auditd.conf(5)."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _rewritten(events: pa.Table, said: Mapping[int, str], judged: Sequence[int]) -> pa.Table:
    """Put other sentences into some rows; those of a dataset are allowed, and nothing is held against them."""
    reasons = events.column("reason").to_pylist()
    for row, text in said.items():
        reasons[row] = text
    changed = {"reason": pa.array(reasons, pa.string()).dictionary_encode()}
    for name in _POLICY:
        values = events.column(name).to_pylist()
        for row in judged:
            values[row] = True if name in _GRANTED else None
        changed[name] = pa.array(values, pa.bool_())
    arrays = [changed[f.name].cast(f.type) if f.name in changed else events.column(f.name) for f in events.schema]
    return pa.Table.from_arrays(arrays, schema=events.schema)
