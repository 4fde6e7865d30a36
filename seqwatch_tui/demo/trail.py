"""Acts at the demo site as the lines auditd 3.0.9 writes to audit.log with log_format=ENRICHED.

Source: auditd.conf(5), the kernel's kernel/auditsc.c for the fields of SYSCALL, CWD, PATH and PROCTITLE, and logs of a
real sshd session. The room owns serial numbers, session numbers and process ids, so each is used once.
"""

from __future__ import annotations

import os
import random
import stat
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from seqwatch_tui.demo.cast import PIPELINES, Person

GS = "\x1d"
_UNSET = 4294967295
_CAPS = "cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0"
_NUMBERS = {"openat": 257, "unlinkat": 263, "renameat2": 316, "fchmodat": 268, "execve": 59, "write": 1}
_GRANTORS = "pam_selinux,pam_loginuid,pam_keyinit,pam_permit,pam_unix,pam_mail,pam_limits,pam_env,pam_selinux"


@dataclass(frozen=True, slots=True)
class Session:
    """An open login: who, from where, and the shell it runs."""

    person: Person
    number: int
    address: str
    tty: str
    pid: int


@dataclass(frozen=True, slots=True)
class Program:
    """A running program: its name as the kernel keeps it, its file, its arguments."""

    comm: str
    exe: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Process:
    """A program somebody runs in a session."""

    session: Session
    program: Program
    pid: int


@dataclass(frozen=True, slots=True)
class Named:
    """One PATH record: a name with the kernel's word for its part in the call."""

    path: Path
    nametype: str
    system: bool = False
    """A program or library of the host, not a file of the site."""


