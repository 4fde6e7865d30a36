"""Who a process is, from /proc, looked at while it lives (proc_pid_stat(5)). What has gone is said to be gone.

A process is known by its start time; that it has become another program (execve) is seen by where its arguments lie.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from seqwatch_tui.model.sensor import COMMAND_LIMIT
from seqwatch_tui.model.text import from_bytes
from seqwatch_tui.sensor.births import BIRTH_SECONDS, Births
from seqwatch_tui.sensor.origin import Origins

_UNSET = 4294967295
_STILL_SECONDS = 1.0
"""A process that was seen alive this recently is the one an event with its pid means, though it is gone by now."""
_PARENTS = 12
_LIMIT = 8192
_PF_KTHREAD = 0x200000
_UNSETTLED = (-1, b"")
_SSHD = ("sshd", "sshd-session", "sshd-auth")


@dataclass(frozen=True, slots=True)
class Actor:
    """One process as one program. Null is not known; `warnings` say why."""

    pid: int
    ppid: int | None = None
    auid: int | None = None
    uid: int | None = None
    session: int | None = None
    tty: str | None = None
    comm: str | None = None
    exe: str | None = None
    command: str | None = None
    parents: tuple[tuple[int, str], ...] = ()
    """Ancestors from the parent up: pid and program."""
    cgroup: str | None = None
    address: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Known:
    mark: tuple[int, bytes]
    """Start time, and where the arguments lie."""
    actor: Actor
    tick: int
    seen: float


@dataclass(frozen=True, slots=True)
class Stat:
    """What /proc/PID/stat tells. `mark` is start time (ticks since boot) and place of the arguments."""

    comm: str
    kernel: bool
    """A thread of the kernel's own (nfsd): it has no program."""
    ppid: int
    tty: int
    mark: tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class _Born:
    """What a process was when it began a program."""

    when: float
    ppid: int
    tty: int
    auid: int | None
    session: int | None


class Processes:
    """Actors by pid, each looked at once a tick (one read of the kernel's queue) at most."""

    def __init__(self, origins: Origins, births: Births) -> None:
        self._origins, self._births = origins, births
        self._born: dict[int, _Born] = {}
        self._known: dict[int, _Known] = {}
        self._io: dict[int, tuple[int, tuple[int, int] | None]] = {}

    def look(self, pid: int, tick: int, now: float) -> Actor:
        """Return who `pid` is; only the pid and a warning when nobody can tell any more."""
        known = self._known.get(pid)
        if known is not None and known.tick == tick:
            return known.actor
        stat = stat_of(pid) if pid > 0 else None
        if stat is None:
            if known is not None and now - known.seen <= _STILL_SECONDS:
                return known.actor
            return self._gone(pid, now)
        if known is not None and known.mark == stat.mark:
            known.tick, known.seen = tick, now
            return known.actor
        if len(self._known) >= _LIMIT:
            self._known.clear()
        actor = self._read(pid, stat, now)
        settled = actor.command is not None or stat.kernel  # else it is between two programs: looked at again
        self._known[pid] = _Known(stat.mark if settled else _UNSETTLED, actor, tick, now)
        return actor

    def fresh(self, pid: int) -> bool:
        """Whether this pid has not been looked at before."""
        return pid not in self._known

    def moved_bytes(self, pid: int, tick: int) -> tuple[int, int] | None:
        """Return what the process has read and written so far (rchar, wchar), null when it is gone."""
        known = self._io.get(pid)
        if known is not None and known[0] == tick:
            return known[1]
        if len(self._io) >= _LIMIT:
            self._io.clear()
        moved = _io_of(pid)
        self._io[pid] = (tick, moved)
        return moved

    def begun(self, pid: int, now: float) -> None:
        """A process begins a program: keep what cannot change any more, for it may not last."""
        stat = stat_of(pid)
        if stat is None:
            return
        born = _Born(now, stat.ppid, stat.tty, _number(pid, "loginuid"), _number(pid, "sessionid"))
        if stat_of(pid) is None:
            return  # it ended while it was read: what is null may not be unset
        if len(self._born) >= _LIMIT:
            self._born.clear()
        self._born[pid] = born

    def _gone(self, pid: int, now: float) -> Actor:
        """What is still known of a process that is gone: what was seen when it began its program, a moment ago."""
        birth, born = self._births.of(pid, now), self._born.get(pid)
        if born is None or birth is None or now - born.when > BIRTH_SECONDS:
            program = from_bytes(birth.program) if birth is not None and birth.program else None
            return Actor(pid, exe=program, warnings=("gone" if pid > 0 else "outside-pid-namespace",))
        parents = tuple(self._ancestors(born.ppid))
        return Actor(
            pid, born.ppid, born.auid, None, born.session, terminal(born.tty), None,
            from_bytes(birth.program) if birth.program else None, None, parents, None,
            self._address(born.session, parents), ("exited",),
        )  # fmt: skip

    def _address(self, session: int | None, parents: tuple[tuple[int, str], ...]) -> str | None:
        return self._origins.address(session, [pid for pid, program in parents if program.rpartition("/")[2] in _SSHD])

    def _read(self, pid: int, stat: Stat, now: float) -> Actor:
        """The process itself first, for it may not last; then its ancestors."""
        exe, deleted = program_of(pid)
        command = _command(pid)
        auid, session = _number(pid, "loginuid"), _number(pid, "sessionid")
        uid, cgroup = _uid(pid), _cgroup(pid)
        warning = "kernel-thread" if stat.kernel else None
        ended = auid is None and stat_of(pid) is None  # what is null may not be unset
        if exe is None and not stat.kernel:  # on its way out: its memory is gone, itself not yet
            birth = self._births.of(pid, now)
            exe, warning = (from_bytes(birth.program), "exited") if birth and birth.program else (None, "gone")
        parents = tuple(self._ancestors(stat.ppid))
        return Actor(
            pid, stat.ppid, auid, uid, session, terminal(stat.tty), stat.comm, exe, command, parents, cgroup,
            self._address(session, parents),
            tuple(dict.fromkeys(
                (*((warning,) if warning else ()), *(("exe-deleted",) if deleted else ()), *(("gone",) if ended else ()))
            )),
        )  # fmt: skip

    @staticmethod
    def _ancestors(pid: int) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        while pid > 0 and len(found) < _PARENTS:
            stat = stat_of(pid)
            if stat is None:
                break
            found.append((pid, program_of(pid)[0] or stat.comm))
            pid = stat.ppid
        return found


