"""Views kept until what they show has changed: four screens a second must not cost forty queries."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any


class Kept:
    """One value per name, made anew when its key differs. Two threads may make the same value twice; that is harmless."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[Hashable, Any]] = {}

    def get(self, name: str, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return the kept value of `name` if it was made for `key`, else make and keep it."""
        held = self._values.get(name)
        if held is not None and held[0] == key:
            return held[1]
        value = make()
        self._values[name] = (key, value)
        return value
