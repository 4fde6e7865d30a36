"""The key register: which keys there are, whose they are, and how old. Reads one YAML file, never a key.

Age counts from the later of `created` and `rotated`. Most key files hold no date, so the register is the only witness;
a key without one is unknown, and one of which only the first sighting is known is at least that old.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from seqwatch_tui.config import forms
from seqwatch_tui.config.errors import ConfigError, Problem
from seqwatch_tui.config.forms import Write
from seqwatch_tui.config.reader import Reader
from seqwatch_tui.config.yamltree import MAX_BYTES, Node, Scalar, Sequence, parse
from seqwatch_tui.model.safefile import safe_open
from seqwatch_tui.model.verdict import KeyRecord, State

DAY = 86400.0
WARN_FROM = 0.9
"""Share of the allowed age from which a key is a warning."""
_EXAMPLE = "- {id: c4gh-lab-2026, kind: crypt4gh, owner: genomics-core, created: 2026-03-01}"

KeyKind = Literal["crypt4gh", "openssh", "gpg", "age", "luks", "fscrypt", "kms", "tls", "other"]
_Name = Annotated[str, forms.name]
_Text = Annotated[str, forms.text]
_Day = Annotated[date, forms.day]


class KeyEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One key as the register has it."""

    id: Annotated[_Name, Write("id: c4gh-lab-2026")]
    kind: Annotated[KeyKind, Write("kind: crypt4gh")]
    owner: Annotated[_Text, Write("owner: genomics-core")]
    datasets: Annotated[tuple[_Name, ...], Write("datasets: [wgs-cohort-a]")] = ()
    created: Annotated[_Day | None, Write("created: 2026-03-01")] = None
    rotated: Annotated[_Day | None, Write("rotated: 2026-09-01")] = None
    first_seen: Annotated[_Day | None, Write("first_seen: 2026-03-01")] = None
    """For a key whose making nobody knows: the day it was first met."""
    public_key: Annotated[_Text | None, Write("public_key: 5hVs0C...=")] = None
    path: Annotated[Annotated[Path, forms.file_path] | None, Write("path: /etc/keys/lab.sec")] = None
    """The key file on this host, if it is here; relative to the register."""
    max_age_days: Annotated[Annotated[int, forms.positive] | None, Write("max_age_days: 365")] = None
    """Overrides the site's limit."""
    note: Annotated[_Text | None, Write("note: held by the data steward")] = None


def read_register(path: Path) -> tuple[KeyEntry, ...]:
    """Read a register file; ConfigError holds every problem with file, line and what to write."""
    return parse_register(_read(path), str(path))


def parse_register(text: str, name: str) -> tuple[KeyEntry, ...]:
    """Read a register from its text; `name` is the file that errors and relative key paths refer to."""
    tree = parse(text, name)
    reader = Reader(name)
    entries = _entries(tree, reader)
    for index, entry in enumerate(entries):
        if entry.id in [other.id for other in entries[:index]]:
            reader.problems.append(
                Problem(name, reader.lines.get((index, "id")), f"id '{entry.id}' is there twice; write each id once.")
            )
    if reader.problems:
        raise ConfigError(sorted(reader.problems, key=lambda problem: problem.line or 0))
    return tuple(_resolved(entry, Path(name).parent) for entry in entries)


def _entries(tree: Node, reader: Reader) -> list[KeyEntry]:
    if isinstance(tree, Scalar) and tree.value is None:
        return []
    if not isinstance(tree, Sequence):
        reader.problems.append(Problem(reader.file, tree.line, f"is not a list of keys; write e.g. {_EXAMPLE}"))
        return []
    for index, item in enumerate(tree.items):
        reader.lines[index,] = item.line
    read = [reader.struct(item, KeyEntry, (index,), _EXAMPLE) for index, item in enumerate(tree.items)]
    return [entry for entry in read if isinstance(entry, KeyEntry)]


def _resolved(entry: KeyEntry, folder: Path) -> KeyEntry:
    return entry if entry.path is None else msgspec.structs.replace(entry, path=folder.absolute() / entry.path)


def _read(path: Path) -> str:
    try:
        with os.fdopen(safe_open(path.absolute()), "rb") as file:
            return file.read(MAX_BYTES + 1).decode("utf-8-sig")
    except OSError as error:
        raise ConfigError([Problem(str(path), None, f"the key register cannot be read: {error.strerror}.")]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(str(path), None, "the key register is not UTF-8; save it as UTF-8.")]) from error


def judge_keys(register: Iterable[KeyEntry], now: float, max_age_days: int) -> list[KeyRecord]:
    """Judge the age of each key at `now` (epoch seconds) against its own limit or `max_age_days`."""
    return [_judge(entry, now, entry.max_age_days or max_age_days) for entry in register]


def _judge(entry: KeyEntry, now: float, limit: int) -> KeyRecord:
    said = [_epoch(day) for day in (entry.created, entry.rotated) if day is not None]
    at_least = not said and entry.first_seen is not None
    days = said or ([_epoch(entry.first_seen)] if entry.first_seen else [])
    past = [day for day in days if day <= now + DAY]
    age = max(int((now - max(past)) // DAY), 0) if past else None
    state, detail = _age_state(age, at_least, limit, ahead=len(past) < len(days))
    return KeyRecord(
        entry.id, entry.kind, entry.owner, entry.datasets,
        _epoch(entry.created) if entry.created else None, _epoch(entry.rotated) if entry.rotated else None,
        age, at_least, limit, state, detail,
    )  # fmt: skip


def _age_state(age: int | None, at_least: bool, limit: int, *, ahead: bool) -> tuple[State, str]:
    """`ahead`: a date lies in the future; it makes nothing younger."""
    if ahead and (age is None or age <= limit):
        return "warn", "a date of it is in the future; correct the register or this host's clock."
    if age is None:
        return "unknown", "no date is registered; write created, rotated or first_seen."
    words = f"at least {age} days old" if at_least else f"{age} days old"
    if age > limit:
        return "fail", f"{words}, {age - limit} more than allowed; rotate it."
    if age >= WARN_FROM * limit:
        return "warn", f"{words} of {limit} allowed; plan its rotation."
    if at_least:
        return "unknown", f"{words} of {limit} allowed, how old is not known; rotate it or find out."
    return "pass", f"{words} of {limit} allowed."


def _epoch(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()
