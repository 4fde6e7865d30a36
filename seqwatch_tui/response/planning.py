"""Plans: what would be done to a dataset and who would feel it, or why it will not be done. Nothing is changed here.

A plan's id is a digest of what it says and of the directory it was made for, so that `carry_out` can tell that the
plan an operator confirmed is for the directory that is there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from seqwatch_tui.model.action import Plan, Refused, Step, Verb
from seqwatch_tui.model.text import safe_text
from seqwatch_tui.response.errors import JournalDamaged, JournalFailed
from seqwatch_tui.response.holders import Holders, holders
from seqwatch_tui.response.inode import Inode, inspect, is_mount_point, opened
from seqwatch_tui.response.journal import Journal
from seqwatch_tui.response.lock import cannot_return, differences, is_shut
from seqwatch_tui.response.refusal import Request, not_ours, unfit, unreachable, wrong_state
from seqwatch_tui.response.state import Intent, quarantines, unfinished
from seqwatch_tui.response.survey import Survey, survey

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Facts:
    """What a plan needs to know besides the dataset.

    `state_dir` is seqwatch's own; `config` is named in the equal command line when it is not a standard place.
    """

    state_dir: Path
    config: Path | None = None
    holders: Callable[[Container[tuple[int, int]]], Holders] = holders

    @property
    def journal(self) -> Journal:
        """The journal of the state directory."""
        return Journal.of(self.state_dir)


def plan(  # noqa: PLR0917 (the words of the command, in its order)
    verb: Verb, dataset_id: str, root: Path, reason: str, operator: str, now: float, facts: Facts
) -> Plan | Refused:
    """Return what `verb` would do to the dataset at `root`, as of `now` (epoch seconds), or why it is refused."""
    root = Path(str(root).replace("//", "/", 1)) if str(root).startswith("//") else root  # POSIX keeps just two
    if refused := unfit(reason, root, facts.state_dir):
        return refused
    try:
        with opened(root) as fd:
            return _planned(Request(verb, dataset_id, root, reason, operator, now), facts, fd)
    except OSError as error:
        return unreachable(root, error)
    except (JournalDamaged, JournalFailed) as error:
        return Refused(str(error), "Nothing can be planned until the journal can be read and is whole.")


def _planned(request: Request, facts: Facts, fd: int) -> Plan | Refused:
    root = inspect(fd)
    entries = facts.journal.entries()
    held = quarantines(entries)
    if any(act.plan.dataset == request.dataset for act in unfinished(entries)):
        return Refused(
            "An act on it was interrupted and is not finished.", "Restart seqwatch: it finishes the act first."
        )
    if refused := not_ours(request.root, root, fd) or wrong_state(request, root, held):
        return refused
    if request.verb == "quarantine":
        return _quarantine(request, facts, fd)
    return _release(request, facts, root, held[request.dataset])


def _quarantine(request: Request, facts: Facts, fd: int) -> Plan:
    found = survey(fd)
    path = str(request.root)
    owner = "root alone" if os.geteuid() == 0 else "its owner alone"
    guard = ", owner root, immutable" if os.geteuid() == 0 else ""
    files = f"{_files(found.count('file'))}, {_directories(found.count('directory'))}"
    steps = (
        Step(1, f"Close the directory to everybody but {owner} (mode 0700)", f"mode {found.root.mode:04o}, owner "
             f"{found.root.uid}:{found.root.gid}", path),
        Step(2, f"Take all rights from everything beneath ({files}): mode 0000{guard}",
             "each gets back its own mode, owner, flags and ACL from the journal", path),
        Step(3, f"Take all rights from the directory itself: mode 0000{guard}", f"mode {found.root.mode:04o}", path),
    )  # fmt: skip
    held = facts.holders({(i.dev, i.ino) for i in (found.root, *(item.inode for item in found.inodes))})
    warnings = (*_warnings(found, held, fd), *_owner_warning())
    return _plan(request, facts, found.root, steps=steps, radius=tuple(_radius(found, held)), warnings=warnings)


def _release(request: Request, facts: Facts, root: Inode, held: Intent) -> Plan:
    path, old = str(request.root), held.root
    steps = (
        Step(1, "Open the directory to ourselves alone (mode 0700)", "mode 0000", path),
        Step(2, f"Give back mode, owner, flags and ACL of what is beneath ({len(held.record)} recorded)",
             "quarantine it again", path),
        Step(3, f"Give back the directory: mode {old.mode:04o}, owner {old.uid}:{old.gid}",
             "quarantine it again", path),
    )  # fmt: skip
    when = f"{datetime.fromtimestamp(held.plan.created, UTC):%Y-%m-%d %H:%M:%S} UTC"
    radius = (
        f"Everybody who could use {request.dataset} before {when} can use it again.",
        f"It was quarantined by {held.plan.operator}: {held.plan.reason}",
    )
    changed = differences(root, old) and not is_shut(root, privileged=held.privileged)
    warnings = ("The quarantine was not in force any more: somebody has changed the directory.",) if changed else ()
    return _plan(request, facts, root, steps=steps, radius=radius, warnings=warnings)


def _plan(
    request: Request, facts: Facts, root: Inode, *, steps: tuple[Step, ...], radius: tuple[str, ...],
    warnings: tuple[str, ...],
) -> Plan:  # fmt: skip
    config = ["--config", str(facts.config)] if facts.config else []
    command = shlex.join(["seqwatch", *config, request.verb, request.dataset, "--reason", request.reason])
    unnamed = Plan(
        "", request.verb, request.dataset, str(request.root), request.reason, request.operator, request.now, steps,
        radius, warnings, command,
    )  # fmt: skip
    return replace(unnamed, plan_id=plan_id(unnamed, root))


def plan_id(made: Plan, root: Inode) -> str:
    """The id of a plan for the directory `root`: 16 hex digits over what an operator confirms."""
    said = [made.verb, made.dataset, made.path, made.reason, made.operator, made.created, *root.identity]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _directories(count: int) -> str:
    return "1 directory" if count == 1 else f"{count} directories"


def _radius(found: Survey, held: Holders) -> Iterator[str]:
    files, directories = found.count("file"), found.count("directory")
    yield f"{_files(files)} ({_bytes(found.size)}) in {_directories(directories + 1)}"
    yield from (str(holder) for holder in held.found[:_SHOWN])
    if len(held.found) > _SHOWN:
        yield f"and {len(held.found) - _SHOWN} more processes that have files open"
    if not held.found:
        yield "No process that could be looked into has a file open."
    if held.hidden:
        needs = "" if os.geteuid() == 0 else " (that needs root)"
        yield f"Processes that could not be looked into: {held.hidden}{needs}."
    if found.linked_outside:
        outside = len(found.linked_outside)
        yield f"{_files(outside)} {'has' if outside == 1 else 'have'} names outside the dataset: {_some(found.linked_outside)}"
    for item in found.unseen[:_SHOWN]:
        yield f"{safe_text(os.fsdecode(item.path) or '.')} {item.why}"
    if len(found.unseen) > _SHOWN:
        yield f"and {len(found.unseen) - _SHOWN} more names that could not be looked at"


def _warnings(found: Survey, held: Holders, fd: int) -> Iterator[str]:
    if held.found or held.hidden:
        yield "Files that are open now stay open: what has them can read on until it ends or is stopped."
    if found.linked_outside:
        yield "Rights belong to the file, not the name: the names outside the dataset are shut as well."
    privileged = os.geteuid() == 0
    left = [item.path for item in found.inodes if cannot_return(item.inode, privileged=privileged)]
    if left:
        yield f"{len(left)} will be left as they are, behind the closed directory: {_some(tuple(left))}"
    if found.root.flags is None:
        yield "The file system does not tell inode flags, so the immutable flag cannot be counted on."
    if is_mount_point(fd):
        yield "The directory is the root of a mounted file system: unmounting it takes the quarantine with it."


def _owner_warning() -> tuple[str, ...]:
    if os.geteuid() == 0:
        return ("root, and a process with CAP_DAC_OVERRIDE, can read on: permissions do not bind them.",)
    return ("Without root the owner of the data stays its owner and can give himself the rights back.",)


def _some(paths: tuple[bytes, ...]) -> str:
    shown = ", ".join(safe_text(os.fsdecode(path), 60) for path in paths[:3])
    return shown if len(paths) <= 3 else f"{shown}, ..."


def _bytes(size: int) -> str:
    value = float(size)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000:
            return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} PB"
