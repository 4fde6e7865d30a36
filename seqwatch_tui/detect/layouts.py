"""What stands where in records of the kernel's own layouts, and what cannot stand there at all.

Source: kernel/audit.c and auditsc.c (audit_log_exit, audit_log_name, audit_log_execve_info). A field that is elsewhere
than its place says is not missed by what uses this: such lines are taken apart one by one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

OF_THE_EVENT: Mapping[str, str] = {"exe": "exe", "comm": "process", "key": "rule_key", "SYSCALL": "syscall"}
"""Fields of a SYSCALL record that the event has decoded already, and their columns."""

_SHIFTS = (0, 1, -2)
"""Places are further on behind `per=`, and nearer where a call has no `success=` and `exit=`."""
_SYSCALL = (
    "arch", "syscall", "success", "exit", "a0", "a1", "a2", "a3", "items", "ppid", "pid", "auid", "uid", "gid", "euid",
    "suid", "fsuid", "egid", "sgid", "fsgid", "tty", "ses",
)  # fmt: skip
_PATH = ("item", "name", "inode", "dev", "mode", "ouid", "ogid", "rdev")
_PLACES: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "SYSCALL": {
        **{name: tuple(place + shift for shift in _SHIFTS) for place, name in enumerate(_SYSCALL, 2)},
        "arch": (2,), "syscall": (3,), "comm": (24, 25, 22), "exe": (25, 26, 23), "key": (27, 26, 28, 25, 24),
    },
    "PATH": {**{name: (place,) for place, name in enumerate(_PATH, 2)}, "nametype": (10, 11, 4)},
    "CWD": {"cwd": (2,)}, "PROCTITLE": {"proctitle": (2,)}, "SOCKADDR": {"saddr": (2,)},
}  # fmt: skip
LAID_OUT: Mapping[str, frozenset[str]] = {
    "SYSCALL": frozenset(_SYSCALL), "PATH": frozenset({*_PATH, "nametype"}),
}  # fmt: skip
"""Fields that the kernel writes once, before anything that a person chose."""
CLOSED: Mapping[str, frozenset[str]] = {
    "SYSCALL": LAID_OUT["SYSCALL"] | {"comm", "exe", "subj", "key", "per"},
    "PATH": LAID_OUT["PATH"] | {"obj", "objtype", "cap_fp", "cap_fi", "cap_fe", "cap_fver", "cap_frootid"},
    "CWD": frozenset({"cwd"}), "PROCTITLE": frozenset({"proctitle"}), "SOCKADDR": frozenset({"saddr"}), "EOE": frozenset(),
}  # fmt: skip
"""All that records of these types have in lower case; what else is asked of them is null."""
_ARGUMENT = re.compile(r"a(\d{1,4})")
_OURS = re.compile(r"type|\*|ts\..*")
"""Fields that every row has."""


def places_of(kind: str, name: str) -> tuple[int, ...]:
    """Return the tokens (the type is 0) that a field may be, the likeliest first; nothing where none is known."""
    if kind == "EXECVE":
        found = _ARGUMENT.fullmatch(name)
        return (int(found[1]) + 3,) if found else ()
    return _PLACES.get(kind, {}).get(name, ())


def never_has(kind: str, name: str) -> bool:
    """Whether records of a type cannot have a field."""
    own = CLOSED.get(kind)
    return own is not None and name not in own and not name.isupper() and not _OURS.fullmatch(name)
