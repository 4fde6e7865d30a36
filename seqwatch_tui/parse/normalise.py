"""From what the kernel wrote to what it means: the one place where both auditd parsers and LAUREL take their answers.

Pure functions over distinct values (strings, small ints), so that a columnar caller may ask once per distinct value.
Tables are in `calls` (system calls) and `numbers` (their numbers). This module knows nothing of lines, records or
Arrow. Sources: open(2), auditctl(8), the kernel's kernel/auditsc.c, audit-userspace's message types.
"""

from __future__ import annotations

from seqwatch_tui.parse.calls import CALLS, OTHER, URING_CALLS, Call
from seqwatch_tui.parse.numbers import SYSCALLS, URING_OPS

UNSET = 0xFFFFFFFF
"""auid and ses of a process nobody logged in for; becomes null."""

FDCWD = frozenset({"ffffff9c", "ffffffffffffff9c"})
"""AT_FDCWD (-100) as a0..a3 show it: a relative name is relative to CWD."""

EXPIRE_MS = 2000
"""Event time after which an event without an end mark is taken as ended."""

EXPIRE_WALL_S = 5.0
"""Wall time after which it is, on a host so quiet that event time stands still."""

MAX_PROCTITLE = 128
"""The kernel keeps no more bytes of a command line in PROCTITLE (MAX_PROCTITLE_AUDIT_LEN)."""

UNPARSED = "UNPARSED"
"""Record type of a line that did not parse."""

# Codes of `warnings`, in the order in which they are written.
W_DIRFD = "dirfd"
"""The path is relative to a directory descriptor, and which directory that is is not known."""
W_DIRFD_RESOLVED = "dirfd-resolved"
"""The path was relative to a directory descriptor; the inode of the directory was known by name."""
W_DIRFD_HELD = "dirfd-held"
"""The same by the number of the descriptor alone: what the process had opened under it, as far as the trail tells."""
W_NOCWD = "nocwd"
"""The path is relative and no CWD record came."""
W_PARENT = "parent"
"""The object itself was not recorded (a refused create): path is its directory."""
W_UNNAMED = "unnamed"
"""An object was recorded, its name was not (calls on a descriptor)."""
W_INODE = "inode-resolved"
"""The object was recorded without a name; its inode was known from an earlier event."""
W_FLAGS = "flags"
"""The intent of an open is not in the records."""
W_SYSCALL = "syscall"
"""The system call's number is in no table; `syscall` shows the number."""
W_LATE = "late"
"""Records that came after their event had been handed over."""
W_UNTERMINATED = "unterminated"
"""The file ended within the last line of the event."""
W_OVERFULL = "overfull"
"""More records of one event than are held; the rest follow as late."""

O_ACCMODE, O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_PATH, O_TMPFILE = 3, 1, 2, 0o100, 0o1000, 0o10000000, 0o20000000
O_DIRECTORY = dict.fromkeys(("c00000b7", "40000028", "14", "80000015", "c0000015"), 0o40000)
"""By architecture where it is not the usual 0o200000 (asm/fcntl.h)."""
_O_DIRECTORY = 0o200000

S_IFMT, S_IFDIR = 0o170000, 0o040000


def syscall_name(arch: str, number: str) -> str | None:
    """Name of a system call of a RAW record (arch and syscall as written), or null when no table has it."""
    return SYSCALLS.get(arch, {}).get(int(number)) if number.isdigit() else None


def uring_name(number: str) -> str | None:
    """Name of an io_uring operation (uring_op as written), or null."""
    return URING_OPS.get(int(number)) if number.isdigit() else None


def call_of(syscall: str, *, uring: bool = False) -> Call:
    """Meaning of a call by name; `OTHER` when it is not listed."""
    return (URING_CALLS if uring else CALLS).get(syscall, OTHER)


def is_directory(mode: str) -> bool:
    """Whether a PATH record's mode (octal, with or without 0o) is a directory's."""
    try:
        return int(mode, 8) & S_IFMT == S_IFDIR
    except ValueError:
        return False


def open_action(flags: int, arch: str, *, created: bool, directory: bool) -> str:
    """Action of an open from its flags; `created`: a CREATE item came, `directory`: the item is a directory.

    Opens that can move no content (O_PATH, access mode 3) and directories are `open`. A file that came into being is
    `create`; write access is `write`, and so is O_TRUNC alone, which empties the file (open(2)). The rest is `read`.
    """
    if flags & O_PATH or flags & O_ACCMODE == O_ACCMODE:
        return "open"
    if created or flags & O_TMPFILE:
        return "create"
    if flags & O_ACCMODE or flags & O_TRUNC:
        return "write"
    return "open" if directory or flags & O_DIRECTORY.get(arch, _O_DIRECTORY) else "read"


_OUTCOMES = dict.fromkeys(("yes", "success", "1", '"yes"'), "success") | dict.fromkeys(
    ("no", "failed", "0", '"no"'), "failure"
)


def outcome_of(result: str | None) -> str:
    """`success`, `failure` or `unknown` from success= or res=."""
    return _OUTCOMES.get(result or "", "unknown")


