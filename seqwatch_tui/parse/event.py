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
from seqwatch_tui.parse.identities import Identities
from seqwatch_tui.parse.normalise import (
    W_DIRFD,
    W_DIRFD_HELD,
    W_DIRFD_RESOLVED,
    W_FLAGS,
    W_INODE,
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
)
from seqwatch_tui.parse.places import Places
from seqwatch_tui.parse.placing import learn, nameless, resolve

WARNING_ORDER = (
    W_DIRFD, W_DIRFD_RESOLVED, W_DIRFD_HELD, W_NOCWD, W_PARENT, W_UNNAMED, W_INODE, W_FLAGS, W_SYSCALL, W_LATE,
    W_UNTERMINATED, W_OVERFULL,
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
    """One PATH record: its name as written (null when the kernel had none), nametype, and whether it is a directory.

    `at` is `dev inode` as written, empty where the kernel found no inode.
    """

    name: str | None
    nametype: str
    directory: bool = False
    at: str = ""


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
    foreign: bool = False
    """The records name another host (node=): this one's accounts say nothing of theirs."""


ROW_COLUMNS: tuple[str, ...] = (
    "ts", "serial", "source_ref", "host", "action", "outcome", "errno", "user_name", "uid_name", "auid", "uid",
    "session_id", "src_ip", "tty", "pid", "ppid", "process", "exe", "command_line", "path", "old_path", "bytes",
    "rule_key", "syscall", "complete", "warnings",
)  # fmt: skip
"""The columns a parser fills, in the order of a row; the others are the catalogue's."""

_NOBODY = Actor()

_REMARKS = frozenset({"AVC", "SELINUX_ERR", "INTEGRITY_DATA", "INTEGRITY_METADATA", "INTEGRITY_PCR", "INTEGRITY_RULE"})
"""Record types that say something about the system call they stand beside, not what was done."""


def row_of(facts: Facts, known: Identities, places: Places) -> tuple[object, ...]:
    """The event's row, in ROW_COLUMNS order. `ts` is microseconds since the epoch. `places` learns from the event."""
    call, other = facts.call, facts.other
    actor = call.actor if call else other.actor if other else _NOBODY
    meaning = call_of(call.name, uring=call.uring) if call else call_of("")
    warnings = set(facts.warnings)
    item, path, old_path = _paths(facts, meaning, warnings, places)
    told = _telling(other, meaning) if call else other
    action = _own_action(told)
    if action is None:
        action = _call_action(facts, meaning, item, warnings)
    if call:
        learn(facts, meaning, action, item, (path, old_path), warnings, places)
    if call and not call.known:
        warnings.add(W_SYSCALL)
    outcome = told.outcome if told and told.outcome != "unknown" else call.outcome if call else "unknown"
    address = (known.address(other.address) if other else None) or known.address_of(actor.session)
    command = shlex.join(facts.argv) if facts.argv else facts.title
    if path is None and other:
        path = other.path
    return (
        facts.ts_us, facts.serial, None, facts.host, action, outcome, errno_of(call.exit) if call else None,
        actor.auid_name or known.name_of(actor.auid, foreign=facts.foreign),
        actor.uid_name or known.name_of(actor.uid, foreign=facts.foreign),
        actor.auid, actor.uid, actor.session, address, actor.tty,
        call.pid if call else other.pid if other else None, call.ppid if call else None,
        actor.comm, actor.exe, command or (other.command if other else None), path, old_path, None,
        actor.key or (other.actor.key if other else None), _shown(call) if call else facts.kind, facts.complete,
        ";".join(w for w in WARNING_ORDER if w in warnings) if warnings else None,
    )  # fmt: skip


def _shown(call: SystemCall) -> str:
    return f"io_uring:{call.name}" if call.uring else call.name


def _telling(other: OtherRecord | None, meaning: Call) -> OtherRecord | None:
    """The record beside a system call that says what was done; not one that only remarks on the call.

    Remarks are denials and measurements, and a CONFIG_CHANGE beside a call on a file: the kernel moving or dropping a
    watch because the file was renamed or removed (op=updated_rules, kernel/audit_watch.c).
    """
    if other is None or other.kind in _REMARKS or (other.kind == "CONFIG_CHANGE" and meaning.action != "other"):
        return None
    return other


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


def _paths(
    facts: Facts, meaning: Call, warnings: set[str], places: Places
) -> tuple[PathItem | None, str | None, str | None]:
    """The item acted on, its absolute path, and that of the old one (rename, link)."""
    items = facts.paths
    if not items:
        return None, None, None
    item, old = choose_items(items, meaning.action)
    if item is None:
        found, path = nameless(facts, places)
        warnings.add(W_UNNAMED if path is None else W_INODE)
        return (found if path else None), path, None
    if item.nametype == "PARENT":
        warnings.add(W_PARENT)
    first = items[0] if items[0].nametype == "PARENT" else None
    if meaning.action not in ("rename", "link"):
        path, warning = resolve(facts, item, meaning.dirfd, first, places)
        warnings.update((warning,) if warning else ())
        return item, path, None
    above, above_old = _parents(items, meaning.action)
    path, warning = resolve(facts, item, meaning.dirfd, above, places, two=True)
    old_path, other = resolve(facts, old, meaning.old_dirfd, above_old, places, two=True) if old else (None, None)
    warnings.update(code for code in (warning, other) if code)
    return item, path, old_path


def _parents(items: Sequence[PathItem], action: str) -> tuple[PathItem | None, PathItem | None]:
    """The directories of the new and of the old name: of a rename both are recorded, the old one first."""
    parents = [item for item in items if item.nametype == "PARENT"]
    if action == "link":
        return (parents[0] if len(parents) == 1 else None), None
    return (parents[1], parents[0]) if len(parents) == 2 else (None, None)


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
