"""Who is at the other end of the socket, and what may they do: SO_PEERCRED to role.

Source: unix(7) SO_PEERCRED. The overflow uid (a foreign user namespace) never gets a role.
"""

from __future__ import annotations

import grp
import os
import pwd
import socket
import struct
from dataclasses import dataclass
from typing import Literal

from seqwatch_tui.config.settings import Settings

Role = Literal["viewer", "auditor", "responder", "approver"]
_OVERFLOW_UID = 65534
_RANK: dict[Role, int] = {"viewer": 0, "auditor": 1, "responder": 2, "approver": 3}


@dataclass(frozen=True, slots=True)
class Peer:
    """A connected client: its uid as the kernel says, its name on this host, its role (null = none)."""

    uid: int
    name: str
    role: Role | None

    def may(self, needed: Role) -> bool:
        """Whether the role suffices; roles include the ones before them."""
        return self.role is not None and _RANK[self.role] >= _RANK[needed]


def peer_of(sock: socket.socket, settings: Settings) -> Peer:
    """Return who connected this Unix socket."""
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, gid = struct.unpack("3i", raw)
    name = user_name(uid)
    return Peer(uid, name, role_of(uid, name, groups_of(name, gid), settings))


def role_of(uid: int, name: str, groups: frozenset[str], settings: Settings) -> Role | None:
    """Return the highest role of a user; root and the engine's own uid are approvers."""
    if uid == _OVERFLOW_UID:
        return None
    if uid in (0, os.geteuid()):
        return "approver"
    held = [
        role
        for role in _RANK
        if name in (members := getattr(settings.operators, role)).users or groups & members.groups
    ]
    return max(held, key=_RANK.__getitem__, default=None)


def user_name(uid: int) -> str:
    """Return the host's name for a uid, or the number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def groups_of(name: str, gid: int | None = None) -> frozenset[str]:
    """Return the names of the groups a user is in on this host; unknown users are in none."""
    try:
        gids = os.getgrouplist(name, pwd.getpwnam(name).pw_gid if gid is None else gid)
    except KeyError:
        return frozenset()
    return frozenset(_group_name(g) for g in gids)


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
