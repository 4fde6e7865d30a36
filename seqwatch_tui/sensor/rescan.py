"""After a loss: what the datasets themselves still show of the time nobody watched.

Times of the last read, write, change and birth (statx(2)) that lie within the lost span are evidence that it happened,
not who did it. A file without such a time may still have been read (relatime, noatime, or it was written afterwards:
a new file's first time of reading is that of its making), and names that are gone leave only their directory's time.
Reads no file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from seqwatch_tui.sensor.paths import directories


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing that was done in the span: the action it is evidence of, and when it was done last."""

    path: bytes
    action: str
    when: float
    directory: bool


def rescan(roots: Iterable[bytes], start: float, end: float) -> Iterator[Trace | None]:
    """Yield a trace for everything done in start..end (epoch seconds), null after every file that shows nothing."""
    for root in roots:
        for folder in directories(root):
            yield from _traces(folder, start, end)
            try:
                with os.scandir(folder) as entries:
                    files = [entry.path for entry in entries if not entry.is_dir(follow_symlinks=False)]
            except OSError:
                continue  # removed meanwhile
            for path in files:
                yield from _traces(path, start, end)


def _traces(path: bytes, start: float, end: float) -> Iterator[Trace | None]:
    try:
        found = os.lstat(path)
    except OSError:
        return
    directory = stat.S_ISDIR(found.st_mode)
    written, changed, used = found.st_mtime, found.st_ctime, found.st_atime
    if start <= written <= end and abs(written - changed) < 1.0:
        yield Trace(path, "other" if directory else "write", written, directory)
    elif start <= changed <= end:
        yield Trace(path, "setattr", changed, directory)
    if start <= used <= end and used > max(written, changed) and stat.S_ISREG(found.st_mode):
        yield Trace(path, "read", used, directory)
    yield None
