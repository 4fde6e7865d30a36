"""What is being back-filled just now: a file read by two at once would be stored twice, for each knows only what is stored."""

from __future__ import annotations

import threading


class Busy:
    """Names that are taken. Thread-safe."""

    def __init__(self) -> None:
        self._lock, self._names = threading.Lock(), set[str]()

    def take(self, name: str) -> bool:
        """Take a name; false when somebody has it."""
        with self._lock:
            if name in self._names:
                return False
            self._names.add(name)
            return True

    def give(self, name: str) -> None:
        """Give a name back."""
        with self._lock:
            self._names.discard(name)
