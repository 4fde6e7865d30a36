"""A real sensor on a file system of its own, for one test."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Line = dict[str, Any]
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
QUEUE = Path("/proc/sys/fs/fanotify/max_queued_events")


class Running:
    """The sensor, and every line it has said so far."""

    def __init__(self, order: Line) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-m", "seqwatch_tui.sensor"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.lines: list[Line] = []
        self._said = threading.Condition()
        self.order(order)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def order(self, order: Line) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(
            json.dumps({"version": 1, "state_dir": "/nowhere/state", "since": None} | order).encode() + b"\n"
        )
        self.child.stdin.flush()

    def _read(self) -> None:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            with self._said:
                self.lines.append(json.loads(line))
                self._said.notify_all()

    def wait(self, true: Callable[[Line], bool], seconds: float = 20.0) -> Line:
        """Return the first line of which that holds; AssertionError with all of them when none comes."""
        deadline, at = time.monotonic() + seconds, 0
        with self._said:
            while True:
                for line in self.lines[at:]:
                    if true(line):
                        return line
                at = len(self.lines)
                assert self._said.wait(max(deadline - time.monotonic(), 0.0)), "\n".join(map(str, self.lines[-40:]))

    def event(self, action: str, path: Path | str, **fields: object) -> Line:
        """Wait for an event."""
        wanted = {"k": "event", "action": action, "path": str(path), **fields}
        return self.wait(lambda line: all(line.get(name) == value for name, value in wanted.items()))

    def events(self) -> list[Line]:
        return [line for line in self.lines if line["k"] == "event"]

    def close(self) -> int:
        """Close its input, as an engine that is gone does; return its exit status."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.close()
        status = self.child.wait(timeout=20)
        self._reader.join()
        self.child.stdout.close()
        return status


@contextlib.contextmanager
def own_filesystem() -> Iterator[Path]:
    """Mount a tmpfs; yield a dataset folder on it."""
    folder = Path(tempfile.mkdtemp(prefix="sqw-sensor-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "sqw-test", str(folder)], check=True)
    try:
        data = folder / "data"
        data.mkdir()
        yield data
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


@contextlib.contextmanager
def watching(*datasets: Path, **order: object) -> Iterator[Running]:
    """Run a sensor over datasets; yield it once it watches."""
    sensor = Running({"datasets": [str(path) for path in datasets], **order})
    try:
        sensor.wait(lambda line: line["k"] == "status")
        yield sensor
    finally:
        sensor.child.send_signal(signal.SIGCONT)
        sensor.close()


def run(script: str, folder: Path) -> None:
    """Run a shell script in a folder."""
    subprocess.run(["/bin/bash", "-ec", script], cwd=folder, check=True, stdout=subprocess.DEVNULL)
