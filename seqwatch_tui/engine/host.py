"""What this host has, for `seqwatch init`: its name, zone, audit logs, and folders that look like datasets."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from seqwatch_tui.config.starter import HostFacts

_AUDIT_LOG, _LAUREL_LOG = Path("/var/log/audit/audit.log"), Path("/var/log/laurel/audit.log")
_PLACES = (Path("/data/seq"), Path("/data"), Path("/srv/seq"), Path("/mnt/data"))
_MOST = 20


def host_facts() -> HostFacts:
    """Look at this host; nothing is opened but folders."""
    root = os.geteuid() == 0
    return HostFacts(
        site=socket.gethostname().split(".")[0] or "site",
        state_dir=Path("/var/lib/seqwatch") if root else Path.home() / ".local/state/seqwatch",
        timezone=_timezone(),
        audit_log=_AUDIT_LOG if root or _exists(_AUDIT_LOG) else None,
        laurel_log=_LAUREL_LOG if _exists(_LAUREL_LOG) else None,
        datasets=_datasets(),
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return True


def _timezone() -> str:
    """The name behind /etc/localtime, else UTC."""
    target = os.path.realpath("/etc/localtime")
    _, found, name = target.partition("/zoneinfo/")
    return name if found else "UTC"


def _datasets() -> tuple[Path, ...]:
    for place in _PLACES:
        try:
            folders = sorted(
                p
                for p in place.iterdir()
                if p.is_dir() and not p.is_symlink() and not p.name.startswith((".", "lost+"))
            )
        except OSError:
            continue
        if folders:
            return tuple(folders[:_MOST])
    return ()
