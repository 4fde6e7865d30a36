"""From where a session was opened: the sshd ancestor's own connection, never what the user's environment says.

/proc/PID/fd names its sockets, /proc/PID/net/tcp and tcp6 (of its network namespace) their ends: proc_pid_net(5).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

_ESTABLISHED, _LISTEN = "01", "0A"
_LIMIT = 4096
_FDS = 64


class Origins:
    """Addresses by audit session: a program that has outlived its sshd still belongs to the session."""

    def __init__(self) -> None:
        self._by_session: dict[int, str] = {}

    def address(self, session: int | None, daemons: Iterable[int]) -> str | None:
        """Return the address a session came from, given its sshd ancestors; null when there is none or none is known."""
        if session is not None and session in self._by_session:
            return self._by_session[session]
        for pid in daemons:
            address = peer_of(pid)
            if address is not None:
                if session is not None:
                    if len(self._by_session) >= _LIMIT:
                        self._by_session.clear()
                    self._by_session[session] = address
                return address
        return None


def peer_of(pid: int, proc: Path = Path("/proc")) -> str | None:
    """Return the other end of a server process's own connection: the first it has that came in on a listening port."""
    inodes = list(_sockets(proc / str(pid) / "fd"))
    if not inodes:
        return None
    ends: dict[str, tuple[int, str]] = {}
    listening: set[int] = set()
    for name in ("tcp", "tcp6"):
        for inode, state, port, address in _connections(proc / str(pid) / "net" / name):
            if state == _LISTEN:
                listening.add(port)
            elif state == _ESTABLISHED:
                ends[inode] = (port, address)
    mine = [ends[inode] for inode in inodes if inode in ends]
    incoming = [end for end in mine if end[0] in listening] or mine
    return incoming[0][1] if incoming else None


def _sockets(folder: Path) -> Iterator[str]:
    """Inodes of a process's sockets, lowest descriptor first."""
    try:
        numbers = sorted(int(name) for name in os.listdir(folder))[:_FDS]
    except OSError:
        return
    for number in numbers:
        try:
            target = os.readlink(folder / str(number))
        except OSError:
            continue  # closed meanwhile
        if target.startswith("socket:["):
            yield target[8:-1]


def _connections(path: Path) -> Iterator[tuple[str, str, int, str]]:
    """Inode, state, local port and remote address of every line of a tcp table."""
    try:
        lines = path.read_text("ascii").splitlines()[1:]
    except OSError:
        return
    for line in lines:
        fields = line.split()
        if len(fields) > 9:
            yield fields[9], fields[3], int(fields[1].rpartition(":")[2], 16), address_of(fields[2].partition(":")[0])


def address_of(digits: str) -> str:
    """Text of an address as the tables write it: 32-bit words in the host's order; an IPv4 in IPv6 clothes as IPv4."""
    words = [int(digits[i : i + 8], 16) for i in range(0, len(digits), 8)]
    raw = b"".join(word.to_bytes(4, "little") for word in words)
    if len(raw) == 4:
        return str(IPv4Address(raw))
    address = IPv6Address(raw)
    return str(address.ipv4_mapped or address)