@dataclass(slots=True)
class Trail:
    """Writes events; `truth` counts what was written by kind, `serial` is the last number given out."""

    dice: random.Random
    serial: int = 4100
    sessions: int = 40
    pid: int = 21000
    last: float = 0.0
    truth: Counter[str] = field(default_factory=Counter)

    def login(self, ts: float, person: Person, address: str) -> tuple[Session, str]:
        """A successful ssh login: accounting, credentials, LOGIN with its system call, session, USER_LOGIN."""
        self.sessions += 1
        session = Session(person, self.sessions, address, _terminal(person, self.sessions), self._next_pid())
        before = (_UNSET, _UNSET, "unset")
        after = (person.uid, session.number, person.name)
        out = [
            self._sshd("USER_ACCT", ts, session, before, "PAM:accounting grantors=pam_permit"),
            self._sshd("CRED_ACQ", ts + 0.001, session, before, "PAM:setcred grantors=pam_permit,pam_cap"),
            self._loginuid(ts + 0.002, session),
            self._sshd("USER_START", ts + 0.03, session, after, f"PAM:session_open grantors={_GRANTORS}"),
            self._user_login(ts + 0.04, session),
        ]
        self.truth["sessions"] += 1
        return session, "".join(out)

    def refused(self, ts: float, person: Person, address: str) -> str:
        """A failed password: USER_LOGIN res=failed, as sshd reports it."""
        pid, stamp = self._next_pid(), self._stamp(ts)
        self.truth["login_failed"] += 1
        body = (
            f'pid={pid} uid=0 auid={_UNSET} ses={_UNSET} msg=\'op=login acct="{person.name}" exe="/usr/sbin/sshd" '
            f"hostname=? addr={address} terminal=sshd res=failed'"
        )
        return self._counted([_line("USER_LOGIN", stamp, body, 'UID="root" AUID="unset"')])

    def logout(self, ts: float, session: Session) -> str:
        """The end of a session: USER_END and CRED_DISP."""
        who = (session.person.uid, session.number, session.person.name)
        return self._sshd("USER_END", ts, session, who, f"PAM:session_close grantors={_GRANTORS}") + self._sshd(
            "CRED_DISP", ts + 0.001, session, who, "PAM:setcred grantors=pam_permit"
        )

    def execute(self, ts: float, session: Session, program: Program) -> tuple[Process, str]:
        """execve of a program; returns the process for what it does next."""
        process = Process(session, program, self._next_pid())
        args = " ".join(f"a{i}={encoded(word)}" for i, word in enumerate(program.argv))
        extra = [("EXECVE", f"argc={len(program.argv)} {args}")]
        named = [Named(Path(name), "NORMAL", system=True) for name in (program.exe, "/lib64/ld-linux-x86-64.so.2")]
        call = _Call("execve", 0, self._pointers(4), "exec", f"/home/{session.person.name}", named, extra)
        self.truth["execute"] += 1
        return process, self._event(ts, process, call)

    def read(self, ts: float, process: Process, path: Path, *, denied: bool = False) -> str:
        """Openat read-only; refused with EACCES when `denied` or when the file is really shut (a quarantine)."""
        return self._file(ts, process, "read", [Named(path, "NORMAL")], denied=denied)

    def write(self, ts: float, process: Process, path: Path) -> str:
        """Openat for writing of a file that exists: O_WRONLY|O_CREAT|O_TRUNC."""
        return self._file(ts, process, "write", [Named(path.parent, "PARENT"), Named(path, "NORMAL")])

    def chmod(self, ts: float, process: Process, path: Path, mode: int) -> str:
        """Fchmodat of one file."""
        return self._file(ts, process, "chmod", [Named(path, "NORMAL")], mode=mode)

    def _file(
        self, ts: float, process: Process, kind: str, named: list[Named], *, denied: bool = False, mode: int = 0
    ) -> str:
        path = named[-1].path
        refused = denied or is_shut(path)
        self.truth[f"{kind}_denied" if refused else kind] += 1
        third = {"read": ("80000", "0"), "write": ("241", "1b6"), "chmod": (f"{mode:x}", "0")}[kind]
        name, result = ("fchmodat", 0) if kind == "chmod" else ("openat", 3)
        arguments = ("ffffff9c", *self._pointers(1), *third)
        call = _Call(name, -13 if refused else result, arguments, "seqwatch", str(path.parent.parent), named)
        return self._event(ts, process, call)

    def _event(self, ts: float, process: Process, call: _Call) -> str:
        stamp = self._stamp(ts)
        lines = [_syscall(stamp, process, call)]
        lines += [_line(kind, stamp, body) for kind, body in call.extra]
        lines.append(_line("CWD", stamp, f"cwd={encoded(call.cwd)}"))
        lines += [_path(stamp, item, named) for item, named in enumerate(call.named)]
        title = "\0".join(process.program.argv).encode()[:128]
        lines.append(_line("PROCTITLE", stamp, f"proctitle={encoded(title)}"))
        return self._counted(lines)

    def _loginuid(self, ts: float, session: Session) -> str:
        person, stamp = session.person, self._stamp(ts)
        body = (
            f"pid={session.pid} uid=0 old-auid={_UNSET} auid={person.uid} tty=(none) old-ses={_UNSET} "
            f"ses={session.number} res=1"
        )
        sshd = Program("sshd", "/usr/sbin/sshd", (f"sshd: {person.name} [priv]",))
        call = _Call("write", 4, ("3", *self._pointers(1), "4", "0"), None, "/", [])
        return self._counted([
            _line("LOGIN", stamp, body, f'UID="root" OLD-AUID="unset" AUID="{person.name}"'),
            _syscall(stamp, Process(session, sshd, session.pid), call, by_root=True),
            _line("PROCTITLE", stamp, f"proctitle={encoded(sshd.argv[0])}"),
        ])  # fmt: skip

    def _sshd(self, kind: str, ts: float, session: Session, who: tuple[int, int, str], op: str) -> str:
        auid, ses, name = who
        body = (
            f'pid={session.pid} uid=0 auid={auid} ses={ses} msg=\'op={op} acct="{session.person.name}" '
            f'exe="/usr/sbin/sshd" hostname={session.address} addr={session.address} terminal=ssh res=success\''
        )
        return self._counted([_line(kind, self._stamp(ts), body, f'UID="root" AUID="{name}"')])

    def _user_login(self, ts: float, session: Session) -> str:
        person = session.person
        body = (
            f"pid={session.pid} uid=0 auid={person.uid} ses={session.number} msg='op=login id={person.uid} "
            f'exe="/usr/sbin/sshd" hostname={session.address} addr={session.address} '
            f"terminal={_login_terminal(session.tty)} res=success'"
        )
        enriched = f'UID="root" AUID="{person.name}" ID="{person.name}"'
        return self._counted([_line("USER_LOGIN", self._stamp(ts), body, enriched)])

    def _stamp(self, ts: float) -> str:
        """The kernel numbers events in the order of its clock, so a later event never has an earlier time."""
        self.serial += 1
        self.last = max(self.last, ts)
        self.truth["events"] += 1
        return f"{self.last:.3f}:{self.serial}"

    def _counted(self, lines: list[str]) -> str:
        self.truth["records"] += len(lines)
        return "".join(lines)

    def _next_pid(self) -> int:
        self.pid += self.dice.randrange(1, 9)
        return self.pid

    def _pointers(self, count: int) -> tuple[str, ...]:
        return tuple(f"{0x7FFC00000000 + self.dice.getrandbits(32):x}" for _ in range(count))


