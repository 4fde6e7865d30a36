"""Where things are, by device and inode: directories and written files that the trail itself has named.

A system call may name a file relative to an open directory, or only by descriptor; the records then have no place but
an inode. What an earlier event called that inode is learnt here, and forgotten as soon as the trail says that it may no
longer be so (renamed, removed, made anew, booted). Nothing is guessed: what has two names, or none, stays unresolved.
Sources: open(2), openat(2), kernel/auditsc.c (audit_log_name: inode= and dev= of every PATH record). Bounded; pure.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from seqwatch_tui.model.evidence import Directory

DIRECTORIES_LIMIT, FILES_LIMIT, PROCESSES_LIMIT, HELD_LIMIT = 8192, 4096, 1024, 256
"""Most directories, written files, processes with open directories, and open directories of one process."""

Key = tuple[str, str]
"""Host, and `dev inode` as a PATH record has them."""


class Named(NamedTuple):
    """What a directory is called. `certain`: no descriptor's number had to be believed; `several`: it has other names."""

    path: str
    certain: bool
    several: bool = False


class Held(NamedTuple):
    """A directory that a process opened: which it is, and what the process called it."""

    key: Key
    path: str


class Process(NamedTuple):
    """Whose descriptors they are: a number that comes again with another identity is another process."""

    host: str
    pid: int


Identity = tuple[int | None, int | None, str | None]
"""auid, ses and exe of the process that opened them."""


