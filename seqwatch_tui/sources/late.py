"""Writes to a rotated file after it has been declared ended: a loss that must be told, not read out of order.

Owns the descriptor of the ended file until it has been quiet for a while.
"""

from __future__ import annotations

import os

from seqwatch_tui.model.evidence import Gap

_TICKS = 120


class LateWrites:
    """Watches one ended file; `look` is called about twice a second, `close` gives the descriptor back."""

    def __init__(self, source: str, path: str, fd: int, size: int) -> None:
        self.fd = fd
        self._source, self._path, self._size, self._ticks = source, path, size, _TICKS

    @property
    def settled(self) -> bool:
        """True once the file has not grown for a minute."""
        return self._ticks <= 0

    def look(self) -> Gap | None:
        """The bytes written since the last look, as a gap."""
        status = os.fstat(self.fd)
        grown = status.st_size - self._size
        if grown <= 0:
            self._ticks -= 1
            return None
        self._size, self._ticks = status.st_size, _TICKS
        detail = (
            f"{grown} bytes were written to the rotated {self._path} after it had been finished; ingest that file to"
            " add them, and make the writer reopen its log on rotation"
        )
        return Gap(self._source, "rotation", status.st_mtime, status.st_mtime, None, "unknown", detail)

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self.fd)
