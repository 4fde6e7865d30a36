"""A compact generator of audit logs for the bulk parser: every layout it knows, and what it must leave to others."""

from __future__ import annotations

import random

GS = "\x1d"
UNSET = 4294967295
CALLS = [
    ("openat", 257, True), ("open", 2, False), ("openat2", 437, True), ("creat", 85, False), ("unlinkat", 263, True),
    ("renameat2", 316, True), ("rename", 82, False), ("linkat", 265, True), ("fchmodat", 268, True), ("execve", 59, False),
    ("connect", 42, False), ("setxattr", 188, False), ("mkdir", 83, False), ("read", 0, False), ("sendto", 44, False),
    ("unknown", 9999, False),
]  # fmt: skip
PEOPLE = [(1001, "alice"), (1002, "bob"), (0, "root"), (UNSET, "unset")]
NAMES = [
    "/data/seq/a.bam", "/data/seq/run 1/b.bam", "c.vcf", "./d.vcf", "../seq/e", "/data//seq/./f", "/data/ü.bam", "/", "x/",
    "/data/seq/dir/", "?", "/data/seq/a.bam/../g", ".hidden",
]  # fmt: skip


def written(text: str) -> str:
    """A text as the kernel writes it: quoted, or in hex where a byte needs it."""
    raw = text.encode()
    return f'"{text}"' if all(0x20 < b < 0x7F and b != 0x22 for b in raw) else raw.hex().upper()


