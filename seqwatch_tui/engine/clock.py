"""The clock: the one place that reads it, so that tests and replay can put another in its stead."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Wall and monotonic time, in seconds."""

    def now(self) -> float:
        """Epoch seconds UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back; for durations."""


class SystemClock:
    """The host's clock."""

    def now(self) -> float:
        """Epoch seconds UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()
