"""What a process gives up before it runs somebody else's SQL: the file system, the network, its user, its resources.

Linux only, by Landlock (landlock(7)), prctl(2), capset(2) and setrlimit(2). Everything is one way: there is no leaving
it. Must run before any thread is started, since Landlock binds the calling thread and its children only.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FS_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""Access rights of files known to each Landlock ABI, as the number of bits; 16 from ABI 5 on."""
_PR_SET_NO_NEW_PRIVS, _PR_SET_KEEPCAPS, _PR_SET_DUMPABLE, _PR_SET_PDEATHSIG = 38, 8, 4, 1
_CAP_DAC_READ_SEARCH = 2
_CAP_VERSION_3 = 0x20080522
_NOBODY = 65534
_libc = ctypes.CDLL(None, use_errno=True)


class SandboxError(Exception):
    """The process could not be confined; it must not go on."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the process may use: bytes of address space, seconds of CPU, seconds of life, bytes in one file."""

    memory: int
    cpu_seconds: int
    life_seconds: int
    file_bytes: int = 0


def landlock_abi() -> int:
    """Return the version of Landlock in this kernel, 0 when it has none or it is switched off."""
    return max(int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)), 0)


def enter(readable: Sequence[Path], limits: Limits) -> list[str]:
    """Confine this process for good; return notes on what this kernel could not do.

    `readable` are the files and folders that may still be read. As root the user becomes nobody, keeping only the right
    to read what Landlock leaves; without Landlock that right would be too much, so that is a SandboxError.
    """
    threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208 - names only
    if threads != 1:
        raise SandboxError(f"{threads} threads run already; a sandbox must be entered before they start")
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    abi, root = landlock_abi(), os.geteuid() == 0
    if root and not abi:
        raise SandboxError("SQL as root needs Landlock, which this kernel lacks; run the engine as its own user")
    if root:
        _become_nobody()
    if abi:
        _landlock(abi, [*readable, *_SYSTEM])
    _limit(limits)
    _prctl(_PR_SET_DUMPABLE, 0)
    die_with_parent()  # a change of credentials has cleared it
    return [] if abi else ["this kernel has no Landlock: the query was confined by DuckDB's settings and rlimits only"]


_SYSTEM = (
    Path("/proc/self"),
    Path("/proc/meminfo"),
    Path("/proc/cpuinfo"),
    Path("/sys/fs/cgroup"),
    Path("/sys/devices/system/cpu"),
)
"""What DuckDB reads to learn how many processors and how much memory there are."""


def die_with_parent() -> None:
    """Be killed when the thread that started this process ends: nobody is left to take the answer or keep the time."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise SandboxError(f"prctl {option}: {os.strerror(ctypes.get_errno())}")


def _become_nobody() -> None:
    _prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(_NOBODY, _NOBODY, _NOBODY)
    os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    header = struct.pack("=Ii", _CAP_VERSION_3, 0)
    kept = 1 << _CAP_DAC_READ_SEARCH
    data = struct.pack("=6I", kept, kept, 0, 0, 0, 0)  # effective, permitted, inheritable; then the upper 32 of each
    if _libc.capset(header, data) != 0:
        raise SandboxError(f"capset: {os.strerror(ctypes.get_errno())}")


def _landlock(abi: int, readable: Sequence[Path]) -> None:
    handled = (1 << _FS_RIGHTS.get(abi, 16)) - 1
    network = 3 if abi >= 4 else 0  # bind and connect of TCP
    scope = 3 if abi >= 6 else 0  # abstract sockets and signals outside
    attribute = struct.pack("=QQQ", handled, network, scope)[: 8 if abi < 4 else 16 if abi < 6 else 24]
    ruleset = _call("landlock_create_ruleset", _CREATE_RULESET, attribute, ctypes.c_size_t(len(attribute)), 0)
    for path in readable:
        _allow(ruleset, path, handled)
    _call("landlock_restrict_self", _RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow(ruleset: int, path: Path, handled: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # nothing there that could be read
    try:
        rights = _READ_FILE | (_READ_DIR if path.is_dir() else 0)
        rule = struct.pack("=Qi", rights & handled, fd)
        _call(f"landlock_add_rule {path}", _ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(fd)


def _call(what: str, number: int, *arguments: object) -> int:
    result = int(_libc.syscall(number, *arguments))
    if result < 0:
        raise SandboxError(f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def _limit(limits: Limits) -> None:
    for what, soft, hard in (
        (resource.RLIMIT_AS, limits.memory, limits.memory),
        (resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1),
        (resource.RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, 256, 256),
    ):
        resource.setrlimit(what, (soft, hard))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(limits.life_seconds)  # dies in time even when whoever started it is gone