class Corpus:
    """Events in order, from one seed. `enriched`: with names after 0x1d; `gaps`: serials are skipped now and then.

    `share` of the events are calls on descriptors.
    """

    def __init__(self, seed: int, *, enriched: bool = True, gaps: bool = False, share: float = 0.0) -> None:
        self.random = random.Random(seed)
        self.enriched, self.gaps, self.share = enriched, gaps, share
        self.ms, self.serial, self.sessions = 1_790_000_000_000, 1000, {}

    def stamp(self) -> str:
        """The next event's `msg=audit(...):`."""
        self.ms += int(self.random.expovariate(1 / 40))
        self.serial += 1 + (self.random.randrange(3) if self.gaps and self.random.random() < 0.1 else 0)
        return f"msg=audit({self.ms // 1000}.{self.ms % 1000:03d}:{self.serial}):"

    def log(self, events: int) -> bytes:
        """That many events, some of them interleaved."""
        lines: list[str] = []
        held: list[str] = []
        for _ in range(events):
            mine = self.event()
            if held:
                for i in range(max(len(held), len(mine))):
                    lines += held[i : i + 1] + mine[i : i + 1]
                held = []
            elif self.random.random() < 0.1:
                held = mine
            else:
                lines += mine
        return ("\n".join(lines + held) + "\n").encode()

    def event(self) -> list[str]:
        """Records of one event."""
        if self.share and self.random.random() < self.share:
            return self.descriptors()
        return self.login() if self.random.random() < 0.08 else self.call()

    def login(self) -> list[str]:
        """Records of a login (LOGIN has no end mark), a sudo, or what auditd says itself."""
        r = self.random
        uid, name = r.choice(PEOPLE[:2])
        session = r.randrange(1, 6)
        kind = r.choice(["LOGIN", "USER_START", "USER_LOGIN", "USER_CMD", "CRED_ACQ", "CONFIG_CHANGE", "DAEMON_ROTATE"])
        self.sessions[uid] = session
        tail = f'{GS}UID="root" AUID="{name}"' if self.enriched else ""
        if kind == "DAEMON_ROTATE":
            return [
                f"type={kind} msg=audit({self.ms // 1000}.{self.ms % 1000:03d}:{r.randrange(9000)}): op=rotate res=success"
            ]
        if kind == "LOGIN":
            return [
                f"type=LOGIN {self.stamp()} pid=9 uid=0 old-auid={UNSET} auid={uid} tty=(none) old-ses={UNSET} ses={session} res=1{tail}"
            ]
        if kind == "CONFIG_CHANGE":
            return [f'type={kind} {self.stamp()} auid={uid} ses={session} op=add_rule key="k" list=4 res=1{tail}']
        body = f'op=login acct="{name}" exe="/usr/sbin/sshd" hostname=? addr=10.0.{r.randrange(3)}.{session} terminal=ssh res=success'
        ses = UNSET if kind == "CRED_ACQ" else session
        return [f"type={kind} {self.stamp()} pid=9 uid=0 auid={uid} ses={ses} msg='{body}'{tail}"]

    def call(self) -> list[str]:
        """Records of a system call."""
        r, stamp = self.random, self.stamp()
        name, number, at = r.choice(CALLS)
        items = [] if name in ("connect", "sendto", "read") else self.items(name)
        lines = [self.syscall(stamp, name, number, len(items), at=at)]
        if name == "execve" and r.random() < 0.9:
            argv = [r.choice(["ls", "-la", "a b", "", "/data/x", "ü", "?"]) for _ in range(r.randrange(1, 4))]
            lines.append(
                f"type=EXECVE {stamp} argc={len(argv)} " + " ".join(f"a{i}={written(a)}" for i, a in enumerate(argv))
            )
        if name == "connect":
            lines.append(f"type=SOCKADDR {stamp} saddr=0200{GS}SADDR={{ saddr_fam=inet laddr=10.0.0.1 lport=443 }}")
        if items:
            lines.append(f"type=CWD {stamp} cwd={written(r.choice(['/home/a', '/data/seq', '/data/mit leer']))}")
            lines += [f"type=PATH {stamp} {item}" for item in items]
        title = "\0".join([r.choice(["cat", "ls", "bäsh"]), r.choice(["", "/data/x"])])
        lines.append(
            f"type=PROCTITLE {stamp} proctitle=" + r.choice([title.encode().hex().upper(), '"bash"', "(null)"])
        )
        return lines

    def descriptors(self) -> list[str]:
        """A call on a descriptor, or one that changes what descriptors and inodes stand for; few of each, so they meet."""
        r, stamp = self.random, self.stamp()
        pid, fd, inode = r.randrange(40, 43), r.randrange(3, 6), r.randrange(5001, 5005)
        folder, file = f"/data/d{inode % 3}", r.choice(["a", "b", "sub/c", ".", "../e", "ü"])
        dir_mode, file_mode = "040755", "0100640"
        above = (file.rpartition("/")[0] or "/home/a", inode, dir_mode, "PARENT")
        below = r.randrange(6001, 6004)
        name, number, exit_code, args, items = r.choice([
            *[("openat", 257, fd, "ffffff9c 7f 90800 0", [(folder, inode, dir_mode, "NORMAL")])] * 8,
            *[("openat", 257, 7, f"{fd:x} 7f 0 0", [(file, below, file_mode, "NORMAL")])] * 6,
            ("openat", 257, fd, f"{fd:x} 7f 90800 0", [("s", inode + 9, dir_mode, "NORMAL")]),
            ("openat", 257, fd, f"{fd:x} 7f 0 0", [(file, below, file_mode, "NORMAL")]),
            ("openat", 257, 7, f"{fd:x} 7f 241 1b6", [above, (file, below, file_mode, "CREATE")]),
            ("openat", 257, fd, "ffffff9c 7f 241 1b6", [("/data/f", below, file_mode, "NORMAL")]),
            ("unlinkat", 263, 0, f"{fd:x} 7f 0 0", [above, (file, below, file_mode, "DELETE")]),
            ("unlinkat", 263, 0, "ffffff9c 7f 200 0", [("/data", 1, dir_mode, "PARENT"), (folder, inode, dir_mode, "DELETE")]),
            ("renameat2", 316, 0, f"{fd:x} 7f {fd:x} 7f",
             [above, above, ("a", below, file_mode, "DELETE"), ("b", below, file_mode, "CREATE")]),
            ("rename", 82, 0, "7f 7f 0 0", [("/data", 1, dir_mode, "PARENT"), ("/data", 1, dir_mode, "PARENT"),
                                            (folder, inode, dir_mode, "DELETE"), ("/data/d9", inode, dir_mode, "CREATE")]),
            ("fchmod", 91, 0, "7 1a4 0 0", [(None, r.choice([inode, below]), file_mode, "NORMAL")]),
            ("fchmod", 91, 0, "7 1a4 0 0", [(None, inode, dir_mode, r.choice(["NORMAL", "DELETE"]))]),
            ("openat", 257, 7, f"{fd:x} 7f 241 1b6", [("/home/a", inode, dir_mode, "PARENT")]),
            ("unlinkat", 263, 0, "ffffff9c 7f 0 0", [(folder, inode, dir_mode, "PARENT"), ("/data/f", 7000, file_mode, "NORMAL"),
                                                     (None, below, file_mode, "DELETE")]),
            ("linkat", 265, 0, f"{fd:x} 7f {fd:x} 7f", [above, above, ("a", below, file_mode, "NORMAL"), ("b", 6004, file_mode, "CREATE")]),
            ("renameat2", 316, 0, "ffffff9c 7f 0 0",
             [("s/", inode, dir_mode, "PARENT"), ("s/", inode + r.choice([0, 90]), dir_mode, "PARENT"),
              ("s/a", below, file_mode, "DELETE"), ("s/b", below, file_mode, "CREATE")]),
            ("linkat", 265, 0, f"{fd:x} 7f {fd:x} 7f",
             [("a", below, file_mode, "NORMAL"), above, ("s/b", below, file_mode, "CREATE")]),
            ("close", 3, 0, f"{fd:x} 0 0 0", []),
            ("dup2", 33, fd, "0 0 0 0", []),
            ("mkdir", 83, 0, "7f 1ed 0 0", [("/data", 1, dir_mode, "PARENT"), (folder, inode, dir_mode, "CREATE")]),
            ("execve", 59, 0, "7f 7f 7f 0", [("/bin/x", 77, file_mode, "NORMAL")]),
        ])  # fmt: skip
        a0, a1, a2, a3 = args.split()
        ok, exe = r.random() < 0.9, r.choice("xxxxxxxxxxxxxxxy")
        tail = f'{GS}ARCH=x86_64 SYSCALL={name} AUID="alice" UID="alice"' if self.enriched else ""
        lines = [
            f"type=SYSCALL {stamp} arch=c000003e syscall={number} success={'yes' if ok else 'no'} exit={exit_code if ok else -13}"
            f" a0={a0} a1={a1} a2={a2} a3={a3} items={len(items)} ppid=1 pid={pid} auid=1001 uid=1001 gid=0 euid=0 suid=0"
            f' fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=1 comm="x" exe="/bin/{exe}" key="k"{tail}'
        ]
        if name == "execve":
            lines.append(f'type=EXECVE {stamp} argc=1 a0="x"')
        if items:
            lines.append(f'type=CWD {stamp} cwd="/home/a"')
        for i, (path, ino, mode, kind) in enumerate(items):
            shown = "(null)" if path is None else written(path)
            lines.append(
                f"type=PATH {stamp} item={i} name={shown} inode={ino} dev={'08:01' if r.random() < 0.95 else '08:02'}"
                f" mode={mode} ouid=0 ogid=0 rdev=00:00 nametype={kind} cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0"
            )
        return [*lines, f'type=PROCTITLE {stamp} proctitle="x"']

    def syscall(self, stamp: str, name: str, number: int, items: int, *, at: bool) -> str:
        """A SYSCALL record."""
        r = self.random
        uid, who = r.choice(PEOPLE)
        session = self.sessions.get(uid, UNSET)
        ok, code = r.choice([("yes", 3), ("yes", 0), ("no", -13), ("no", -2)])
        a0 = r.choice(["ffffff9c", "ffffffffffffff9c", "5"]) if at else f"{r.getrandbits(40):x}"
        a1, a2 = (
            r.choice(["0", "1", "241", "80000", "8241", "10000"]),
            r.choice(["0", "2", "241", "200000", "ffffff9c", "4"]),
        )
        comm = written(r.choice(["cat", "my prog", "samtools"]))
        names = f'{GS}ARCH=x86_64 SYSCALL={name} AUID="{who}" UID="{who}" GID="g"' if self.enriched else ""
        key = r.choice(['"seq"', "(null)", "7365710165786563"])
        return (
            f"type=SYSCALL {stamp} arch=c000003e syscall={number} success={ok} exit={code} a0={a0} a1={a1} a2={a2} a3=0"
            f" items={items} ppid={r.randrange(9)} pid={r.randrange(99999)} auid={uid} uid={min(uid, 5)} gid=0 euid=0 suid=0"
            f" fsuid=0 egid=0 sgid=0 fsgid=0 tty={r.choice(['pts0', '(none)'])} ses={session} comm={comm}"
            f' exe="/usr/bin/cat" key={key}{names}'
        )

    def items(self, name: str) -> list[str]:
        """Bodies of PATH records; for renames and links four, with both names."""
        r = self.random
        file = r.choice(NAMES)
        if name.startswith(("rename", "link")):
            new = r.choice([*NAMES, file])
            kinds = [
                (".", "PARENT"),
                ("/data", "PARENT"),
                (file, "DELETE" if "rename" in name else "NORMAL"),
                (new, "CREATE"),
            ]
        else:
            kinds = r.choice([[(file, "NORMAL")], [("/data/seq/", "PARENT"), (file, r.choice(["CREATE", "NORMAL", "DELETE"]))],
                              [("/data/seq/", "PARENT")], [(None, "NORMAL")], [(file, "UNKNOWN")]])  # fmt: skip
        label = r.choice(["", " obj=system_u:object_r:etc_t:s0"])
        mode = r.choice(["0100640", "040755"])
        owner = f'{GS}OUID="root" OGID="root"' if self.enriched else ""
        return [
            f"item={i} name={'(null)' if n is None else written(n)} inode={r.randrange(1, 999)} dev=08:01 mode={mode} ouid=0"
            f" ogid=0 rdev=00:00{label} nametype={t} cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0{owner}"
            for i, (n, t) in enumerate(kinds)
        ]