def errno_of(exit_code: int | None) -> int | None:
    """Positive errno of a negative exit code (-1..-4095, as the kernel's IS_ERR), else null."""
    return -exit_code if exit_code is not None and -4095 <= exit_code < 0 else None


def unset_to_none(number: int | None) -> int | None:
    """auid and ses: null for 4294967295 (and the -1 some tools write)."""
    return None if number is None or number == UNSET or number < 0 else number


# --- user-space records -------------------------------------------------------------------------------------------

SWITCHERS = frozenset({"sudo", "sudoedit", "su", "runuser", "doas", "pkexec", "sg", "newgrp", "newrole", "userhelper"})
"""Programs that change identity inside a session: their acct= is the target, not the login identity."""

LOGIN_PROGRAMS = frozenset({
    "sshd", "sshd-session", "sshd-auth", "login", "remote", "dropbear", "crond", "cron", "atd", "systemd",
    "systemd-executor", "gdm-session-worker", "lightdm", "sddm", "sddm-helper", "xdm", "xrdp-sesman", "vsftpd",
    "proftpd", "pure-ftpd", "rshd", "rlogind", "smbd", "slurmd", "slurmstepd",
})  # fmt: skip
"""Programs that set the login identity: acct= of their session records is the name of auid=."""

TERMINALS = ("/dev/", "pts", "tty")
"""How terminal= begins where it names a terminal (sshd also writes `ssh`, cron `cron`)."""

_FAILED_LOGIN = frozenset({"USER_AUTH", "USER_ERR", "USER_ACCT"})
_SWITCH = frozenset({"USER_START", "USER_AUTH", "USER_ROLE_CHANGE"})
_CONFIG = frozenset({"CONFIG_CHANGE", "FEATURE_CHANGE", "USYS_CONFIG"})


def program_of(exe: str | None) -> str:
    """Last component of an executable's path; empty when unknown."""
    return exe.rsplit("/", 1)[-1] if exe else ""


def record_action(kind: str, exe: str | None, outcome: str, *, in_session: bool) -> str | None:
    """Action of a record type that carries one by itself, or null (then the system call decides).

    `exe` is the program that sent it, `in_session` whether ses= is set.
    LOGIN is the kernel's own record of a login identity being set, USER_LOGIN what the login program says.
    """
    if kind in _CONFIG or kind.startswith("DAEMON_"):
        return "config_change"
    if kind in ("LOGIN", "USER_LOGIN") and outcome != "unknown":
        return "login" if outcome == "success" else "login_failed"
    if kind in ("USER_CMD", "USER_LOGOUT"):
        return "su" if kind == "USER_CMD" else "logout"
    if program_of(exe) in SWITCHERS:
        return "su" if kind in _SWITCH else None
    if kind in _FAILED_LOGIN and outcome == "failure":
        return "login_failed"
    return "logout" if kind == "USER_END" and in_session else None


_SINGLE_PREFIXES = ("USER_", "CRED_", "DAEMON_", "SERVICE_", "SYSTEM_", "CRYPTO_", "VIRT_", "RESP_")


def ends_at_once(kind: str, body: bytes) -> bool:
    """Whether a record is an event of its own: user space sent it (nested msg='...') or auditd itself wrote it.

    Kernel records (CONFIG_CHANGE, ANOM_*, LOGIN, AVC, ...) may be followed by SYSCALL and PROCTITLE and are not.
    """
    return kind.startswith(_SINGLE_PREFIXES) or b" msg='" in body


# --- paths --------------------------------------------------------------------------------------------------------


def normalise_path(path: str) -> str:
    """Resolve `.`, `..` and `//` textually (no links are followed); a relative path stays relative."""
    if "/." not in path and "//" not in path and not path.startswith(".") and (not path.endswith("/") or path == "/"):
        return path
    absolute = path.startswith("/")
    kept: list[str] = []
    for part in path.split("/"):
        if part == ".." and kept and kept[-1] != "..":
            kept.pop()
        elif part == ".." and absolute:
            continue
        elif part not in ("", "."):
            kept.append(part)
    return ("/" if absolute else "") + "/".join(kept) or ("/" if absolute else ".")


def resolve_path(name: str, cwd: str | None, dirfd: str | None, parent: str | None = None) -> tuple[str, str | None]:
    """Absolute path of a name, and the warning code when it could not be had.

    `dirfd` is the argument as written, null for calls without one. Relative to a real descriptor a name is never
    joined with CWD. `parent` is the PARENT item's name: it helps only where it is absolute and not CWD itself, for the
    kernel writes CWD there for every one-component name, whatever the descriptor (audit_log_name in kernel/auditsc.c).
    """
    if name.startswith("/"):
        return normalise_path(name), None
    if dirfd is not None and dirfd not in FDCWD:
        if (
            parent is not None
            and parent.startswith("/")
            and (cwd is None or normalise_path(parent) != normalise_path(cwd))
        ):
            return normalise_path(parent + "/" + name.rstrip("/").rsplit("/", 1)[-1]), None
        return normalise_path(name), W_DIRFD
    if cwd is None or not cwd.startswith("/"):
        return normalise_path(name), W_NOCWD
    return normalise_path(cwd + "/" + name), None
