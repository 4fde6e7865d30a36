"""What the journal says about each dataset: shut since when, what to give back, and acts a crash left half done."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from seqwatch_tui.model.action import Plan, Step
from seqwatch_tui.response.inode import Inode, inspect, opened
from seqwatch_tui.response.journal import Entry, Journal
from seqwatch_tui.response.lock import is_shut
from seqwatch_tui.response.probe import Seen

Identity = tuple[int, int, int | None]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an inode was before it was shut; `path` is relative to the root, as bytes."""

    path: bytes
    inode: Inode

    def to_json(self) -> dict[str, Any]:
        """Plain values for the journal; bytes of a name that are not UTF-8 are kept as surrogates."""
        return {"path": os.fsdecode(self.path), "inode": self.inode.to_json()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Recorded:
        """The inverse of `to_json`."""
        return cls(os.fsencode(values["path"]), Inode.from_json(values["inode"]))


@dataclass(frozen=True, slots=True)
class Intent:
    """An act as its intent line tells it, with the amendments that followed."""

    plan: Plan
    root: Inode
    privileged: bool
    offender: str | None
    before: Seen
    samples: tuple[bytes, ...]
    """Files the probe tries, relative to the root."""
    record: dict[Identity, Recorded] = field(default_factory=dict)

    @classmethod
    def of(cls, entry: Entry, amendments: Iterable[Entry] = ()) -> Intent:
        """Read an intent line and its amend lines."""
        body = entry.body
        lines = [*body["inodes"], *(amend.body["inode"] for amend in amendments)]
        recorded = [Recorded.from_json(line) for line in lines]
        return cls(
            plan_from(body["plan"]), Inode.from_json(body["root"]), body["privileged"], body["offender"],
            Seen(**body["before"]), tuple(os.fsencode(name) for name in body["samples"]),
            {item.inode.identity: item for item in recorded},
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """The body of the intent line; a release repeats no record, it gives back from the quarantine's."""
        record = self.record.values() if self.plan.verb == "quarantine" else ()
        return {
            "plan_id": self.plan.plan_id, "plan": asdict(self.plan), "root": self.root.to_json(),
            "privileged": self.privileged, "offender": self.offender, "before": self.before.to_json(),
            "samples": [os.fsdecode(name) for name in self.samples], "inodes": [item.to_json() for item in record],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Enforcement:
    """Whether a quarantine is really in force; `since` is the epoch second since when it is as `detail` says."""

    dataset: str
    state: Literal["enforced", "not enforced", "unknown"]
    since: float
    detail: str


Look = Callable[[str, Intent, float], Enforcement]


def plan_from(values: dict[str, Any]) -> Plan:
    """A plan out of its JSON form."""
    sequences = {name: tuple(values[name]) for name in ("blast_radius", "warnings")}
    return Plan(**{**values, **sequences, "steps": tuple(Step(**step) for step in values["steps"])})


def unfinished(entries: Sequence[Entry]) -> list[Intent]:
    """Acts with an intent and no outcome, oldest first."""
    ended = {entry.body["plan_id"] for entry in entries if entry.kind == "outcome"}
    return [_intent(entry, entries) for entry in entries if entry.kind == "intent" and _id(entry) not in ended]


def quarantines(entries: Sequence[Entry]) -> dict[str, Intent]:
    """Datasets that are shut, or half shut, or half released: each with the quarantine to give back from."""
    verbs = {_id(entry): entry.body["plan"]["verb"] for entry in entries if entry.kind == "intent"}
    held: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.kind == "intent" and entry.body["plan"]["verb"] == "quarantine":
            held.setdefault(entry.body["plan"]["dataset"], []).append(entry)
        elif entry.kind == "outcome" and entry.body["plan_id"] in verbs:
            _settle(held, entry)
    return {dataset: _intent(intents[-1], entries) for dataset, intents in held.items() if intents}


def _settle(held: dict[str, list[Entry]], outcome: Entry) -> None:
    """A failed quarantine leaves what was before it; a release that opened the root ends all of them."""
    dataset, verb, state = (outcome.body[name] for name in ("dataset", "verb", "state"))
    if verb == "quarantine" and state == "failed":
        held[dataset].pop()
    elif verb == "release" and state != "failed":
        held[dataset] = []


def is_quarantined(journal: Journal) -> set[str]:
    """The ids of the datasets that the journal holds quarantined. Raises JournalDamaged."""
    return set(quarantines(journal.entries()))


def enforced(dataset: str, held: Intent, now: float) -> Enforcement:
    """Look at the root of a quarantined dataset: is it shut, and is it the same directory?"""
    try:
        with opened(held.plan.path) as fd:
            found, changed = inspect(fd), os.fstat(fd).st_ctime
    except OSError as error:
        return Enforcement(dataset, "unknown", now, f"{held.plan.path}: cannot be looked at ({error.strerror})")
    if found.identity != held.root.identity:
        return Enforcement(dataset, "not enforced", changed, f"{held.plan.path}: another directory stands in its place")
    if not is_shut(found, privileged=held.privileged):
        return Enforcement(
            dataset, "not enforced", changed,
            f"{held.plan.path}: mode {found.mode:04o}, owner {found.uid}:{found.gid}; quarantine it again",
        )  # fmt: skip
    return Enforcement(dataset, "enforced", held.plan.created, f"mode {found.mode:04o}, owner {found.uid}:{found.gid}")


def enforcement(journal: Journal, now: float, look: Look = enforced) -> list[Enforcement]:
    """Look at each quarantined dataset; `look` is for who cannot wait for the file system. Raises JournalDamaged."""
    return [look(dataset, held, now) for dataset, held in sorted(quarantines(journal.entries()).items())]


def _intent(entry: Entry, entries: Sequence[Entry]) -> Intent:
    return Intent.of(entry, [e for e in entries if e.kind == "amend" and e.body["plan_id"] == _id(entry)])


def _id(entry: Entry) -> str:
    return str(entry.body["plan"]["plan_id"])
