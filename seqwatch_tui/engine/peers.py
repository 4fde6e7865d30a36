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
from seqwatch_tui.model.accounts import groups_of_user

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


@dataclass(frozen=True, slots=True)
class Account:
    """What the host's user database says of a uid: its name, and the names of its groups."""

    name: str
    groups: frozenset[str]


def credentials(sock: socket.socket) -> tuple[int, int]:
    """Return uid and gid of who connected this Unix socket, as the kernel noted them then."""
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, gid = struct.unpack("3i", raw)
    return uid, gid


def account_of(uid: int, gid: int) -> Account:
    """Ask the host's user database (nsswitch.conf(5)): it may ask a server, and take long."""
    name = user_name(uid)
    return Account(name, groups_of(name, gid))


def peer_of(uid: int, account: Account, settings: Settings) -> Peer:
    """Return a client with the role that the settings give it."""
    return Peer(uid, account.name, role_of(uid, account.name, account.groups, settings))


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
        gids = groups_of_user(name, pwd.getpwnam(name).pw_gid if gid is None else gid)
    except KeyError:
        return frozenset()
    return frozenset(_group_name(g) for g in gids)


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
