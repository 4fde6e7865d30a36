"""This host's own state as rows, read when a query names it: processes, connections, mounts, logins (psutil).

Runs in whoever starts the SQL worker, since the worker may not look; what the engine's user cannot see is null.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping
from typing import Any

import psutil

Row = dict[str, Any]
_LONGEST = 4096  # characters of one command line


def host_tables(sql: str) -> dict[str, list[Row]]:
    """Return the rows of those host tables whose names occur in `sql`."""
    words = set(re.findall(r"[a-z_]+", sql.lower()))
    return {name: read() for name, read in _TABLES.items() if name in words}


def _processes() -> list[Row]:
    fields = ["pid", "ppid", "name", "exe", "username", "terminal", "create_time", "cmdline"]
    return [
        {
            "pid": p["pid"], "ppid": p["ppid"], "name": p["name"], "exe": p["exe"] or None, "user_name": p["username"],
            "tty": p["terminal"], "started": p["create_time"],
            "command_line": " ".join(p["cmdline"] or ())[:_LONGEST] or None,
        }
        for p in (process.info for process in psutil.process_iter(fields))
    ]  # fmt: skip


def _connections() -> list[Row]:
    kinds = {socket.SOCK_STREAM: "tcp", socket.SOCK_DGRAM: "udp"}
    return [
        {
            "pid": c.pid, "family": "inet6" if c.family == socket.AF_INET6 else "inet",
            "kind": kinds.get(c.type, str(c.type)), "local_ip": c.laddr.ip if c.laddr else None,
            "local_port": c.laddr.port if c.laddr else None, "remote_ip": c.raddr.ip if c.raddr else None,
            "remote_port": c.raddr.port if c.raddr else None, "status": c.status if c.status != "NONE" else None,
        }
        for c in psutil.net_connections("inet")
    ]  # fmt: skip


def _mounts() -> list[Row]:
    return [
        {"device": m.device, "path": m.mountpoint, "type": m.fstype, "options": m.opts}
        for m in psutil.disk_partitions(all=True)
    ]


def _logins() -> list[Row]:
    return [
        {"user_name": u.name, "tty": u.terminal, "host": u.host or None, "started": u.started, "pid": u.pid}
        for u in psutil.users()
    ]


_TABLES: Mapping[str, Callable[[], list[Row]]] = {
    "processes": _processes, "connections": _connections, "mounts": _mounts, "logins": _logins,
}  # fmt: skip
