"""Events made for one test at a time: a system call with its items, as the kernel writes them."""

from __future__ import annotations

DIRECTORY, FILE = "040755", "0100640"
OPEN, RENAME, CHMOD = ("openat", 257), ("renameat2", 316), ("fchmod", 91)

Item = tuple[str | None, int, str, str]


def event(serial: int, call: tuple[str, int], args: str, items: list[Item], *, pid: int = 40, code: int = 3) -> bytes:
    """Records of a call; `items` are name, inode, mode and nametype."""
    stamp = f"msg=audit(1790000000.{serial % 1000:03d}:{serial}):"
    a0, a1, a2, a3 = args.split()
    lines = [
        f"type=SYSCALL {stamp} arch=c000003e syscall={call[1]} success={'yes' if code >= 0 else 'no'} exit={code}"
        f" a0={a0} a1={a1} a2={a2} a3={a3} items={len(items)} ppid=1 pid={pid} auid=1001 uid=1001 gid=0 euid=0 suid=0"
        ' fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=1 comm="x" exe="/bin/x" key="k"',
        f'type=CWD {stamp} cwd="/home/a"',
    ]
    for number, (name, inode, mode, nametype) in enumerate(items):
        shown = "(null)" if name is None else f'"{name}"'
        lines.append(
            f"type=PATH {stamp} item={number} name={shown} inode={inode} dev=08:01 mode={mode} ouid=0 ogid=0"
            f" rdev=00:00 nametype={nametype} cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0"
        )
    return "".join(f"{line}\n" for line in [*lines, f'type=PROCTITLE {stamp} proctitle="x"']).encode()


def plain(first: int, count: int) -> list[bytes]:
    """Events that need nothing, so that the piece is worth while."""
    return [event(first + n, OPEN, "ffffff9c 7f 0 0", [("/data/f", 9, FILE, "NORMAL")]) for n in range(count)]
