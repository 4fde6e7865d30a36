"""Lines to the engine: numbered, bounded, one write a batch. The engine's death is a BrokenPipeError here."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from seqwatch_tui.model.sensor import LINE_LIMIT, STATUS_LIMIT
from seqwatch_tui.model.text import from_bytes
from seqwatch_tui.sensor.processes import Actor

_BATCH = 1 << 19
_PATH_LIMIT = 4 * 4096
"""Characters of a path."""
_CUT_PATH, _CUT_TEXT = 4096, 512
"""Bytes of a path and characters of a program in a line that was too long: six and twelve a piece at most, when quoted."""
CUT = "cut"


@dataclass(frozen=True, slots=True)
class Access:
    """One row to be. `ts` is when it was noticed last, `since` first; `counts` are of a use, `size` is its bytes."""

    ts: float
    since: float
    action: str
    path: bytes
    actor: Actor
    directory: bool = False
    warnings: Sequence[str] = ()
    old_path: bytes | None = None
    counts: Mapping[str, int] | None = None
    size: int | None = None


class Wire:
    """Writes to a descriptor that may block: then the kernel's queue waits for us, and says so when it overflows."""

    def __init__(self, fd: int) -> None:
        self._fd, self._number, self._held = fd, 0, bytearray()
        self._actors: dict[int, tuple[Actor, str]] = {}

    def event(self, access: Access) -> None:
        """Say one access; paths are made text here, bad bytes as backslash escapes. Whoever names files cannot make it too long."""
        line = self._line(access)
        self._put(line if len(line) <= LINE_LIMIT else self._line(_cut(access)))

    def _line(self, access: Access) -> bytes:
        text = (
            f'{{"k":"event","n":{self._number},"ts":{access.ts:.6f},"from":{access.since:.6f},'
            f'"action":"{access.action}","path":{_name(access.path)}'
        )
        if access.old_path is not None:
            text += f',"old_path":{_name(access.old_path)}'
        if access.directory:
            text += ',"directory":true'
        if access.counts:
            text += ',"counts":{' + ",".join([f'"{name}":{count}' for name, count in access.counts.items()]) + "}"
        if access.size is not None:
            text += f',"bytes":{access.size}'
        warnings = (*access.actor.warnings, *access.warnings)
        if warnings:
            text += f',"warnings":"{";".join(warnings)}"'
        return f"{text},{self._who(access.actor)}}}\n".encode("ascii")

    def say(self, kind: str, ts: float, **values: Any) -> None:
        """Say anything else, and send what is held."""
        line = {"k": kind, "n": self._number, "ts": round(ts, 6), **values}
        self._put(json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n")
        self.flush()

    def flush(self) -> None:
        """Write what is held; blocks while the engine is busy."""
        view = memoryview(bytes(self._held))
        self._held.clear()
        while view:
            view = view[os.write(self._fd, view) :]

    def _put(self, line: bytes) -> None:
        if len(line) > STATUS_LIMIT:
            raise ValueError(f"a line of {len(line)} bytes is longer than the agreed {STATUS_LIMIT}")
        self._number += 1
        self._held += line
        if len(self._held) >= _BATCH:
            self.flush()

    def _who(self, actor: Actor) -> str:
        """The actor's part of a line, made once for each."""
        known = self._actors.get(actor.pid)
        if known is not None and known[0] is actor:
            return known[1]
        if len(self._actors) >= 4096:
            self._actors.clear()
        fields = {
            "pid": actor.pid, "ppid": actor.ppid, "auid": actor.auid, "uid": actor.uid, "session": actor.session,
            "tty": actor.tty, "comm": actor.comm, "exe": actor.exe, "command": actor.command, "address": actor.address,
            "cgroup": actor.cgroup, "parents": [list(parent) for parent in actor.parents] or None,
        }  # fmt: skip
        text = json.dumps({name: value for name, value in fields.items() if value is not None}, separators=(",", ":"))[
            1:-1
        ]
        self._actors[actor.pid] = (actor, text)
        return text


def _name(path: bytes) -> str:
    text: str = quoted(from_bytes(path[:_PATH_LIMIT])[:_PATH_LIMIT])
    return text


def _cut(access: Access) -> Access:
    """What fits into a line, whatever names there are: who did it stays, where it came from goes first."""
    who = access.actor
    short = replace(
        who, exe=who.exe and who.exe[:_CUT_TEXT], command=who.command and who.command[:_CUT_TEXT], parents=(), cgroup=None
    )  # fmt: skip
    old = access.old_path and access.old_path[:_CUT_PATH]
    return replace(access, actor=short, path=access.path[:_CUT_PATH], old_path=old, warnings=(*access.warnings, CUT))
