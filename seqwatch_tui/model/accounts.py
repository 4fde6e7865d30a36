"""The groups of a user, asked for without keeping the interpreter's lock.

The host's user database (nsswitch.conf(5)) may ask a directory server and hang for minutes. `os.getgrouplist` of CPython
holds the lock meanwhile, which stops every thread: the engine would collect nothing. A call through ctypes lets it go;
`pwd` and `grp` do so by themselves.
"""

from __future__ import annotations

import ctypes
import os

_ROOM, _MOST = 64, 1 << 17


def groups_of_user(name: str, gid: int) -> list[int]:
    """Return the ids of the groups that `name` is in, `gid` among them (getgrouplist(3)).

    OSError when the C library has no such call or the list does not end (NGROUPS_MAX is 65,536).
    """
    ask = getattr(ctypes.CDLL(None), "getgrouplist", None)
    room = _ROOM
    while ask is not None and room <= _MOST:
        found, count = (ctypes.c_uint32 * room)(), ctypes.c_int(room)
        if ask(os.fsencode(name), ctypes.c_uint32(gid), found, ctypes.byref(count)) >= 0:
            return list(found[: count.value])
        room = max(count.value, 2 * room)
    raise OSError(f"the groups of {name!r} cannot be listed on this host")