@dataclass(slots=True)
class Places:
    """What is known of places. One for each source, kept in `Knowledge`; changes of directories are told once."""

    directories: dict[Key, Named] = field(default_factory=dict)
    files: OrderedDict[Key, str] = field(default_factory=OrderedDict)
    held: dict[Process, tuple[Identity, dict[int, Held]]] = field(default_factory=dict)
    _keys: dict[tuple[str, str], Key] = field(default_factory=dict)
    """Host and path -> the directory that has it."""
    _changed: dict[Key, None] = field(default_factory=dict)

    # Asking.

    def directory(self, key: Key) -> Named | None:
        """What a directory is called, or null where that is not known, or not certain for it has several names."""
        named = self.directories.get(key)
        return None if named is None or named.several else named

    def opened(self, process: Process, who: Identity, fd: int, dev: str) -> Held | None:
        """The directory that this process opened as `fd`, if nothing says that it is another by now.

        `dev` is where the file is that was found below it: on another device it is not in that directory.
        """
        identity, fds = self.held.get(process, (None, None))
        if identity != who or fds is None:
            return None
        held = fds.get(fd)
        named = self.directories.get(held.key) if held else None
        if held is None or named is None or held.key[1].partition(" ")[0] != dev:
            return None
        return held if named.several else Held(held.key, named.path)

    def called(self, key: Key) -> str | None:
        """The path of an inode without a name: a file that was written, or a directory; null where not known."""
        path = self.files.get(key)
        if path is not None:
            return path
        named = self.directory(key)
        return named.path if named and named.certain else None

    def same(self, key: Key, name: str) -> Named | None:
        """What is known of an inode that was called `name` just now, if its last component says the same."""
        path = self.files.get(key)
        named = Named(path, certain=True) if path is not None else self.directory(key)
        return named if named is not None and named.path.rpartition("/")[2] == name.rpartition("/")[2] else None

    # Learning.

    def name(self, key: Key, path: str, *, certain: bool, new: bool = False) -> None:
        """A directory was called `path`. `new`: it came into being under that name, whatever its inode was before."""
        known = self.directories.get(key)
        if known is not None and known.path == path and (known.certain or not certain) and not (new and known.several):
            return
        if known is None or new or (certain and not known.certain):
            self.forget(key)
            self._set(key, Named(path, certain))
        elif (certain or not known.certain) and not known.several:
            self._set(key, known._replace(several=True))

    def _set(self, key: Key, named: Named) -> None:
        place = key[0], named.path
        other = self._keys.get(place)
        if other is not None and other != key:
            self.forget(other)
        elif key not in self.directories and len(self.directories) >= DIRECTORIES_LIMIT:
            self.forget(next(iter(self.directories)))
        self.directories[key], self._keys[place] = named, key
        self._changed[key] = None

    def forget(self, key: Key) -> None:
        """The inode is gone, or is something else by now."""
        self.files.pop(key, None)
        if key in self.directories:
            named = self.directories.pop(key)
            self._keys.pop((key[0], named.path), None)
            self._changed[key] = None

    def moved(self, host: str, path: str, to: str | None = None) -> None:
        """A directory of that name is elsewhere now, and all below it: at `to`, or (null) nobody knows where."""
        below = path + "/"
        for key, named in list(self.directories.items()):
            if key[0] != host:
                continue
            if named.several or named.path == path:
                self.forget(key)
            elif named.path.startswith(below):
                self.forget(key)
                if to is not None:
                    self._set(key, named._replace(path=to + named.path[len(path) :]))
        for key, place in list(self.files.items()):
            if key[0] == host and place.startswith(below):
                del self.files[key]
                if to is not None:
                    self.files[key] = to + place[len(path) :]

    def wrote(self, key: Key, path: str) -> None:
        """A file was made, or opened for writing, under that path."""
        self.forget(key)
        self.files[key] = path
        if len(self.files) > FILES_LIMIT:
            self.files.popitem(last=False)

    def told(self, files: Iterable[tuple[Key, str | None, Key | None, bool | None]]) -> None:
        """Many in turn: the inode, its path now (null: it is gone), and the inode of its old name if it was renamed.

        Last is null for a file; for a directory, whether it is `new`.
        """
        known, directories = self.files, self.directories
        for key, path, old, new in files:
            if new is not None and path is not None:
                self.name(key, path, certain=True, new=new)
                continue
            if old is not None:
                self.renamed([old, key], key, path)
                continue
            if key in directories:
                self.forget(key)
            known.pop(key, None)
            if path is not None:
                known[key] = path
                if len(known) > FILES_LIMIT:
                    known.popitem(last=False)

    def renamed(self, gone: list[Key], new: Key | None, path: str | None) -> None:
        """Files have other names or none (`gone`); `new` is called `path` now, if it is one of those known."""
        written = new is not None and new in self.files
        for key in gone:
            named = self.directories.get(key)
            if named is not None:
                self.moved(key[0], named.path)
            self.forget(key)
        if written and new is not None and path is not None:
            self.wrote(new, path)

    def hold(self, process: Process, who: Identity, fd: int, held: Held) -> None:
        """The process opened a directory as descriptor `fd`."""
        identity, fds = self.held.pop(process, (who, {}))
        if identity != who or len(fds) >= HELD_LIMIT:
            fds = {}
        fds[fd] = held
        self.held[process] = who, fds
        if len(self.held) > PROCESSES_LIMIT:
            del self.held[next(iter(self.held))]

    def release(self, process: Process, fd: int | None = None) -> None:
        """The process has another descriptor under that number, or (without one) may have none of them any more."""
        if fd is None:
            self.held.pop(process, None)
        elif process in self.held:
            self.held[process][1].pop(fd, None)

    def reboot(self) -> None:
        """Devices may have other numbers now and every process is gone."""
        for key in list(self.directories):
            self.forget(key)
        self.files.clear()
        self.held.clear()

    # Keeping.

    def restore(self, directories: list[Directory]) -> None:
        """Know again what was stored, oldest first."""
        for d in directories[-DIRECTORIES_LIMIT:]:
            if d.path is not None:
                self._set((d.host, f"{d.dev} {d.inode}"), Named(d.path, d.certain, d.several))
        self._changed.clear()

    def take_changed(self, source: str, ts: float) -> tuple[Directory, ...]:
        """Directories learnt and forgotten (path null) since the last call; `ts` is the time of the newest event."""
        changed = []
        for key in self._changed:
            named = self.directories.get(key) or Named("", certain=False)
            dev, _, inode = key[1].partition(" ")
            changed.append(Directory(source, key[0], dev, inode, named.path or None, named.certain, named.several, ts))
        self._changed.clear()
        return tuple(changed)
