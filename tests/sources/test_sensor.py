"""The stream of a sensor that a test plays: what it says is handed on, and every time nobody is heard is a gap."""

from __future__ import annotations

import itertools
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from seqwatch_tui.model.sensor import SILENT_SECONDS
from seqwatch_tui.sources.interface import Chunk
from seqwatch_tui.sources.sensor import SensorStream, Times
from seqwatch_tui.sources.sensor_process import Connected

STATUS = b'{"k":"status","n":0,"ts":1.0,"pid":5,"watched":{"/data/a":"filesystem"},"refused":{}}\n'
PARTLY = STATUS.replace(b'"refused":{}', b'"refused":{"/data/b":"No such file or directory"}')
NAMELESS = STATUS.replace(b"filesystem", b"mount")
BEAT = b'{"k":"beat","n":1,"ts":2.0,"seen":0}\n'


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


class Played:
    """A sensor that says what the test wants: bytes, nothing (b""), or its end (None); a number lets time pass."""

    def __init__(self, clock: Clock, script: list[bytes | float | None]) -> None:
        self.pid, self._clock, self._script = 5, clock, script
        self.orders: list[dict[str, object]] = []
        self.ended = False

    def send(self, line: bytes) -> None:
        self.orders.append(json.loads(line))

    def receive(self, seconds: float) -> bytes | None:
        while self._script and isinstance(self._script[0], float):
            self._clock.time += self._script.pop(0)  # type: ignore[operator]
        if not self._script:
            self._clock.time += seconds
            return b""
        return self._script.pop(0)  # type: ignore[return-value]

    def end(self) -> str:
        self.ended = True
        return "was killed (SIGKILL)"


