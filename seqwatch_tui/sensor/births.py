"""Who starts which program, noticed when it starts: for programs that are gone again before their first access is read.

The file systems that hold programs are marked for executions only (FAN_OPEN_EXEC comes within execve, before the
program's first instruction). What is kept of a start: the identity, which a process cannot shed, and the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from seqwatch_tui.sensor import kernel
from seqwatch_tui.sensor.decode import Place, decode
from seqwatch_tui.sensor.paths import joined

PLACES = (b"/", b"/usr/bin", b"/bin", b"/usr/local/bin", b"/opt")
_LIMIT = 4096
_READ_BYTES = 1 << 16
BIRTH_SECONDS = 2.0
"""So long after it began a program, a pid means that process."""


@dataclass(frozen=True, slots=True)
class Birth:
    """A process that began a program at `when`; null is not known."""

    when: float
    program: bytes | None


class Births:
    """The last program of every process, for a little while."""

    def __init__(self) -> None:
        """OSError when this process may not use fanotify."""
        self.group = kernel.open_group(names=True)
        self._mounts: dict[bytes, bytes] = {}
        self._folders: dict[tuple[bytes, bytes], bytes | None] = {}
        self._births: dict[int, Birth] = {}

    def watch(self) -> None:
        """Mark the file systems of PLACES; one that cannot be marked tells nothing."""
        for place in PLACES:
            try:
                filesystem = kernel.filesystem_id(place)
                if filesystem not in self._mounts:
                    kernel.mark_programs(self.group, place)
                    self._mounts[filesystem] = place
            except OSError:
                continue  # not there, or without file handles: then a program that is gone is simply gone

    def starts(self) -> Iterator[tuple[int, Place]]:
        """Yield the executions that wait in the kernel's queue: pid and file."""
        try:
            data = os.read(self.group, _READ_BYTES)
        except BlockingIOError:
            return
        for event in decode(data):
            if event.place is not None:
                yield event.pid, event.place

    def note(self, pid: int, place: Place, now: float) -> None:
        """Take an execution; the program's loader, which the kernel opens next, is not the program."""
        if place.name.startswith((b"ld-", b"ld.", b"ld64.")):
            return
        folder = self._folder(place)
        if len(self._births) >= _LIMIT:
            self._forget(now)
        self._births[pid] = Birth(now, joined(folder, place.name) if folder else None)

    def of(self, pid: int, now: float) -> Birth | None:
        """Return the program that a process began a moment ago."""
        birth = self._births.get(pid)
        return birth if birth is not None and 0 <= now - birth.when <= BIRTH_SECONDS else None

    def _forget(self, now: float) -> None:
        self._births = {p: b for p, b in self._births.items() if now - b.when <= BIRTH_SECONDS}
        if len(self._births) >= _LIMIT:
            self._births.clear()

    def _folder(self, place: Place) -> bytes | None:
        key = (place.filesystem, place.handle)
        if key not in self._folders:
            if len(self._folders) >= _LIMIT:
                self._folders.clear()
            self._folders[key] = self._resolve(key)
        return self._folders[key]

    def _resolve(self, key: tuple[bytes, bytes]) -> bytes | None:
        mount = self._mounts.get(key[0])
        return kernel.path_of_handle(mount, key[1]) if mount else None
