"""The kernel's own account of the audit trail: how many records it dropped, asked for over netlink.

Source: kernel/audit.c (AUDIT_GET, struct audit_status), netlink(7). Asking needs CAP_AUDIT_CONTROL in the first user and
pid namespaces; nothing is changed by it. Without that right auditd's own report (auditd.conf(5), report_interval) tells
whether it has stopped writing; it does not hold the kernel's counter.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

_NETLINK_AUDIT, _AUDIT_GET, _NLMSG_ERROR, _NLM_F_REQUEST = 9, 1000, 2, 1
_HEADER = struct.Struct("=IHHII")
_STATUS = struct.Struct("=8I")  # mask enabled failure pid rate_limit backlog_limit lost backlog
_TIMEOUT = 0.5
STATE_FILES = (Path("/run/audit/auditd.state"), Path("/var/run/auditd.state"))
_SUSPENDED = re.compile(r"^(logging suspended|disk error detected|plugin queue overflow detected) = yes", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class AuditStatus:
    """What the kernel says: `lost` records since boot (or since it was reset), and the queue they wait in."""

    enabled: int
    pid: int
    backlog_limit: int
    lost: int
    backlog: int


@dataclass(frozen=True, slots=True)
class NotTold:
    """The kernel's counter is not known; `reason` says why and what to do."""

    reason: str


def ask_kernel() -> AuditStatus | NotTold:
    """Ask once; takes a fraction of a millisecond, at most half a second."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_AUDIT) as link:
            link.settimeout(_TIMEOUT)
            link.bind((0, 0))
            link.sendto(_HEADER.pack(_HEADER.size, _AUDIT_GET, _NLM_F_REQUEST, 1, 0), (0, 0))
            return _answer(link)
    except OSError as error:
        return NotTold(_reason(error))


def _answer(link: socket.socket) -> AuditStatus | NotTold:
    while True:
        data, sender = link.recvfrom(8192)
        _, kind, _, _, _ = _HEADER.unpack_from(data)
        if sender[0] != 0:  # not from the kernel
            continue
        if kind == _AUDIT_GET:
            _, enabled, _, pid, _, limit, lost, backlog = _STATUS.unpack_from(data, _HEADER.size)
            return AuditStatus(enabled, pid, limit, lost, backlog)
        if kind == _NLMSG_ERROR:
            code = -struct.unpack_from("=i", data, _HEADER.size)[0]
            if code:
                return NotTold(_reason(OSError(code, os.strerror(code))))


def _reason(error: OSError) -> str:
    if error.errno in (errno.EPERM, errno.EACCES, errno.ECONNREFUSED):
        return (
            "the kernel's count of lost records is not known: asking needs CAP_AUDIT_CONTROL"
            " (run the engine as root, or AmbientCapabilities=CAP_AUDIT_CONTROL)"
        )
    return f"the kernel's count of lost records is not known: {error.strerror or error}"


def auditd_complaints() -> tuple[str, ...]:
    """What auditd's own report says went wrong ("logging suspended"), nothing where it writes no report."""
    for path in STATE_FILES:
        try:
            text = path.read_text("utf-8", "replace")[:65536]
        except OSError:
            continue
        return tuple(found[1] for found in _SUSPENDED.finditer(text))
    return ()


def boot_id() -> str:
    """Which boot this is (random(4)); the counter starts at 0 with each."""
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
