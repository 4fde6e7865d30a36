"""The files of a dataset, one by one: what each is by its first bytes, and its policy. Follows no link.

Bounded: at most `limit` files are opened, spread evenly over the names; the census says how many there are.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Set
from dataclasses import dataclass

from seqwatch_tui.encryption.fscrypt import NoPolicy, Policy, Unseen, policy_of
from seqwatch_tui.encryption.header import Header, Malformed, read_header
from seqwatch_tui.encryption.magic import HEAD, Kind, classify
from seqwatch_tui.model.safefile import safe_open_at

MAX_NAMES = 500_000


@dataclass(frozen=True, slots=True)
class Looked:
    """One file that was opened: what it is, its policy, and for a Crypt4GH file what its header says."""

    name: bytes
    kind: Kind
    policy: Policy | NoPolicy | Unseen
    header: Header | Malformed | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """One file or folder that could not be opened; `locked`: it is encrypted by fscrypt and its key is not loaded."""

    name: bytes
    why: str
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Census:
    """All files that were looked at; `names` are all there are (cut at MAX_NAMES when `more`)."""

    names: frozenset[bytes]
    files: tuple[Looked, ...]
    closed: tuple[Closed, ...]
    more: bool = False

    @property
    def complete(self) -> bool:
        """Every file was looked at."""
        return not self.more and len(self.files) + len(self.closed) >= len(self.names)


def take_census(root_fd: int, limit: int, apart: Set[bytes] = frozenset()) -> Census:
    """Look at the files below an open folder, but for those in the folders `apart` (relative names)."""
    names: list[bytes] = []
    closed: list[Closed] = []
    for found in _names(root_fd, apart):
        if isinstance(found, Closed):
            closed.append(found)
        elif len(names) >= MAX_NAMES:
            return _look_at(root_fd, names, closed, limit, more=True)
        else:
            names.append(found)
    return _look_at(root_fd, names, closed, limit, more=False)


def _look_at(root_fd: int, names: list[bytes], closed: list[Closed], limit: int, *, more: bool) -> Census:
    chosen = sorted(names)
    if len(chosen) > limit:
        chosen = [chosen[i * len(chosen) // limit] for i in range(limit)]
    looks = [_look(root_fd, name) for name in chosen]
    gone = {name for name, look in zip(chosen, looks, strict=True) if look is None}
    return Census(
        (frozenset(names) - gone) | {c.name for c in closed},
        tuple(look for look in looks if isinstance(look, Looked)),
        (*closed, *(look for look in looks if isinstance(look, Closed))),
        more,
    )


def _names(root_fd: int, apart: Set[bytes]) -> Iterator[bytes | Closed]:
    """Regular files below the folder by name, and folders that cannot be listed."""
    pending = [b""]
    while pending:
        folder = pending.pop()
        prefix = folder + b"/" if folder else b""
        try:
            files, folders = _list(root_fd, folder or b".")
        except FileNotFoundError:
            continue
        except OSError as error:
            yield _closed(folder or b".", error)
            continue
        yield from (prefix + name for name in files)
        pending.extend({prefix + name for name in folders} - apart)


def _list(root_fd: int, folder: bytes) -> tuple[list[bytes], list[bytes]]:
    fd = safe_open_at(root_fd, folder, directory=True)
    try:
        with os.scandir(fd) as entries:
            found = [(os.fsencode(e.name), e) for e in entries]
            files = [name for name, e in found if e.is_file(follow_symlinks=False)]
            return files, [name for name, e in found if e.is_dir(follow_symlinks=False)]
    finally:
        os.close(fd)


def _look(root_fd: int, name: bytes) -> Looked | Closed | None:
    """What a file is; null when it was removed since it was listed."""
    try:
        fd = safe_open_at(root_fd, name)
    except FileNotFoundError:
        return None
    except OSError as error:
        return _closed(name, error)
    try:
        kind = classify(os.pread(fd, HEAD, 0), name)
        header = read_header(fd) if kind.format == "crypt4gh" else None
        return Looked(name, kind, policy_of(fd), header)
    except OSError as error:
        return _closed(name, error)
    finally:
        os.close(fd)


def _closed(name: bytes, error: OSError) -> Closed:
    return Closed(name, error.strerror or str(error), error.errno == errno.ENOKEY)
