"""Shutting one inode to everybody, and giving back exactly what was taken.

Shut means mode 0000; with privilege also owner root:root, so that the owner of the data cannot open it again through a
descriptor, and the immutable flag, which on ext4 stops writes through descriptors opened before. Every step is
idempotent: after a crash the same call finishes the work. Taking goes flags, owner, mode, flag; giving goes flags,
owner, capability, mode, ACL, flags, because chown drops set-id bits and capabilities and a guard forbids all others.
"""

from __future__ import annotations

import os
import stat

from seqwatch_tui.response.inode import (
    ACL,
    CAPABILITY,
    GUARDS,
    IMMUTABLE,
    Inode,
    inspect,
    set_attribute,
    set_flags,
    set_mode,
    set_owner,
)

_TAKEN = ("mode", "uid", "gid", "flags", "acl", "capability")


def is_shut(inode: Inode, *, privileged: bool) -> bool:
    """Whether nothing is left to take; flags are not looked at, for a file system may refuse them."""
    return inode.mode == 0 and (not privileged or (inode.uid, inode.gid) == (0, 0))


def cannot_return(inode: Inode, *, privileged: bool) -> str | None:
    """Why what would be taken from this inode could not be given back exactly; None when it could."""
    if privileged:
        return None
    if inode.uid != os.geteuid():
        return f"belongs to uid {inode.uid}, so only root can shut it"
    if inode.flags is not None and inode.flags & GUARDS:
        return "is immutable or append-only, so only root can shut it"
    if inode.mode & stat.S_ISGID and inode.gid not in (os.getegid(), *os.getgroups()):
        return f"is set-group-id for group {inode.gid}, which only root could give back"
    return None


def shut(fd: int, *, privileged: bool, mode: int = 0) -> str | None:
    """Take every right from the inode (or all but `mode`); return what the file system refused, if anything.

    Raises OSError when rights could not be taken.
    """
    now = inspect(fd)
    if now.flags and not is_shut(now, privileged=privileged):
        set_flags(fd, 0)
    if privileged and (now.uid, now.gid) != (0, 0):
        set_owner(fd, 0, 0)
    if inspect(fd).mode != mode:
        set_mode(fd, mode)
    if not privileged or mode or now.kind == "other":
        return None
    try:
        set_flags(fd, IMMUTABLE)
    except OSError as error:
        return f"the file system refused the immutable flag ({error.strerror})"
    return None


def give_back(fd: int, old: Inode) -> str | None:
    """Bring the inode to `old`; return what could not be given back, None when all of it was.

    Raises OSError when a change was refused.
    """
    now = inspect(fd)
    if differences(now, old) and now.flags:
        set_flags(fd, 0)
    if (now.uid, now.gid) != (old.uid, old.gid):
        set_owner(fd, old.uid, old.gid)
    if old.capability is not None and inspect(fd).capability != old.capability:
        set_attribute(fd, CAPABILITY, old.capability)
    if inspect(fd).mode != old.mode:
        set_mode(fd, old.mode)
    if old.acl is not None and inspect(fd).acl != old.acl:
        set_attribute(fd, ACL, old.acl)
    if old.flags is not None and inspect(fd).flags != old.flags:
        set_flags(fd, old.flags)
    left = differences(inspect(fd), old)
    return f"{', '.join(left)} could not be given back" if left else None


def differences(now: Inode, old: Inode) -> list[str]:
    """The names of what quarantine takes in which two states differ."""
    return [name for name in _TAKEN if getattr(now, name) != getattr(old, name)]
