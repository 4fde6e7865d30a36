"""The second source of the demo: reads on the storage head, one LAUREL JSON object a line.

Source: LAUREL's documented output (one object per event, records as members, ARGV and CWD decoded).
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from seqwatch_tui.demo.cast import Person

NODE = "nas2"


@dataclass(slots=True)
class Laurel:
    """Writes events of the storage head; serial numbers are its own, `truth` counts what was written."""

    dice: random.Random
    serial: int = 880000
    pid: int = 3300
    truth: Counter[str] = field(default_factory=Counter)

    def read(self, ts: float, person: Person, path: Path, argv: tuple[str, ...]) -> str:
        """One openat read-only by a program run by `person`."""
        self.serial += 1
        self.pid += self.dice.randrange(1, 5)
        self.truth.update(events=1, records=1, read=1)
        event = {
            "ID": f"{ts:.3f}:{self.serial}",
            "NODE": NODE,
            "SYSCALL": _syscall(person, self.pid, argv),
            "CWD": {"cwd": "/"},
            "PATH": [_path(path)],
            "PROCTITLE": {"ARGV": list(argv)},
        }
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"


def _syscall(person: Person, pid: int, argv: tuple[str, ...]) -> dict[str, object]:
    ids = dict.fromkeys(("auid", "uid", "euid", "suid", "fsuid"), person.uid)
    groups = dict.fromkeys(("gid", "egid", "sgid", "fsgid"), person.gid)
    names = dict.fromkeys(("AUID", "UID", "EUID", "SUID", "FSUID"), person.name)
    group_names = dict.fromkeys(("GID", "EGID", "SGID", "FSGID"), person.group)
    return {
        "arch": "0xc000003e", "syscall": 257, "success": "yes", "exit": 3, "items": 1, "ppid": 3290, "pid": pid,
        **ids, **groups, "tty": "(none)", "ses": 7, "comm": argv[0], "exe": f"/usr/bin/{argv[0]}", "key": "seqwatch",
        "ARCH": "x86_64", "SYSCALL": "openat", **names, **group_names,
        "ARGV": ["0xffffff9c", "0x7ffd3c0a", "0x0", "0x0"],
    }  # fmt: skip


def _path(path: Path) -> dict[str, object]:
    facts = path.lstat()
    return {
        "item": 0, "name": str(path), "inode": facts.st_ino, "dev": "00:2e", "mode": f"0o{facts.st_mode:o}",
        "ouid": 990, "ogid": 2100, "rdev": "00:00", "nametype": "NORMAL", "OUID": "svc_lims", "OGID": "bioinf",
    }  # fmt: skip
