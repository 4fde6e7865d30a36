"""What is in a dataset folder: every name once, by directory descriptors, following no link.

Only looks (readdir, stat); reads no file. What cannot be looked at is in the listing with the reason.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass

from seqwatch_tui.integrity.interface import Stamp
from seqwatch_tui.model.safefile import safe_open_at

NOT_REGULAR = "not a regular file but"
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFDIR: "a folder",
}


@dataclass(frozen=True, slots=True)
class Regular:
    """A regular file and its stat facts."""

    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something that cannot be read as a file: another kind of object, or a folder or name that cannot be looked at."""

    why: str


Found = Regular | Unusable
Listing = dict[bytes, Found]


def list_folder(root_fd: int, check: Callable[[], None]) -> Listing:
    """List all names below the folder but for folders that could be listed; `check()` may raise to stop it."""
    found: Listing = {}
    pending = [b""]
    while pending:
        check()
        folder = pending.pop()
        try:
            pending.extend(_list_one(root_fd, folder, found))
        except FileNotFoundError:
            continue  # removed since its parent was listed: what the manifest lists in it will be missing
        except OSError as error:
            found[folder or b"."] = Unusable(f"the folder cannot be listed: {error.strerror}")
    return found


def _list_one(root_fd: int, folder: bytes, found: Listing) -> list[bytes]:
    fd = safe_open_at(root_fd, folder or b".", directory=True)
    try:
        with os.scandir(fd) as entries:
            names = [os.fsencode(entry.name) for entry in entries]
        prefix = folder + b"/" if folder else b""
        return [prefix + name for name in names if _look(fd, name, prefix, found)]
    finally:
        os.close(fd)


def _look(fd: int, name: bytes, prefix: bytes, found: Listing) -> bool:
    """Record one name; return whether it is a folder to go into."""
    try:
        facts = os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    except OSError as error:
        found[prefix + name] = Unusable(f"cannot be looked at: {error.strerror}")
        return False
    if stat.S_ISDIR(facts.st_mode):
        return True
    regular = stat.S_ISREG(facts.st_mode)
    found[prefix + name] = Regular(Stamp.of(facts)) if regular else Unusable(not_regular(facts.st_mode))
    return False


def not_regular(mode: int) -> str:
    """Say what kind of object it is, for the detail of a verdict."""
    return f"{NOT_REGULAR} {_KINDS.get(stat.S_IFMT(mode), 'something else')}"
