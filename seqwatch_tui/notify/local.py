"""Pages to this host itself: a line of JSON at the end of a file, or a line to syslog (RFC 3164)."""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
from dataclasses import dataclass
from pathlib import Path

from seqwatch_tui.model.safefile import UnsafeFile, safe_open_dir
from seqwatch_tui.notify.interface import TIMEOUT_SECONDS, Delivery, NotSent, Page, Sent

FACILITIES = {"user": 1, "daemon": 3, "auth": 4, "authpriv": 10, **{f"local{n}": 16 + n for n in range(8)}}
_SEVERITIES = {"critical": 2, "high": 3, "medium": 4, "low": 5, "informational": 6}
_SOCKET = "/dev/log"


@dataclass(frozen=True, slots=True)
class File:
    """One line of JSON per page, appended and synced; a regular file, made with mode 0600, through no link on the way."""

    label: str
    path: Path

    def deliver(self, page: Page) -> Delivery:
        """Append the line."""
        line = json.dumps(page.payload, ensure_ascii=False).encode() + b"\n"
        try:
            fd = self._opened()
            try:
                written = os.write(fd, line)
                os.fsync(fd)
            finally:
                os.close(fd)
        except OSError as error:
            return NotSent(f"{self.path}: {error.strerror}", again=False)
        return (
            Sent(f"{written} bytes") if written == len(line) else NotSent(f"{self.path} took only a part", again=False)
        )

    def _opened(self) -> int:
        """The file, made if it is not there. OSError as open(2); UnsafeFile for a link in the path, or no regular file."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        folder = safe_open_dir(self.path.parent)
        try:
            fd = os.open(self.path.name, flags, 0o600, dir_fd=folder)
        finally:
            os.close(folder)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise UnsafeFile(errno.EINVAL, "is not a regular file")
        return fd


@dataclass(frozen=True, slots=True)
class Syslog:
    """One line per page to the local log daemon."""

    label: str
    facility: str
    address: str = _SOCKET

    def deliver(self, page: Page) -> Delivery:
        """Send the line."""
        priority = FACILITIES[self.facility] * 8 + _SEVERITIES[page.level]
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.settimeout(TIMEOUT_SECONDS)
                sock.connect(self.address)
                sock.send(f"<{priority}>seqwatch: {page.title}".encode())
        except OSError as error:
            return NotSent(f"{self.address}: {error.strerror}", again=True)
        return Sent("taken by syslog")