class Stop(Event):
    """Never waits; time passes instead."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.time += timeout or 0.0
        return self.is_set()


def played(
    *scripts: list[bytes | float | None] | OSError, heard: float | None = None
) -> tuple[SensorStream, list[Played], Clock]:
    clock, sensors, waiting = Clock(), list[Played](), list(scripts)

    def start() -> Played:
        script = waiting.pop(0) if waiting else OSError(1, "no more")
        if isinstance(script, OSError):
            raise script
        sensors.append(Played(clock, script))
        return sensors[-1]

    stream = SensorStream("kernel", start, lambda: ["/data/a"], Path("/var/lib/seqwatch"), heard, Times(clock, clock))
    return stream, sensors, clock


def take(stream: SensorStream, clock: Clock, until: Callable[[Chunk], bool]) -> list[Chunk]:
    stop, found = Stop(clock), list[Chunk]()
    for chunk in stream.chunks(stop):
        found.append(chunk)
        if until(chunk) or len(found) > 200:
            break
    return found


def gaps(chunks: list[Chunk]) -> Iterator[tuple[str, float, float]]:
    for chunk in chunks:
        for gap in chunk.gaps:
            yield gap.kind, gap.start, gap.end


def test_the_sensor_is_told_what_to_watch_and_since_when_nobody_did() -> None:
    stream, sensors, clock = played([STATUS, None], heard=900.0)
    take(stream, clock, lambda c: bool(c.data))
    assert sensors[0].orders == [
        {"version": 1, "datasets": ["/data/a"], "state_dir": "/var/lib/seqwatch", "since": 900.0}
    ]


def test_whole_lines_are_handed_on_with_their_position() -> None:
    stream, _, clock = played([STATUS + BEAT[:7], BEAT[7:] + BEAT, None])
    found = [c for c in take(stream, clock, lambda c: c.state == "failed") if c.data]
    assert [(c.offset, c.data) for c in found] == [(0, STATUS), (len(STATUS), BEAT + BEAT)]
    assert len({c.identity for c in found}) == 1


def test_the_first_start_ever_has_missed_nothing() -> None:
    stream, _, clock = played([STATUS, BEAT])
    assert not list(gaps(take(stream, clock, lambda c: c.data == BEAT)))


def test_the_engines_own_absence_is_a_gap() -> None:
    stream, _, clock = played([2.0, STATUS], heard=900.0)
    assert list(gaps(take(stream, clock, lambda c: bool(c.data)))) == [("downtime", 900.0, 1002.0)]


def test_a_death_is_a_gap_at_once_and_again_when_the_sensor_is_back() -> None:
    stream, sensors, clock = played([STATUS, 5.0, BEAT, 1.0, None], [0.5, STATUS, BEAT])
    found = take(stream, clock, lambda c: bool(c.data) and clock.time > 1006.2 and c.data == BEAT)
    assert list(gaps(found)) == [("sensor", 1005.0, 1006.0), ("sensor", 1006.0, 1006.75)]
    dead = next(c for c in found if c.state == "failed")
    assert "SIGKILL" in dead.reason
    assert dead.keep
    assert found[-1].state == "live"
    assert sensors[1].orders[0]["since"] == 1005.0


def test_silence_is_a_death() -> None:
    stream, sensors, clock = played([STATUS, BEAT])
    found = take(stream, clock, lambda c: c.state == "failed")
    assert "said nothing" in found[-1].reason
    assert clock.time - 1000.0 <= SILENT_SECONDS + 1.0
    assert sensors[0].ended


def test_a_sensor_that_cannot_be_started_is_tried_again_ever_less_often() -> None:
    stream, _, clock = played(*[OSError(1, "Operation not permitted")] * 12, [STATUS], heard=990.0)
    found = take(stream, clock, lambda c: c.state == "live")
    assert "cannot be started" in found[0].reason
    assert list(gaps(found)) == [("downtime", 990.0, 1000.0), ("downtime", 1000.0, clock.time)]
    assert clock.time - 1000.0 > 60.0


def test_an_outage_that_lasts_is_declared_now_and_then() -> None:
    stream, _, clock = played(*[OSError(1, "Operation not permitted")] * 100, heard=990.0)
    found = take(stream, clock, lambda c: clock.time > 1000.0 + 2000.0)
    spans = list(gaps(found))
    assert 3 <= len(spans) <= 4
    assert all(before[2] == after[1] for before, after in itertools.pairwise(spans))


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        (STATUS, "live", ""),
        (PARTLY, "waiting", "1 of 2 datasets not watched; /data/b"),
        (NAMELESS, "live", "tells no names"),
    ],
)
def test_what_is_not_watched_is_said(status: bytes, state: str, reason: str) -> None:
    stream, _, clock = played([status, BEAT])
    last = take(stream, clock, lambda c: c.data == BEAT)[-1]
    assert last.state == state
    assert reason in last.reason


@pytest.mark.parametrize(
    "status", [b'{"k":"status"\n', b'{"k":"status","watched":3,"refused":[]}\n', b'{"k":"status"' + b"[" * 9000 + b"\n"]
)
def test_a_status_that_is_none_changes_nothing(status: bytes) -> None:
    stream, _, clock = played([status, BEAT], heard=900.0)
    found = take(stream, clock, lambda c: c.data == BEAT)
    assert found[-1].state == "waiting"
    assert not list(gaps(found))


def test_a_line_without_an_end_is_not_waited_for() -> None:
    stream, sensors, clock = played([STATUS, b"x" * 2_100_000, b"x"])
    found = take(stream, clock, lambda c: c.state == "failed")
    assert "longer than was agreed" in found[-1].reason
    assert sensors[0].ended


def test_other_datasets_are_told_to_the_running_sensor() -> None:
    stream, sensors, clock = played([STATUS, BEAT, BEAT])
    for chunk in stream.chunks(Stop(clock)):
        if chunk.data == BEAT:
            if len(sensors[0].orders) == 2:
                break
            stream.renew()
    assert [order["since"] for order in sensors[0].orders] == [None, None]


def test_the_position_is_kept_now_and_then_and_at_the_stop() -> None:
    stream, sensors, clock = played([STATUS, *[1.0, BEAT] * 25])
    stop, found = Stop(clock), list[Chunk]()
    for chunk in stream.chunks(stop):
        found.append(chunk)
        if clock.time > 1022.0:
            stop.set()
    assert sum(c.keep for c in found if c.data) == 2
    assert found[-1].keep
    assert sensors[0].ended


_LISTEN = """
import os, socket, sys
os.setgroups([]), os.setgid(61234), os.setuid(61234)
listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listening.bind(sys.argv[1])
listening.listen()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.root
def test_what_somebody_else_says_in_the_sensor_s_place_is_not_taken(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(folder.stat().st_mode | 0o711)
    tmp_path.chmod(0o777)
    path = tmp_path / "sensor.sock"
    with subprocess.Popen(
        [sys.executable, "-c", _LISTEN, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as squatter:
        assert squatter.stdout is not None
        squatter.stdout.readline()
        with pytest.raises(PermissionError, match="uid 61234 listens there"):
            Connected(path)
        squatter.communicate()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as ours:
        ours.bind(str(tmp_path / "own.sock"))
        ours.listen()
        Connected(tmp_path / "own.sock").end()
