"""Results of checks. Unknown is a state of its own and is never drawn as a pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["pass", "warn", "fail", "unknown", "n/a"]
FileVerdict = Literal["ok", "changed", "missing", "extra", "unreadable", "changed during read", "not checked"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check on one thing; `since` and `checked` are epoch seconds UTC.

    kind is the check's id (ENC-01, KEY-02, ...); subject is a dataset, key or path; detail says what was seen and,
    when it is not a pass, what to do.
    """

    kind: str
    subject: str
    dataset: str | None
    state: State
    detail: str
    checked: float


@dataclass(frozen=True, slots=True)
class FileCheck:
    """The verdict on one file of a dataset; path is relative to the dataset, as visible text."""

    dataset: str
    path: str
    verdict: FileVerdict
    size: int | None
    algorithm: str
    expected: str | None
    actual: str | None
    checked: float | None
    """Epoch seconds of the last check that read the file; null = never."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One key of the register with its age judged against policy."""

    key_id: str
    kind: str
    owner: str
    datasets: tuple[str, ...]
    created: float | None
    rotated: float | None
    age_days: int | None
    """Days since the later of created and rotated; null = not known."""
    age_is_at_least: bool
    max_age_days: int
    state: State
    detail: str