def read(path: str, limit: int = 8192) -> bytes | None:
    """Read the beginning of a file of /proc; null when there is none (any more) or it refuses."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.read(fd, limit)
    except OSError:
        return None
    finally:
        os.close(fd)


def stat_of(pid: int) -> Stat | None:
    """Return /proc/PID/stat, null when the process is gone or a zombie (then it does nothing any more)."""
    data = read(f"/proc/{pid}/stat")
    if data is None:
        return None
    comm, _, rest = data.partition(b"(")[2].rpartition(b")")
    fields = rest.split()
    if len(fields) < 46 or fields[0] in (b"Z", b"X"):
        return None
    return Stat(
        from_bytes(comm),
        bool(int(fields[6]) & _PF_KTHREAD),
        int(fields[1]),
        int(fields[4]),
        (int(fields[19]), fields[45]),
    )


def program_of(pid: int) -> tuple[str | None, bool]:
    """Return the executable's path, and whether that file has been removed or replaced since."""
    try:
        path = os.readlink(b"/proc/%d/exe" % pid)
    except OSError:
        return None, False
    return from_bytes(path.removesuffix(b" (deleted)")), path.endswith(b" (deleted)")


def terminal(number: int) -> str | None:
    """Return the name of a controlling terminal from its device number (proc_pid_stat(5), tty_nr)."""
    major, minor = number >> 8 & 0xFFF, number & 0xFF | number >> 12 & 0xFFF00
    if major == 4:
        return f"tty{minor}" if minor < 64 else f"ttyS{minor - 64}"
    return f"pts{minor + (major - 136) * 256}" if 136 <= major <= 143 else None


def _command(pid: int) -> str | None:
    data = read(f"/proc/{pid}/cmdline", COMMAND_LIMIT)
    return from_bytes(data.rstrip(b"\0").replace(b"\0", b" ")) if data else None


def _number(pid: int, name: str) -> int | None:
    data = read(f"/proc/{pid}/{name}", 32)
    if not data or not data.strip().isdigit():
        return None
    value = int(data)
    return None if value == _UNSET else value


def _uid(pid: int) -> int | None:
    data = read(f"/proc/{pid}/status", 4096) or b""
    _, found, rest = data.partition(b"\nUid:")
    return int(rest.split(None, 1)[0]) if found else None


def _cgroup(pid: int) -> str | None:
    data = read(f"/proc/{pid}/cgroup", 4096) or b""
    for line in data.splitlines():
        if line.startswith(b"0::"):
            return from_bytes(line[3:])
    return None


def _io_of(pid: int) -> tuple[int, int] | None:
    words = (read(f"/proc/{pid}/io", 512) or b"").split()
    if len(words) < 4 or words[0] != b"rchar:" or words[2] != b"wchar:":
        return None
    return int(words[1]), int(words[3])
