"""A terminal for tests: runs a program in a pty, answers what a terminal answers, keeps every byte."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pyte

ROOT = Path(__file__).resolve().parents[2]
_NOISE = re.compile(r"\x1b\[[<=>?][0-9;]*[ -/]*[a-zA-Z]|\x1b[P_^X].*?(?:\x1b\\|\x07)", re.S)
_PARTIAL = re.compile(r"\x1b(?:\[[0-9;:<=>?]*[ -/]*|[P_^X][^\x1b\x07]*\x1b?)?\Z")
_FRAME_END = "\x1b[?2026l"
_FRAME = re.compile(r"\x1b\[\?2026h|\x1b\[[0-9]+;[0-9]+r")
"""How a frame begins: synchronized output, or before it the scroll region that moves the rows that stay."""
_ANSWERS = {b"\x1b[6n": b"\x1b[1;1R", b"\x1b[c": b"\x1b[?62c", b"\x1b[?2026$p": b"\x1b[?2026;2$y"}


class Terminal:
    """The program and its terminal. `raw` is everything it wrote."""

    def __init__(self, *arguments: str, size: tuple[int, int] = (80, 24), env: dict[str, str] | None = None) -> None:
        self.size, self.raw, self.status = size, b"", None
        self._lock = threading.Lock()
        self._fed, self._tail = 0, ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._screen = pyte.Screen(*size)
        self._stream = pyte.Stream(self._screen)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            self._child(arguments, env or {})
        self.resize(*size)
        self._open = True
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _child(self, arguments: tuple[str, ...], env: dict[str, str]) -> None:
        try:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("4H", self.size[1], self.size[0], 0, 0))
            os.chdir(ROOT)
            kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
            command = [sys.executable, "-m", "tests.console.run_console", *arguments]
            os.execve(sys.executable, command, {"TERM": "xterm-256color", "COLORTERM": "truecolor", **kept, **env})
        finally:
            os._exit(127)

    def resize(self, columns: int, lines: int) -> None:
        self.screen()
        self.size = (columns, lines)
        self._screen.resize(lines, columns)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))

    def _read(self) -> None:
        while True:
            try:
                ready, _, _ = select.select([self.fd], [], [], 0.2)
                data = os.read(self.fd, 65536) if ready else None
            except OSError:
                return
            if data == b"":
                return
            if data:
                with self._lock:
                    self.raw += data
                for query, answer in _ANSWERS.items():
                    for _ in range(data.count(query)):
                        with contextlib.suppress(OSError):
                            os.write(self.fd, answer)

    def type(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def screen(self) -> list[str]:
        """What the terminal shows now: whole frames only, as a terminal with synchronized output does."""
        with self._lock:
            new, self._fed = self.raw[self._fed :], len(self.raw)
        text = self._tail + self._decoder.decode(new)
        partial = _PARTIAL.search(text)
        cut = partial.start() if partial else len(text)
        whole = text.rfind(_FRAME_END, 0, cut)
        begun = _FRAME.search(text, whole + len(_FRAME_END) if whole >= 0 else 0, cut)
        cut = begun.start() if begun else cut
        self._tail = text[cut:]
        self._stream.feed(_NOISE.sub("", text[:cut]))
        return self._screen.display

    def wait(self, text: str, seconds: float = 10.0) -> None:
        """Until `text` is on the screen."""
        end = time.monotonic() + seconds
        while not any(text in line for line in self.screen()):
            assert time.monotonic() < end, f"{text!r} is not on the screen:\n" + "\n".join(self.screen())
            time.sleep(0.02)

    def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Until `condition` holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it never came to be:\n" + "\n".join(self.screen())
            time.sleep(0.02)

    def quiet(self, pause: float = 0.15, seconds: float = 3.0) -> None:
        """Until nothing was written for `pause`."""
        end, seen, since = time.monotonic() + seconds, -1, time.monotonic()
        while time.monotonic() < end and time.monotonic() - since < pause:
            if len(self.raw) != seen:
                seen, since = len(self.raw), time.monotonic()
            time.sleep(0.02)

    def ended(self, seconds: float = 5.0) -> int:
        """Exit status (as a shell says it) once the program ended; AssertionError when it does not."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._open = False
                self._thread.join(2.0)  # what it wrote last is read to the end
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        raise AssertionError("the console did not end")

    def hang_up(self) -> None:
        """Close the terminal, as a lost SSH link does."""
        os.close(self.fd)

    def close(self) -> None:
        """End the program if it still runs."""
        if self._open:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        with contextlib.suppress(OSError):
            os.close(self.fd)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
