"""Try the sensor for real, for `seqwatch doctor`: start it, let it mark the datasets, read what it says, stop it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from seqwatch_tui.config.settings import Settings, SourceSettings
from seqwatch_tui.engine.clock import Clock
from seqwatch_tui.model.sensor import SILENT_SECONDS, VERSION
from seqwatch_tui.model.text import safe_text
from seqwatch_tui.model.verdict import State
from seqwatch_tui.sources.sensor_process import Connected, Sensor, Spawned

QUEUE_LIMIT = Path("/proc/sys/fs/fanotify/max_queued_events")
ENOUGH_QUEUE = 65_536


def sensor_finding(settings: Settings, source: SourceSettings, clock: Clock) -> tuple[State, str, str]:
    """Return a state (pass, warn, fail), what was seen, and what to do."""
    if source.path is None and os.geteuid() != 0:
        return "unknown", "the sensor needs root to be tried", "run `sudo seqwatch doctor`"
    try:
        sensor: Sensor = Connected(source.path) if source.path else Spawned()
    except OSError as error:
        return "fail", f"the sensor does not start: {error}", "start its service (docs/sensor.md)"
    order = {
        "version": VERSION,
        "datasets": [str(d.path) for d in settings.datasets],
        "state_dir": str(settings.state_dir),
    }
    said = ""
    try:
        sensor.send(json.dumps(order).encode() + b"\n")
        said = _first_line(sensor, clock)
    except OSError as error:
        said = f"the sensor hung up: {error.strerror}"
    finally:
        ended = sensor.end()
    return _judged(said, ended)


def _first_line(sensor: Sensor, clock: Clock) -> str:
    held, deadline = b"", clock.monotonic() + SILENT_SECONDS
    while b"\n" not in held and clock.monotonic() < deadline:
        data = sensor.receive(0.5)
        if data is None:
            break
        held += data
    return held.partition(b"\n")[0].decode("utf-8", "backslashreplace")


def _judged(line: str, ended: str) -> tuple[State, str, str]:
    try:
        said = json.loads(line)
        watched, refused = dict(said["watched"]), dict(said["refused"])
    except (ValueError, KeyError, TypeError):
        return (
            "fail",
            safe_text(f"the sensor {ended}", 300),
            "docs/sensor.md names the rights it needs; auditd sees without it",
        )
    if refused:
        path, why = next(iter(refused.items()))
        text = safe_text(
            f"{len(refused)} of {len(refused) + len(watched)} datasets cannot be watched; {path}: {why}", 300
        )
        return "fail", text, "correct the path, or watch it by auditd (seqwatch audit-rules)"
    unnamed = [path for path, how in watched.items() if how != "filesystem"]
    if unnamed:
        text = safe_text(f"{unnamed[0]}: its file system tells the sensor no names", 300)
        return "warn", text, "creations, removals and renames there are seen by auditd only (seqwatch audit-rules)"
    limit = _queue_limit()
    if limit < ENOUGH_QUEUE:
        text = f"{len(watched)} datasets are watched; the kernel queues at most {limit} events"
        return (
            "warn",
            text,
            f"sysctl fs.fanotify.max_queued_events={ENOUGH_QUEUE}, so that a burst does not overflow it",
        )
    return "pass", f"{len(watched)} datasets are watched; the kernel queues up to {limit} events", ""


def _queue_limit() -> int:
    try:
        return int(QUEUE_LIMIT.read_text("ascii"))
    except (OSError, ValueError):
        return 0
