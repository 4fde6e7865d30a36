"""One event and the places it is about: paths found with what is known of inodes, and what the event teaches of them.

A name relative to a descriptor is below the directory whose inode the event's own PARENT record tells; without one it
is below what the same process opened under that number, which is weaker and marked so. It is never joined with the
working directory. Pure; knows nothing of lines. Sources: openat(2), audit_log_name in kernel/auditsc.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqwatch_tui.parse.normalise import (
    FDCWD,
    W_DIRFD,
    W_DIRFD_HELD,
    W_DIRFD_RESOLVED,
    W_INODE,
    normalise_path,
    resolve_path,
)
from seqwatch_tui.parse.places import Held, Identity, Places, Process

if TYPE_CHECKING:
    from seqwatch_tui.parse.calls import Call
    from seqwatch_tui.parse.event import Facts, PathItem, SystemCall

MOST_FD = 1 << 30
"""No descriptor is as high (fs.nr_open): such an argument is something else."""

GIVING = frozenset({
    "dup", "dup2", "dup3", "socket", "accept", "accept4", "memfd_create", "pidfd_open", "open_tree", "epoll_create",
    "epoll_create1", "eventfd", "eventfd2", "inotify_init", "inotify_init1", "signalfd", "signalfd4", "timerfd_create",
    "fanotify_init", "userfaultfd",
})  # fmt: skip
"""Calls beside the open family that return a new descriptor."""
LEAVING = frozenset({"execve", "execveat", "exit", "exit_group"})
"""Calls after which none of the descriptors may be there any more."""


def resolve(
    facts: Facts, item: PathItem, dirfd: int | None, parent: PathItem | None, places: Places, *, two: bool = False
) -> tuple[str | None, str | None]:
    """The absolute path of an item and a warning. `parent` is the PARENT item above it, `dirfd` the argument's number.

    Where a call has `two` names the PARENT's name says nothing: only its inode does.
    """
    base = _base(facts.call, dirfd)
    name = item.name or ""
    above = parent.name if parent and not two else None
    loose = item.nametype == "PARENT" and base is not None and base not in FDCWD and name == facts.cwd
    # The kernel writes CWD for "the descriptor's directory": that name is not evidence of a place.
    path, warning = (None, W_DIRFD) if loose else resolve_path(name, facts.cwd, base, above)
    if warning != W_DIRFD:
        return path, warning
    found = _below(facts, item, parent, base, places)
    return found or (path, W_DIRFD)


def _base(call: SystemCall | None, dirfd: int | None) -> str | None:
    if call and dirfd is not None and len(call.args) > dirfd:
        return call.args[dirfd]
    return "unknown" if call and call.uring else None


def _below(
    facts: Facts, item: PathItem, parent: PathItem | None, base: str | None, places: Places
) -> tuple[str, str] | None:
    """Path and warning of a name below a directory that is known by its inode, else by its descriptor."""
    call, name = facts.call, item.name or ""
    if call is None:
        return None
    fd = descriptor(base)
    if parent is not None and parent.at:
        key = facts.host, parent.at
        named = places.directory(key)
        if named is None:
            held = _held(facts, call, fd, parent.at, places)
            if held is None or held.key != key:
                return None
            directory, warning = held.path, W_DIRFD_RESOLVED
        else:
            directory, warning = named.path, W_DIRFD_RESOLVED if named.certain else W_DIRFD_HELD
        last = "" if item.nametype == "PARENT" else name.rstrip("/").rsplit("/", 1)[-1]
        return normalise_path(f"{directory}/{last}"), warning
    held = _held(facts, call, fd, item.at, places)
    if held is not None:
        return normalise_path(f"{held.path}/{name}"), W_DIRFD_HELD
    itself = places.same((facts.host, item.at), name.rstrip("/")) if item.at and item.nametype != "CREATE" else None
    return (itself.path, W_DIRFD_RESOLVED if itself.certain else W_DIRFD_HELD) if itself else None


def _held(facts: Facts, call: SystemCall, fd: int | None, at: str, places: Places) -> Held | None:
    if fd is None or call.pid is None or not at:
        return None
    return places.opened(Process(facts.host, call.pid), identity_of(call), fd, at.partition(" ")[0])


def descriptor(base: str | None) -> int | None:
    """The number of a descriptor, from an argument as written (hex), or null."""
    try:
        fd = int(base or "", 16)
    except ValueError:
        return None
    return fd if 0 <= fd < MOST_FD else None


def identity_of(call: SystemCall) -> Identity:
    """Who the process is, as far as its number alone does not tell."""
    return call.actor.auid, call.actor.session, call.actor.exe


def nameless(facts: Facts, places: Places) -> tuple[PathItem | None, str | None]:
    """The one object that came without a name, and its path if its inode is known (calls on a descriptor)."""
    objects = [item for item in facts.paths if item.nametype != "PARENT" and item.at]
    if len(objects) != 1:
        return None, None
    return objects[0], places.called((facts.host, objects[0].at))


def learn(  # noqa: PLR0917 - the event and what was found in it
    facts: Facts,
    meaning: Call,
    action: str,
    item: PathItem | None,
    paths: tuple[str | None, str | None],
    warnings: set[str],
    places: Places,
) -> None:
    """Take from an event what it says about places; `paths` are those of the item and of the old one of a rename."""
    call = facts.call
    if call is None or call.outcome != "success":
        return
    if call.pid is not None:
        _release(call, meaning, Process(facts.host, call.pid), places)
    if action == "rename":
        _renamed(facts, item, paths, warnings, places)
        return
    for gone in facts.paths:
        if gone.nametype == "DELETE" and gone.at:
            places.forget((facts.host, gone.at))
    path = paths[0]
    if item is None or not item.at or item.nametype in ("PARENT", "DELETE") or not path or path[0] != "/":
        return
    key = facts.host, item.at
    if item.directory:
        certain = W_DIRFD_HELD not in warnings and W_INODE not in warnings
        places.name(key, path, certain=certain, new=item.nametype == "CREATE")
        if meaning.action == "open" and call.pid is not None and call.exit is not None and 0 <= call.exit < MOST_FD:
            places.hold(Process(facts.host, call.pid), identity_of(call), call.exit, Held(key, path))
    elif action in ("create", "write") and W_DIRFD_HELD not in warnings:
        places.wrote(key, path)


def _release(call: SystemCall, meaning: Call, process: Process, places: Places) -> None:
    """Descriptors that are something else from here on."""
    if call.name in LEAVING:
        places.release(process)
    elif call.name == "close" and not call.uring:
        fd = descriptor(call.args[0] if call.args else None)
        if fd is not None:
            places.release(process, fd)
    elif (meaning.action == "open" or call.name in GIVING) and call.exit is not None:
        places.release(process, call.exit)


def _renamed(
    facts: Facts, item: PathItem | None, paths: tuple[str | None, str | None], warnings: set[str], places: Places
) -> None:
    """Both names of a rename, and what it replaced: the inodes are elsewhere now."""
    host, path = facts.host, paths[0]
    moved = item is not None and item.directory
    old = paths[1] if paths[1] and paths[1][0] == "/" else None
    sure = path is not None and path[0] == "/" and W_DIRFD_HELD not in warnings
    two = sum(one.nametype == "DELETE" for one in facts.paths) == 1  # one name went: nothing was replaced or exchanged
    if moved and path is not None and path[0] == "/":
        places.moved(host, path)
    if moved and old is not None:
        places.moved(host, old, path if sure and two else None)
    new = (host, item.at) if item is not None and item.at and item.nametype == "CREATE" else None
    gone = [(host, one.at) for one in facts.paths if one.nametype != "PARENT" and one.at]
    places.renamed(gone, new, path if sure else None)
    if moved and new is not None and path is not None and path[0] == "/":
        places.name(new, path, certain=sure, new=True)
