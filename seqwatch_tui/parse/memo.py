"""Answers that are asked for again and again, kept within bounds. Knows nothing of what is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

_LIMIT = 20_000


class Memo(dict[Key, Value], Generic[Key, Value]):
    """Answers of a pure function; forgets all when it holds too many, so that memory stays bounded."""

    def __init__(self, answer: Callable[[Key], Value], limit: int = _LIMIT) -> None:
        super().__init__()
        self._answer, self._limit = answer, limit

    def __missing__(self, key: Key) -> Value:
        if len(self) >= self._limit:
            self.clear()
        value = self[key] = self._answer(key)
        return value
