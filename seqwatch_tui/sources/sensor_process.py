"""The sensor's other end: a process this one started, or a socket behind which a service manager has started it.

Both speak the lines of model/sensor.py. Knows no line and no event; says in one sentence how it ended.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Protocol

_PIPE_BYTES, _SET_PIPE_SIZE = 1 << 20, 1031
_READ_BYTES = 1 << 20
_END_SECONDS = 2.0


class Sensor(Protocol):
    """A running sensor."""

    pid: int

    def send(self, line: bytes) -> None:
        """Write an order. OSError when it has gone."""

    def receive(self, seconds: float) -> bytes | None:
        """Wait at most so long and return what it has said: nothing when it was silent, null at its end."""

    def end(self) -> str:
        """Stop it if it still runs, and return how it ended; the sentence begins with a verb."""


class Spawned:
    """A sensor that is a child of this process. OSError when it cannot be started."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "seqwatch_tui.sensor"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, start_new_session=True,
        )  # fmt: skip
        self.pid = self._child.pid
        assert self._child.stdin is not None, "a pipe"  # noqa: S101
        assert self._child.stdout is not None, "a pipe"  # noqa: S101
        self._in, self._out = self._child.stdin.fileno(), self._child.stdout.fileno()
        try:
            fcntl.fcntl(self._out, _SET_PIPE_SIZE, _PIPE_BYTES)
        except PermissionError:
            return  # the user's pipes are limited: then the sensor waits for us a little earlier

    def send(self, line: bytes) -> None:
        """Write an order."""
        view = memoryview(line)
        while view:
            view = view[os.write(self._in, view) :]

    def receive(self, seconds: float) -> bytes | None:
        """Wait for lines."""
        ready, _, _ = select.select([self._out], [], [], seconds)
        return (os.read(self._out, _READ_BYTES) or None) if ready else b""

    def end(self) -> str:
        """Close its input, give it a moment to end by itself, then kill it."""
        assert self._child.stdin is not None, "a pipe"  # noqa: S101
        self._child.stdin.close()
        try:
            status = self._child.wait(0 if self._child.poll() is not None else _END_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            status = self._child.wait()
        assert self._child.stderr is not None, "a pipe"  # noqa: S101
        said = self._child.stderr.read(4096).decode("utf-8", "backslashreplace").strip().splitlines()
        self._child.stderr.close()
        assert self._child.stdout is not None, "a pipe"  # noqa: S101
        self._child.stdout.close()
        if said:
            return f"ended: {said[-1]}"
        return f"was killed ({signal.Signals(-status).name})" if status < 0 else f"ended with status {status}"


class Connected:
    """A sensor behind a Unix socket (systemd socket activation). OSError when nobody answers there, or somebody else.

    What a sensor says is evidence: it is taken from root, who listens for the service, or from our own user.
    """

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(str(path))
            _of_root_or_ours(self._socket, path)
        except OSError:
            self._socket.close()
            raise
        self._socket.settimeout(5.0)
        self.pid = 0

    def send(self, line: bytes) -> None:
        """Write an order."""
        self._socket.sendall(line)

    def receive(self, seconds: float) -> bytes | None:
        """Wait for lines."""
        ready, _, _ = select.select([self._socket], [], [], seconds)
        if not ready:
            return b""
        try:
            return self._socket.recv(_READ_BYTES) or None
        except ConnectionResetError:
            return None

    def end(self) -> str:
        """Hang up."""
        self._socket.close()
        return "hung up; its service's log says why"


def _of_root_or_ours(sock: socket.socket, path: Path) -> None:
    """PermissionError unless root or our own user listens there; unix(7), SO_PEERCRED."""
    _, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    if uid not in (0, os.geteuid()):
        raise PermissionError(errno.EPERM, f"uid {uid} listens there, which is neither root nor seqwatch", str(path))
