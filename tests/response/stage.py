"""What these tests share: a small dataset, a snapshot of all that quarantine may touch, a child as a user."""

from __future__ import annotations

import contextlib
import os
import pickle
import struct
import subprocess
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from seqwatch_tui.demo.removal import remove
from seqwatch_tui.model.action import Outcome, Plan, Refused
from seqwatch_tui.response.attempt import main as try_names
from seqwatch_tui.response.carry import carry_out
from seqwatch_tui.response.holders import Holders
from seqwatch_tui.response.inode import inspect, opened
from seqwatch_tui.response.planning import Facts, plan
from seqwatch_tui.response.probe import Asked, Seen

NOW = 1795345000.0
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


class Desk:
    """An operator's desk: plans and carries out on one dataset, with a clock that counts."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "data"
        self.facts = Facts(folder / "state", holders=lambda _: Holders((), 0))
        self.journal = self.facts.journal
        self.now = NOW

    def clock(self) -> float:
        self.now += 1
        return self.now

    def plan(
        self, verb: str, root: Path | None = None, reason: str = "a reason", dataset: str = "d1"
    ) -> Plan | Refused:
        return plan(verb, dataset, root or self.root, reason, "oncall", self.clock(), self.facts)  # type: ignore[arg-type]

    def planned(self, verb: str) -> Plan:
        made = self.plan(verb)
        assert isinstance(made, Plan), made
        return made

    def do(self, verb: str, probe: Any = None) -> Outcome:
        return carry_out(self.planned(verb), self.journal, self.clock, probe or try_here)


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder any user may enter, removed though parts be immutable."""
    path = Path(tempfile.mkdtemp(prefix="seqwatch-test-"))
    path.chmod(0o755)
    yield path
    remove(path)


def own_desk(folder: Path) -> Desk:
    """A desk with a dataset of our own."""
    made = Desk(folder)
    make_dataset(made.root)
    return made


def nobodys_desk(folder: Path) -> Desk:
    """A desk whose data and state belong to `nobody`; needs root to make."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    made = own_desk(folder)
    (folder / "state").mkdir()
    subprocess.run(["chown", "-hR", f"{NOBODY}:{NOBODY}", str(folder)], check=True)
    (made.root / "deep/er/c").chmod(0o4755)
    (made.root / "deep").chmod(0o2750)
    return made


def try_here(asked: Asked, root: int, names: Sequence[bytes]) -> Seen:
    """The attempt in this very process, as whoever it is."""
    codes = try_names([str(root)], list(names))
    return Seen("as ourselves", "", codes.count(0), sum(code in (1, 13) for code in codes))


def make_dataset(root: Path) -> None:
    """Files and directories with modes a real dataset has, and some it should not."""
    for path, mode in (
        ("a.bam", 0o640),
        ("deep/b.vcf", 0o444),
        ("deep/er/c", 0o4755),
        ("deep/er/none", 0),
        ("x\ny", 0o600),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"data")
        (root / path).chmod(mode)
    (root / "link").symlink_to("/etc/passwd")
    os.mkfifo(root / "fifo", 0o622)
    (root / "deep").chmod(0o2750)
    (root / "deep/er").chmod(0o1777)
    root.chmod(0o755)


def snapshot(root: Path) -> dict[str, tuple[Any, ...]]:
    """Mode, owner, guards, ACL and capability of everything below and including the root; links as they are."""
    out: dict[str, tuple[Any, ...]] = {}
    for path in [root, *sorted(root.rglob("*"))]:
        if path.is_symlink():
            out[str(path)] = (str(path.readlink()),)
            continue
        with opened(path) as fd:
            state = inspect(fd)
        out[str(path)] = (state.mode, state.uid, state.gid, state.flags, state.acl, state.capability)
    return out


def acl(user: int, rights: int) -> bytes:
    """A POSIX ACL attribute: owner rw, one named user, group r, mask rw, others nothing (acl(5), version 2)."""
    unset = 0xFFFFFFFF
    entries = ((1, 6, unset), (2, rights, user), (4, 4, unset), (0x10, 6, unset), (0x20, 0, unset))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def in_child(work: Callable[[], Any], uid: int | None = None) -> Any:
    """Run `work` in a forked child, as `uid` when given; return what it returns. A failure there fails here."""
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        code = 1
        try:
            os.close(reader)
            if uid is not None:
                os.setgroups([])
                os.setresgid(uid, uid, uid)
                os.setresuid(uid, uid, uid)
            os.write(writer, pickle.dumps(work()))
            code = 0
        except BaseException:  # noqa: BLE001 (told to the parent, which fails)
            os.write(writer, pickle.dumps(traceback.format_exc()))
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return -os.WTERMSIG(status)
    said = pickle.loads(answer)
    assert os.WEXITSTATUS(status) == 0, said
    return said