@dataclass(frozen=True, slots=True)
class _Call:
    """A system call: result is its exit value, negative for an errno."""

    name: str
    result: int
    arguments: tuple[str, ...]
    key: str | None
    cwd: str
    named: list[Named]
    extra: list[tuple[str, str]] = field(default_factory=list)


def encoded(value: str | bytes) -> str:
    """Quote a value, or write it in hex when it holds a quote, a blank, a control or a byte above 0x7e (auditd)."""
    raw = os.fsencode(value)
    if any(byte < 0x21 or byte > 0x7E or byte == 0x22 for byte in raw):
        return raw.hex().upper()
    return f'"{raw.decode()}"'


def is_shut(path: Path) -> bool:
    """Whether the file is closed to everybody just now, by its own mode or by a folder above it."""
    try:
        return path.lstat().st_mode & 0o777 == 0
    except PermissionError:
        return True


def _line(kind: str, stamp: str, body: str, enriched: str = "") -> str:
    return f"type={kind} msg=audit({stamp}): {body}{GS + enriched if enriched else ''}\n"


def _syscall(stamp: str, process: Process, call: _Call, *, by_root: bool = False) -> str:
    session, person, program = process.session, process.session.person, process.program
    uid, gid, name, group = (0, 0, "root", "root") if by_root else (person.uid, person.gid, person.name, person.group)
    arguments = " ".join(f"a{i}={value}" for i, value in enumerate(call.arguments))
    key = f'"{call.key}"' if call.key else "(null)"
    body = (
        f"arch=c000003e syscall={_NUMBERS[call.name]} success={'no' if call.result < 0 else 'yes'} exit={call.result} "
        f"{arguments} items={len(call.named)} ppid={session.pid} pid={process.pid} auid={person.uid} "
        f"uid={uid} gid={gid} euid={uid} suid={uid} fsuid={uid} egid={gid} sgid={gid} fsgid={gid} "
        f"tty={'(none)' if by_root else session.tty} "
        f'ses={session.number} comm="{program.comm[:15]}" exe="{program.exe}" key={key}'
    )
    enriched = (
        f'ARCH=x86_64 SYSCALL={call.name} AUID="{person.name}" UID="{name}" GID="{group}" EUID="{name}" SUID="{name}" '
        f'FSUID="{name}" EGID="{group}" SGID="{group}" FSGID="{group}"'
    )
    return _line("SYSCALL", stamp, body, enriched)


def _path(stamp: str, item: int, named: Named) -> str:
    name = f"{named.path}/" if named.nametype == "PARENT" else str(named.path)
    try:
        inode, dev, mode = _inode(named)
    except OSError:  # what the kernel writes when it could not look the name up
        return _line("PATH", stamp, f"item={item} name={encoded(name)} nametype=UNKNOWN {_CAPS}")
    ouid, ogid, owner, group = (0, 0, "root", "root") if named.system else (990, 2100, "svc_lims", "bioinf")
    body = (
        f"item={item} name={encoded(name)} inode={inode} dev={dev} mode=0{mode:o} ouid={ouid} "
        f"ogid={ogid} rdev=00:00 nametype={named.nametype} {_CAPS}"
    )
    return _line("PATH", stamp, body, f'OUID="{owner}" OGID="{group}"')


def _inode(named: Named) -> tuple[int, str, int]:
    """Inode, device and mode: real for a file of the site, fixed for programs of a host that is not here."""
    if named.system:
        return 260000 + zlib.crc32(str(named.path).encode()) % 9000, "fe:00", stat.S_IFREG | 0o755
    facts = named.path.lstat()
    return facts.st_ino, f"{os.major(facts.st_dev):02x}:{os.minor(facts.st_dev):02x}", facts.st_mode


def _terminal(person: Person, number: int) -> str:
    """What the kernel calls the terminal of a session; programs log in without one."""
    return "(none)" if person in PIPELINES else f"pts{number % 30}"


def _login_terminal(tty: str) -> str:
    """What sshd calls it in its own records."""
    return "ssh" if tty == "(none)" else f"/dev/{tty.replace('pts', 'pts/')}"
