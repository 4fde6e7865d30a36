"""Compiled rules kept between starts: reading a rule with pySigma costs thousands of times what reading its tree costs.

A file's outcome is kept under the digest of its name and content, all of them under the digest of the code that makes
them; another rule text, another version of seqwatch or of pySigma finds nothing. The file is JSON, readable by its
owner only. One that somebody else owns, may write or that is damaged counts as empty: rules are then read anew.
"""

from __future__ import annotations

import hashlib
import os
import stat
from importlib.util import find_spec
from pathlib import Path

import msgspec

from seqwatch_tui.detect.coding import Damaged, Outcome, packed, unpacked
from seqwatch_tui.model.safefile import safe_open, write_durably

MAX_BYTES = 256 << 20
_ROOMS = ("detect", "model", "config")
"""Rooms whose code decides what a rule file becomes."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """The file as a whole."""

    code: str
    files: dict[str, msgspec.Raw]


class RuleCache:
    """Outcomes by rule file. Made by `read`; `write` replaces the file when something was compiled or is gone."""

    def __init__(self, path: Path, code: str, kept: dict[str, msgspec.Raw]) -> None:
        self._path, self._code, self._kept = path, code, kept
        self._used: dict[str, msgspec.Raw] = {}
        self._new = False

    @classmethod
    def read(cls, path: Path) -> RuleCache:
        """Return the cache in `path`; empty when there is none that can be trusted."""
        code = code_digest()
        try:
            file = msgspec.json.decode(_own_bytes(path), type=_File)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return cls(path, code, {})
        return cls(path, code, file.files if file.code == code else {})

    def get(self, key: str, file: str, digest: str, text: str) -> list[Outcome] | None:
        """Return the outcomes of a file's documents, null when it has to be read."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        try:
            found = [unpacked(each, file, digest, text) for each in msgspec.json.decode(kept, type=list[dict])]  # type: ignore[type-arg]
        except (Damaged, msgspec.MsgspecError, RecursionError):
            return None
        self._used[key] = kept
        return found

    def put(self, key: str, outcomes: list[Outcome]) -> None:
        """Keep the outcomes of a file's documents."""
        self._used[key] = msgspec.Raw(msgspec.json.encode([packed(each) for each in outcomes]))
        self._new = True

    def write(self) -> None:
        """Store what was used since `read`, if that is not what the file holds. Raises OSError."""
        if self._new or len(self._used) != len(self._kept):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_durably(self._path, msgspec.json.encode(_File(self._code, self._used)), 0o600)
            self._kept, self._new = dict(self._used), False


def key_of(stem: str, raw: bytes) -> str:
    """Return the key of a rule file: its content, and its name, which a rule without an id takes."""
    return hashlib.sha256(stem.encode("utf-8", "backslashreplace") + b"\0" + raw).hexdigest()


def code_digest() -> str:
    """Return a digest of all code that decides what a rule file becomes, pySigma's by size and time."""
    digest = hashlib.sha256()
    for room in _ROOMS:
        for path in sorted(Path(__file__).resolve().parents[1].joinpath(room).glob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    spec = find_spec("sigma")
    for folder in spec.submodule_search_locations or () if spec else ():
        for path in sorted(Path(folder).glob("*.py")):
            found = path.stat()
            digest.update(f"{path.name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _own_bytes(path: Path) -> bytes:
    with open(safe_open(path), "rb") as stream:  # noqa: PTH123 - a descriptor, not a name
        found = os.fstat(stream.fileno())
        if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) or found.st_size > MAX_BYTES:
            raise PermissionError(1, "is not this user's own file", str(path))
        return stream.read()
