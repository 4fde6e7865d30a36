"""Why an act is refused: what is wrong and what to do instead. Nothing is changed here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from seqwatch_tui.model.action import Refused, Verb
from seqwatch_tui.model.safefile import UnsafeFile
from seqwatch_tui.response.inode import Inode
from seqwatch_tui.response.lock import cannot_return, is_shut
from seqwatch_tui.response.state import Intent

_TREES = (
    "/etc",
    "/usr",
    "/proc",
    "/sys",
    "/dev",
    "/boot",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/run",
    "/var/log",
)
_PLACES = (
    "/", "/home", "/var", "/root", "/srv", "/opt", "/mnt", "/media", "/tmp", "/var/lib", "/var/tmp", "/data",  # noqa: S108
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """What an operator asks for."""

    verb: Verb
    dataset: str
    root: Path
    reason: str
    operator: str
    now: float


def unfit(reason: str, root: Path, state_dir: Path) -> Refused | None:
    """What can be told from the words alone: no reason, the system's own, seqwatch's own."""
    if not reason.strip():
        return Refused("No reason was given.", "Say why: it stands in the journal for as long as the journal does.")
    path = PurePosixPath(os.path.normpath(root))
    if str(path) in _PLACES or any(path.is_relative_to(tree) for tree in _TREES):
        return Refused(f"{path} belongs to the system.", "A dataset needs a directory of its own.")
    for own in (state_dir, Path(__file__).parent):
        if own.is_relative_to(path) or (own == state_dir and path.is_relative_to(own)):
            return Refused(f"{path} and seqwatch's own {own} lie within each other.", "Move one of them.")
    return None


def not_ours(path: Path, root: Inode, fd: int) -> Refused | None:
    """What the directory itself forbids: its kind, its owner, its file system."""
    if root.kind != "directory":
        return Refused(f"{path} is not a directory.", "Check the dataset's path in the configuration.")
    privileged = os.geteuid() == 0
    if reason := cannot_return(root, privileged=privileged):
        return Refused(f"{path} {reason}.", "Run seqwatch as root.")
    if _read_only(fd):
        return Refused(f"{path} is on a read-only file system.", "Remount it; nothing can be changed there.")
    return None


def _read_only(fd: int) -> bool:
    return bool(os.statvfs(f"/proc/self/fd/{fd}").f_flag & os.ST_RDONLY)


def wrong_state(request: Request, root: Inode, held: dict[str, Intent]) -> Refused | None:
    """What the journal forbids: shutting twice, releasing what is not shut, another dataset shut above or beneath."""
    mine = held.get(request.dataset)
    if request.verb == "release":
        if mine is None:
            return Refused(f"{request.dataset} is not quarantined.", "There is nothing to give back.")
        if mine.root.identity != root.identity:
            return Refused(
                f"{request.root} is not the directory that was quarantined.",
                "Find out who replaced it, and put it back.",
            )
        return None
    if mine and mine.root.identity == root.identity and is_shut(root, privileged=mine.privileged):
        when = f"{datetime.fromtimestamp(mine.plan.created, UTC):%Y-%m-%d %H:%M:%S} UTC"
        return Refused(f"{request.dataset} is already quarantined, since {when}.", "Release it to give it back.")
    return _overlapping(request, held)


def _overlapping(request: Request, held: dict[str, Intent]) -> Refused | None:
    for other, intent in held.items():
        theirs = Path(intent.plan.path)
        if other != request.dataset and (theirs.is_relative_to(request.root) or request.root.is_relative_to(theirs)):
            return Refused(f"{request.root} overlaps with {other}, which is quarantined.", f"Release {other} first.")
    return None


def unreachable(root: Path, error: OSError) -> Refused:
    """What the kernel said to opening the root."""
    if isinstance(error, UnsafeFile):
        return Refused(f"{root} is or passes a symbolic link.", "Write the real path into the configuration.")
    if isinstance(error, FileNotFoundError):
        return Refused(f"{root} does not exist.", "Check the dataset's path in the configuration, or mount it.")
    if isinstance(error, NotADirectoryError):
        return Refused(f"{root} is not a directory.", "Check the dataset's path in the configuration.")
    return Refused(f"{root} cannot be reached: {error.strerror}.", "Run seqwatch as root or as the data's owner.")
