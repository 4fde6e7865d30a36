"""Plans and their outcome: every act is planned, confirmed, journalled, probed and undoable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verb = Literal["quarantine", "release"]
StepState = Literal["planned", "done", "failed", "undone", "skipped"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan; `text` and `undo` are sentences for the operator, `path` is what it acts on."""

    number: int
    text: str
    undo: str
    path: str
    state: StepState = "planned"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A frozen plan: what would be done, to what, and who would feel it. Nothing has happened yet."""

    plan_id: str
    verb: Verb
    dataset: str
    path: str
    reason: str
    operator: str
    created: float
    steps: tuple[Step, ...]
    blast_radius: tuple[str, ...]
    """Sentences: who has files open, which processes, hard links, mounts; what could not be seen."""
    warnings: tuple[str, ...]
    command: str
    """The command line this equals."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no plan, and what to do instead."""

    reason: str
    advice: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan; `probe` says what an open attempt as the offending user gave, `proved` if it proves it."""

    plan_id: str
    verb: Verb
    dataset: str
    state: Literal["done", "failed", "partial"]
    steps: tuple[Step, ...]
    probe: str
    proved: Literal["yes", "no", "unknown"]
    started: float
    finished: float
