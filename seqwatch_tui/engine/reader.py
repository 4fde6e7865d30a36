"""The process that reads and parses a back-fill's large files, as the engine holds it: started early, asked file by file.

Its start (half a second) then passes while the engine itself starts. Imports nothing heavy, so that it can come first;
what the two say to each other is in `parsing`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from typing import IO

WORTH_BYTES = 32 << 20
"""Files from this size on are worth a process of their own."""
_PIPE_BYTES, _SET_PIPE_SIZE = 1 << 20, 1031


class Reader:
    """One process, for one back-fill. `ask` starts it when that has not been done."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *first: str) -> None:
        """Start the process; it waits until asked, or begins with the file it will most likely be asked for first."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "seqwatch_tui.engine.parsing", *first],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=_PIPE_BYTES,
        )  # fmt: skip
        if self._process.stdout is not None:
            _widen(self._process.stdout)

    def ask(self, request: bytes) -> IO[bytes]:
        """Send one request, a line of JSON; return where the answer is to be read, up to its last frame."""
        if self._process is None:
            self.start()
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None, "started"  # noqa: PT018, S101
        with contextlib.suppress(BrokenPipeError):  # it has died: the answer ends early, which says so
            process.stdin.write(request + b"\n")
            process.stdin.flush()
        return process.stdout

    def close(self) -> None:
        """End the process, whatever it is at."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        process.wait()


def _widen(pipe: IO[bytes]) -> None:
    """Let the kernel hold a mebibyte between the two processes, where it may (fcntl(2), F_SETPIPE_SZ)."""
    if os.name != "posix":
        return
    import fcntl

    with contextlib.suppress(OSError):  # the user's pipes are limited: it works all the same, with more turns
        fcntl.fcntl(pipe.fileno(), _SET_PIPE_SIZE, _PIPE_BYTES)
