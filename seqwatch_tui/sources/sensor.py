"""The built-in sensor as a source: its lines, and a gap for every moment in which nobody was heard.

What was not heard is lost, the kernel keeps nothing: so a death, a silence, a start that fails and the engine's own
absence are all gaps, declared at once and again when the sensor is back. The sensor is told since when nobody watched,
and looks the datasets over for traces of that time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, Literal

from seqwatch_tui.model.evidence import Gap, GapKind
from seqwatch_tui.model.sensor import SILENT_SECONDS, STATUS_LIMIT, VERSION
from seqwatch_tui.model.text import safe_text
from seqwatch_tui.sources.interface import Chunk
from seqwatch_tui.sources.sensor_process import Sensor

_TICK = 0.5
_MUCH, _MOST, _PATIENCE = 1 << 14, 1 << 20, 0.02
"""Bytes that say more is coming, most bytes at once, and how long (seconds) the rest is waited for."""
_KEEP_SECONDS = 10.0
_FIRST_WAIT, _LAST_WAIT = 0.25, 30.0
_AGAIN_SECONDS = 900.0
"""How often an outage that lasts is declared anew."""
_STATUS = b'{"k":"status"'


@dataclass(frozen=True, slots=True)
class Times:
    """The clock, passed in: epoch seconds, and seconds that never go back."""

    now: Callable[[], float]
    monotonic: Callable[[], float]


@dataclass(slots=True)
class _Outage:
    """A time in which nobody watches: since when, and from when on it has still to be declared. Epoch seconds."""

    kind: GapKind
    start: float
    undeclared: float
    declared_at: float = float("-inf")


def _burst(sensor: Sensor) -> bytes | None:
    """Return what the sensor says now; of much, all that comes in one go, for a batch costs about the same whatever its size."""
    data = sensor.receive(_TICK)
    if data is None or len(data) < _MUCH:
        return data
    parts, size = [data], len(data)
    while size < _MOST and (more := sensor.receive(_PATIENCE)):
        parts.append(more)
        size += len(more)
    return b"".join(parts)


class SensorStream:
    """Starts the sensor, reads it, starts it again with growing pauses. Used from one thread but for `renew`."""

    def __init__(  # noqa: PLR0917 - what is started, what it is told, since when
        self,
        name: str,
        start: Callable[[], Sensor],
        datasets: Callable[[], list[str]],
        state_dir: Path,
        heard: float | None,
        times: Times,
    ) -> None:
        """`start` may raise OSError; `heard` is when an engine last heard its sensor, null on the very first start."""
        self.name, self.path = name, "kernel"
        self.sensor_pid = 0
        """Of the running sensor; 0 while there is none or it is not ours."""
        self._start, self._datasets, self._state_dir, self._times = start, datasets, state_dir, times
        self._renewed = Event()
        self._outage = _Outage("downtime", heard, heard) if heard is not None else None
        self._heard_at = 0.0
        self._identity, self._offset = "", 0
        self._state: Literal["live", "waiting", "failed"] = "waiting"
        self._reason = "the sensor is starting"

    def renew(self) -> None:
        """The list of datasets has changed; from any thread."""
        self._renewed.set()

    def chunks(self, stop: Event) -> Iterator[Chunk]:
        """Yield lines or ticks until `stop` is set; a sensor that fails is a state with a reason."""
        wait = _FIRST_WAIT
        while not stop.is_set():
            began = self._times.monotonic()
            try:
                sensor = self._start()
            except OSError as error:
                yield self._down(f"the sensor cannot be started: {error}")
            else:
                yield from self._hear(sensor, stop)
            if self._times.monotonic() - began > _LAST_WAIT:
                wait = _FIRST_WAIT
            stop.wait(wait)
            wait = min(wait * 2, _LAST_WAIT)

    def _hear(self, sensor: Sensor, stop: Event) -> Iterator[Chunk]:
        """One run of the sensor, from its start to its end."""
        self.sensor_pid = sensor.pid
        self._identity, self._offset = f"{self._times.now():.3f}-{sensor.pid}", 0
        self._renewed.clear()
        why = ""
        try:
            sensor.send(self._order(self._outage.start if self._outage else None))
            why = yield from self._lines(sensor, stop)
        except OSError as error:
            why = f"does not listen ({error.strerror or error})"
        finally:
            ended = sensor.end()
            self.sensor_pid = 0
        if stop.is_set():
            yield Chunk(self._identity, self._offset, b"", self._offset, state="waiting", reason="stopped", keep=True)
        else:
            yield self._down(f"the sensor {why or ended}")

    def _lines(self, sensor: Sensor, stop: Event) -> Generator[Chunk, None, str]:
        """Yield whole lines; return why the sensor has to go, nothing when it went by itself."""
        tail, last, kept = b"", self._times.monotonic(), self._times.monotonic()
        while not stop.is_set():
            if self._renewed.is_set():
                self._renewed.clear()
                sensor.send(self._order(None))
            data = _burst(sensor)
            now = self._times.monotonic()
            if data is None:
                return ""
            if not data:
                if now - last > SILENT_SECONDS:
                    return f"said nothing for {SILENT_SECONDS:.0f} s and was stopped"
                yield self._chunk(b"")
                continue
            last, self._heard_at = now, self._times.now()
            whole, newline, rest = (tail + data).rpartition(b"\n")
            tail = rest
            if len(tail) > STATUS_LIMIT:
                return "said a line longer than was agreed and was stopped"
            keep = now - kept >= _KEEP_SECONDS
            kept = now if keep else kept
            yield self._chunk(whole + newline, keep=keep)
        return ""

    def _chunk(self, data: bytes, *, keep: bool = False) -> Chunk:
        gaps = self._notice(data) if _STATUS in data else ()
        offset, self._offset = self._offset, self._offset + len(data)
        return Chunk(
            self._identity, offset, data, self._offset, gaps=gaps, state=self._state, reason=self._reason,
            keep=keep or bool(gaps),
        )  # fmt: skip

    def _notice(self, data: bytes) -> tuple[Gap, ...]:
        """A status line: the sensor watches from here on, but for what it names."""
        line = data[data.rindex(_STATUS) :].partition(b"\n")[0]
        try:
            said: Any = json.loads(line)
            refused: dict[str, str] = {str(k): str(v) for k, v in said["refused"].items()}
            partly = [str(k) for k, v in said["watched"].items() if v == "mount"]
            watched = len(said["watched"])
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
            return ()  # the parser keeps the line and counts it
        self._describe(watched, refused, partly)
        outage, self._outage = self._outage, None
        if outage is None:
            return ()
        what = "the engine" if outage.kind == "downtime" else "the sensor"
        detail = f"{what} did not run; what was done meanwhile was not seen, the datasets are looked over for traces"
        return (Gap(self.name, outage.kind, outage.undeclared, self._times.now(), None, "unknown", detail),)

    def _describe(self, watched: int, refused: dict[str, str], partly: list[str]) -> None:
        total = watched + len(refused)
        if refused:
            path, why = next(iter(refused.items()))
            self._state = "waiting" if watched else "failed"
            self._reason = safe_text(f"{len(refused)} of {total} datasets not watched; {path}: {why}", 300)
        elif partly:
            self._state = "live"
            self._reason = safe_text(
                f"{partly[0]}: its file system tells no names; creations, removals and renames are not seen", 300
            )
        else:
            self._state, self._reason = "live", ""

    def _down(self, why: str) -> Chunk:
        """Declare what is being missed: at once, then now and then while it lasts."""
        now = self._times.now()
        self._state, self._reason = "failed", safe_text(why, 300)
        if self._outage is None:
            start = self._heard_at or now
            self._outage = _Outage("sensor", start, start)
        outage, gaps = self._outage, tuple[Gap, ...]()
        if now - outage.declared_at >= _AGAIN_SECONDS:
            gaps = (Gap(self.name, outage.kind, outage.undeclared, now, None, "unknown", self._reason),)
            outage.undeclared = outage.declared_at = now
        return Chunk(
            self._identity,
            self._offset,
            b"",
            self._offset,
            gaps=gaps,
            state="failed",
            reason=self._reason,
            keep=bool(gaps),
        )

    def _order(self, since: float | None) -> bytes:
        value = {"version": VERSION, "datasets": self._datasets(), "state_dir": str(self._state_dir), "since": since}
        return json.dumps(value).encode() + b"\n"
