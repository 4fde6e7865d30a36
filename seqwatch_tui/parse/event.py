"""One event: the records of one serial, decoded, become one row of `events`.

Both the auditd and the LAUREL parser fill `Facts`; what it means is decided here and nowhere else, so that the same
event gives the same row from either. Pure; knows nothing of lines, positions or Arrow.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seqwatch_tui.parse.calls import Call
from seqwatch_tui.parse.identities import Identities, address_value
from seqwatch_tui.parse.normalise import (
    FDCWD,
    W_DIRFD,
    W_FLAGS,
    W_LATE,
    W_NOCWD,
    W_OVERFULL,
    W_PARENT,
    W_SYSCALL,
    W_UNNAMED,
    W_UNTERMINATED,
    call_of,
    errno_of,
    open_action,
    record_action,
    resolve_path,
)

WARNING_ORDER = (
    W_DIRFD, W_NOCWD, W_PARENT, W_UNNAMED, W_FLAGS, W_SYSCALL, W_LATE, W_UNTERMINATED, W_OVERFULL,
)  # fmt: skip


class Actor(NamedTuple):
    """Who and what program, of a SYSCALL record's tail or a user-space record. Unset ids and `(none)` are null."""

    auid: int | None = None
    uid: int | None = None
    session: int | None = None
    tty: str | None = None
    comm: str | None = None
    exe: str | None = None
    key: str | None = None
    auid_name: str | None = None
    uid_name: str | None = None


class PathItem(NamedTuple):
    """One PATH record: its name as written (null when the kernel had none), nametype, and whether it is a directory."""

    name: str | None
    nametype: str
    directory: bool = False


class SystemCall(NamedTuple):
    """A SYSCALL or URINGOP record. `args` are a0..a3 as written (hex); empty for io_uring."""

    name: str
    known: bool
    arch: str
    outcome: str
    exit: int | None
    args: Sequence[str]
    items: int
    pid: int | None
    ppid: int | None
    actor: Actor
    uring: bool = False


class OtherRecord(NamedTuple):
    """A record with fields of its own (USER_*, LOGIN, CONFIG_CHANGE, ...): the first of its event."""

    kind: str
    outcome: str
    pid: int | None
    actor: Actor
    address: str | None = None
    path: str | None = None
    command: str | None = None


@dataclass(slots=True)
class Facts:
    """What the records of one event say. Texts are decoded; nothing is resolved or judged yet."""

    ts_us: int
    serial: int | None
    host: str
    kind: str
    """Type of the first record, shown where there is no system call."""
    call: SystemCall | None
    other: OtherRecord | None
    paths: list[PathItem]
    cwd: str | None = None
    argv: list[str] | None = None
    title: str | None = None
    open_flags: int | None = None
    """Flags of an openat2 as its OPENAT2 record shows them."""
    complete: bool = True
    warnings: tuple[str, ...] = ()


ROW_COLUMNS: tuple[str, ...] = (
    "ts", "serial", "source_ref", "host", "action", "outcome", "errno", "user_name", "uid_name", "auid", "uid",
    "session_id", "src_ip", "tty", "pid", "ppid", "process", "exe", "command_line", "path", "old_path", "bytes",
    "rule_key", "syscall", "complete", "warnings",
)  # fmt: skip
"""The columns a parser fills, in the order of a row; the others are the catalogue's."""

_NOBODY = Actor()


def row_of(facts: Facts, known: Identities) -> tuple[object, ...]:
    """The event's row, in ROW_COLUMNS order. `ts` is microseconds since the epoch."""
    call, other = facts.call, facts.other
    actor = call.actor if call else other.actor if other else _NOBODY
    meaning = call_of(call.name, uring=call.uring) if call else call_of("")
    warnings = set(facts.warnings)
    item, path, old_path = _paths(facts, meaning, warnings)
    action = _own_action(other)
    if action is None:
        action = _call_action(facts, meaning, item, warnings)
    if call and not call.known:
        warnings.add(W_SYSCALL)
    outcome = other.outcome if other and other.outcome != "unknown" else call.outcome if call else "unknown"
    address = (address_value(other.address) if other else None) or known.address_of(actor.session)
    command = shlex.join(facts.argv) if facts.argv else facts.title
    if path is None and other:
        path = other.path
    return (
        facts.ts_us, facts.serial, None, facts.host, action, outcome, errno_of(call.exit) if call else None,
        actor.auid_name or known.name_of(actor.auid), actor.uid_name or known.name_of(actor.uid),
        actor.auid, actor.uid, actor.session, address, actor.tty,
        call.pid if call else other.pid if other else None, call.ppid if call else None,
        actor.comm, actor.exe, command or (other.command if other else None), path, old_path, None,
        actor.key or (other.actor.key if other else None), _shown(call) if call else facts.kind, facts.complete,
        ";".join(w for w in WARNING_ORDER if w in warnings) if warnings else None,
    )  # fmt: skip


