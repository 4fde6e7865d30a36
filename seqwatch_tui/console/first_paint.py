"""The first frame, before the heavy imports: alternate screen and a header line within a few milliseconds.

Standard library only, and as little of it as possible. What `paint` returns is handed to `launch.run`, or restored by
the caller: a terminal is never left in the alternate screen, deaf or without a cursor.
"""

from __future__ import annotations

import os
import signal
import sys
import termios
from types import FrameType

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
_LEAVE = "\x1b[?1049l\x1b[?25h\x1b[0m"
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class FirstPaint:
    """The terminal as it was found; `restore` gives it back, once."""

    def __init__(self, fd: int, out: int, modes: list[int | list[bytes | int]]) -> None:
        self._fd, self._out, self._modes = fd, out, modes
        self._painted = True
        self._handlers = {number: signal.getsignal(number) for number in _SIGNALS}
        for number in _SIGNALS:
            signal.signal(number, self._leave)

    def hand_over(self) -> None:
        """The application handles signals and the screen from here on; `restore` still resets the modes."""
        self._painted = False
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def restore(self) -> None:
        """Put back the terminal's modes, and its main screen if nobody took over; harmless when called twice."""
        try:
            termios.tcsetattr(self._fd, termios.TCSANOW, self._modes)
            if self._painted:
                os.write(self._out, _LEAVE.encode())
        except (OSError, termios.error):
            return  # the terminal is gone: there is nothing to put back
        finally:
            self._painted = False

    def _leave(self, number: int, _frame: FrameType | None) -> None:
        self.restore()
        os._exit(128 + number)


def paint(title: str) -> FirstPaint | None:
    """Switch to the alternate screen and write one header line; None when this is not a terminal."""
    fd, out = 0, 2
    if not (os.isatty(fd) and os.isatty(out)):
        return None
    try:
        modes = termios.tcgetattr(fd)
        quiet = list(modes)
        quiet[3] &= ~(termios.ECHO | termios.ICANON)
        painted = FirstPaint(fd, out, modes)
        termios.tcsetattr(fd, termios.TCSANOW, quiet)
        width = os.get_terminal_size(out).columns
        os.write(out, f"{_ENTER}\x1b[7m{(' ' + title)[:width]:<{width}}\x1b[0m".encode())
    except (OSError, termios.error) as error:
        sys.stderr.write(f"seqwatch: the terminal refuses its settings: {error}\n")
        return None
    return painted
