"""When a frame may be drawn: one is in flight at a time, paced by the terminal's own answer.

After a frame the terminal is asked for its cursor position (DSR, CSI 6n). The answer means that the frame has arrived, and
only then is the feed told to go on. A terminal that never answers is not paced; one that stalls gets a frame per ten
seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.app import App

from seqwatch_tui.console.textual_private import write_raw

_MUTE_AFTER, _STALLED_AFTER = 2.0, 10.0


class Frames:
    """Tells `drawn` once the last frame has reached the terminal."""

    def __init__(self, app: App[None], drawn: Callable[[], None]) -> None:
        self._app, self._drawn = app, drawn
        self._sent: float | None = None
        self._answered = self._mute = False

    def sent(self, anything: bool) -> None:
        """A frame was drawn, or there was nothing to draw."""
        if not anything:
            self._drawn()
        elif self._mute or self._app.is_headless:
            self._app.call_after_refresh(self._drawn)
        else:
            self._sent = time.monotonic()
            self._app.call_after_refresh(write_raw, self._app, "\x1b[6n")

    def arrived(self) -> None:
        """The terminal answered: it has the last frame."""
        self._sent, self._answered = None, True
        self._drawn()

    def look_after(self) -> None:
        """Called every second: go on without an answer that does not come."""
        if self._sent is None:
            return
        silent = time.monotonic() - self._sent
        self._mute = self._mute or (not self._answered and silent > _MUTE_AFTER)
        if silent > (_STALLED_AFTER if self._answered else _MUTE_AFTER):
            self._sent = None
            self._drawn()
