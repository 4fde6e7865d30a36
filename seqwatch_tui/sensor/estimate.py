"""How many bytes a use moved, as well as it can be told from outside, and by which method: never without its name.

`bytes-est:procio` is the growth of /proc/PID/io (rchar, wchar: all the process read or wrote meanwhile) while the file
was the only one the process used, or at most the file's size; `bytes-est:size` is the file's size, as if it had been
moved once as a whole.
"""

from __future__ import annotations

import os
import stat

from seqwatch_tui.sensor.uses import Use

PROCIO, SIZE = "bytes-est:procio", "bytes-est:size"


def bytes_moved(use: Use, action: str, moved: tuple[int, int] | None) -> tuple[int, str] | None:
    """Return bytes and method for a read or write of `use`; `moved` is what the process has moved by now. Null: unknown."""
    which = 1 if action == "write" else 0
    if moved is not None and use.moved is not None and use.last_tick > use.first_tick:
        grown = moved[which] - use.moved[which]
        if grown > 0 and use.alone:
            return grown, PROCIO
        size = _size(use.path)
        if grown > 0 and size is not None:
            return min(grown, size), PROCIO
    if use.sized:
        return None
    size = _size(use.path)
    if size is None:
        return None
    use.sized = True
    return size, SIZE


def _size(path: bytes) -> int | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None  # removed or renamed meanwhile
    return found.st_size if stat.S_ISREG(found.st_mode) else None
