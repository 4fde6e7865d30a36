"""From directory handles to dataset paths, and everything outside the datasets dropped after one look.

What is inside is learnt by a walk at the start and from the events themselves, in their order, so that an event in a
directory that is gone by now still has its path. Only directories are remembered.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from seqwatch_tui.sensor import kernel
from seqwatch_tui.sensor.decode import Place

_OUTSIDE_LIMIT = 1 << 17
_INSIDE_LIMIT = 1 << 20
Key = tuple[bytes, bytes]
"""File system and handle."""


class Tree:
    """The datasets' directories by handle. `roots` are the datasets' absolute paths, without a slash at the end."""

    def __init__(self, roots: Iterable[bytes], avoided: bytes) -> None:
        """`avoided` is a folder whose directories are to be left out where their events come from."""
        self._avoided, self._new_avoided = avoided + b"/", list[bytes]()
        self.roots = tuple(sorted(set(roots)))
        self._prefixes = tuple(root + b"/" for root in self.roots)
        self._parents = frozenset(os.path.dirname(root) for root in self.roots)
        self._mounts: dict[bytes, list[bytes]] = {}
        self._inside: dict[Key, bytes] = {}
        self._outside: set[Key] = set()
        self.cut = False
        """There are more directories than are remembered; paths of removed ones may be unknown."""

    def holds(self, path: bytes) -> bool:
        """Whether a path is a dataset or lies in one."""
        return path.startswith(self._prefixes) or path in self.roots

    def add_root(self, root: bytes, filesystem: bytes) -> None:
        """Learn a dataset that is watched by now, on the file system with that id, and its directories."""
        mounts = self._mounts.setdefault(filesystem, [])
        if root not in mounts:
            mounts.append(root)
        self._outside.clear()
        self.walk(root, filesystem)

    def walk(self, top: bytes, filesystem: bytes) -> None:
        """Learn a directory and all below it on the same file system."""
        for path in directories(top):
            try:
                self.learn(path, (filesystem, kernel.handle_of(path)))
            except OSError:
                continue  # gone meanwhile, or another file system without handles: then it is resolved when seen

    def learn(self, path: bytes, key: Key) -> None:
        """Remember where a directory is."""
        if len(self._inside) >= _INSIDE_LIMIT:
            self.cut = True
            return
        self._outside.discard(key)
        self._inside[key] = path

    def find(self, place: Place) -> bytes | None:
        """Return the path of an entry of a dataset, null for anything outside."""
        key = (place.filesystem, place.handle)
        folder = self._inside.get(key)
        if folder is None:
            if key in self._outside:
                return None
            folder = self._look(key)
            if folder is None:
                return None
        path = joined(folder, place.name)
        return path if self.holds(path) else None

    def anywhere(self, place: Place) -> bytes | None:
        """Return the path of an entry wherever it is, null when its directory is gone."""
        key = (place.filesystem, place.handle)
        folder = self._inside.get(key) or self._resolve(key)
        return joined(folder, place.name) if folder else None

    def resolves(self, root: bytes, filesystem: bytes) -> bool:
        """Whether handles of this dataset can be turned into paths again: not all file systems can do both."""
        try:
            return self._resolve((filesystem, kernel.handle_of(root))) is not None
        except OSError:
            return False

    def take_avoided(self) -> list[bytes]:
        """Return directories of the avoided folder that events came from, since the last call."""
        if not self._new_avoided:
            return []
        found, self._new_avoided = self._new_avoided, []
        return found

    def moved(self, old: bytes | None, new: bytes | None, filesystem: bytes) -> None:
        """A directory was renamed from `old` to `new` (null: outside the datasets)."""
        if old is not None:
            prefix = old + b"/"
            for key, path in list(self._inside.items()):
                if path == old or path.startswith(prefix):
                    if new is None:
                        del self._inside[key]
                    else:
                        self._inside[key] = new + path[len(old) :]
        elif new is not None:
            self._outside.clear()
            self.walk(new, filesystem)

    def _look(self, key: Key) -> bytes | None:
        folder = self._resolve(key)
        if folder is not None and (self.holds(folder) or folder in self._parents):
            self.learn(folder, key)
            return folder
        if folder is not None and (folder + b"/").startswith(self._avoided):
            self._new_avoided.append(folder)
        if len(self._outside) >= _OUTSIDE_LIMIT:
            self._outside.clear()
        self._outside.add(key)
        return None

    def _resolve(self, key: Key) -> bytes | None:
        """Ask the kernel where a directory is now; the mount is held open only for the question."""
        for root in self._mounts.get(key[0], ()):
            path = kernel.path_of_handle(root, key[1])
            if path is not None:
                return path
        return None


def joined(folder: bytes, name: bytes) -> bytes:
    """Join a directory and a name of an event; `.` and nothing are the directory itself."""
    if name in (b"", b"."):
        return folder
    return folder + name if folder == b"/" else folder + b"/" + name


def directories(top: bytes) -> Iterator[bytes]:
    """Yield a directory and all below it, parents first, no link followed, never onto another file system."""
    try:
        device = os.lstat(top).st_dev
    except OSError:
        return
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        yield folder
        try:
            with os.scandir(folder) as entries:
                waiting += [e.path for e in entries if e.is_dir(follow_symlinks=False) and _same(e, device)]
        except OSError:
            continue  # removed meanwhile, or not a directory any more


def _same(entry: os.DirEntry[bytes], device: int) -> bool:
    try:
        return entry.stat(follow_symlinks=False).st_dev == device
    except OSError:
        return False
