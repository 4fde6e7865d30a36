"""A password or token from a file: read when needed, never kept, never shown, refused when others can read it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from seqwatch_tui.model.safefile import safe_open
from seqwatch_tui.notify.interface import NotSent

_MOST = 4096


def read_secret(path: Path) -> str | NotSent:
    """Return the first line of the file, or why there is none."""
    try:
        fd = safe_open(path)
        try:
            if stat.S_IMODE(os.fstat(fd).st_mode) & 0o077:
                return NotSent(f"the secret in {path} can be read by others; chmod 600 it", again=False)
            text = os.read(fd, _MOST).decode("ascii", "strict").split("\n", 1)[0].strip()
        finally:
            os.close(fd)
    except (OSError, UnicodeDecodeError) as error:
        return NotSent(f"the secret in {path} cannot be read: {getattr(error, 'strerror', None) or error}", again=False)
    return text or NotSent(f"the secret file {path} is empty", again=False)
