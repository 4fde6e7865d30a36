"""The one family of errors of this room: each a sentence with file, line, key and what to write."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; `line` counts from 1, None when the problem is the file itself."""

    file: str
    line: int | None
    text: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.text}"


class ConfigError(Exception):
    """The configuration cannot be used; `problems` are all that were found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Unfit(ValueError):
    """A value is not what its key takes; the text continues a sentence that begins with the value."""


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was probably meant, if any is near enough to suggest."""
    near = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return near[0] if near else None


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` or, when nothing is near, `; known are: ...`."""
    choices = sorted(known)
    if near := closest(word, choices):
        return f"; did you mean '{near}'?"
    return f"; known are: {', '.join(choices)}." if choices else "; none is configured."