def _shown(call: SystemCall) -> str:
    return f"io_uring:{call.name}" if call.uring else call.name


def _own_action(other: OtherRecord | None) -> str | None:
    if other is None:
        return None
    return record_action(other.kind, other.actor.exe, other.outcome, in_session=other.actor.session is not None)


def _call_action(facts: Facts, meaning: Call, item: PathItem | None, warnings: set[str]) -> str:
    """Action of the system call; an open's from its flags, the item it opened and whether that was created."""
    call = facts.call
    if call is None or meaning.action != "open":
        return meaning.action
    flags = _flags(call, meaning, facts.open_flags)
    if flags is None:
        warnings.add(W_FLAGS)
        return "open"
    created = item is not None and item.nametype == "CREATE"
    return open_action(flags, call.arch, created=created, directory=item is not None and item.directory)


def _flags(call: SystemCall, meaning: Call, shown: int | None) -> int | None:
    if meaning.flags is None or len(call.args) <= meaning.flags:
        return meaning.implied if meaning.implied is not None else shown
    try:
        return int(call.args[meaning.flags], 16)
    except ValueError:
        return None


def _paths(facts: Facts, meaning: Call, warnings: set[str]) -> tuple[PathItem | None, str | None, str | None]:
    """The item acted on, its absolute path, and that of the old one (rename, link)."""
    items = facts.paths
    if not items:
        return None, None, None
    item, old = choose_items(items, meaning.action)
    if item is None:
        warnings.add(W_UNNAMED)
        return None, None, None
    if item.nametype == "PARENT":
        warnings.add(W_PARENT)
    parent = items[0].name if items[0].nametype == "PARENT" else None
    path = _resolve(facts, item, meaning.dirfd, parent, warnings)
    return item, path, _resolve(facts, old, meaning.old_dirfd, None, warnings) if old else None


def _resolve(facts: Facts, item: PathItem, dirfd: int | None, parent: str | None, warnings: set[str]) -> str | None:
    call = facts.call
    base: str | None = None
    if call and dirfd is not None and len(call.args) > dirfd:
        base = call.args[dirfd]
    elif call and call.uring:
        base = "unknown"
    name = item.name or ""
    if item.nametype == "PARENT" and base is not None and base not in FDCWD and name == facts.cwd:
        warnings.add(W_DIRFD)  # the kernel writes CWD for "the descriptor's directory": not evidence of a place
        return None
    path, warning = resolve_path(name, facts.cwd, base, parent)
    if warning:
        warnings.add(warning)
    return path


def choose_items(items: Sequence[PathItem], action: str) -> tuple[PathItem | None, PathItem | None]:
    """The item a call acts on, and the other name of a rename (DELETE) or hard link (the first item).

    A directory (PARENT) stands for the object only where the kernel recorded nothing else; items without a name
    are passed over. The program of an execve is item 0, the new name of a rename or link its CREATE item.
    """
    if len(items) == 1:
        return (items[0] if items[0].name is not None else None), None
    named = [i for i in items if i.name is not None]
    objects = [i for i in named if i.nametype != "PARENT"]
    if not objects:
        return (named[0] if named else None), None
    if action in ("rename", "link"):
        new = next((i for i in objects if i.nametype == "CREATE"), None)
        if new is not None:
            olds = [i for i in objects if i is not new and i.nametype == ("DELETE" if action == "rename" else "NORMAL")]
            other = next((i for i in olds if i.name != new.name), None)
            return new, other
    return objects[0], None
