"""Names below descriptors and objects without a name: found by what the trail has called their inodes, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from seqwatch_tui.parse.auditd import AuditdParser
from seqwatch_tui.parse.interface import Knowledge
from seqwatch_tui.parse.json_lines import JsonParser, load_mapping
from seqwatch_tui.parse.places import DIRECTORIES_LIMIT, FILES_LIMIT, HELD_LIMIT, PROCESSES_LIMIT, Held, Places, Process
from tests.parse.feeding import GOLDEN, parse

_REAL = GOLDEN / "descriptors-enriched.log"
_DIR, _FILE = "040755", "0100640"
_NUMBERS = {
    "openat": 257, "unlinkat": 263, "renameat2": 316, "rename": 82, "mkdirat": 258, "fchmod": 91, "ftruncate": 77,
    "execve": 59, "close": 3, "rmdir": 84,
}  # fmt: skip
Item = tuple[str | None, int, str, str]
"""Name, inode, mode, nametype."""


class Trail:
    """Events one after the other, by one parser, either from audit records or from LAUREL objects."""

    def __init__(self, form: str, knowledge: Knowledge | None = None) -> None:
        self.knowledge = knowledge or Knowledge()
        self.form, self.serial, self.offset = form, 100, 0
        self.parser: AuditdParser | JsonParser = (
            AuditdParser("s", "h", self.knowledge)
            if form == "auditd"
            else JsonParser("s", "h", load_mapping("laurel"), self.knowledge)
        )

    def __call__(
        self, call: str, *items: Item, args: str = "ffffff9c 7f 0 0", code: int = 0, pid: int = 9, exe: str = "/bin/x",
        cwd: str = "/home/ann", dev: str = "08:01",
    ) -> dict[str, Any]:  # fmt: skip
        self.serial += 1
        data = (self._records if self.form == "auditd" else self._object)(
            call, items, args.split(), code, pid, exe, cwd, dev
        )
        self.parser.feed(data, self.offset)
        self.offset += len(data)
        (row,) = self.parser.take().events.to_pylist()
        return row

    def _records(self, call: str, items: tuple[Item, ...], a: list[str], code: int, *rest: Any) -> bytes:
        pid, exe, cwd, dev = rest
        done = "yes" if code >= 0 else "no"
        lines = [
            f"type=SYSCALL %s arch=c000003e syscall={_NUMBERS[call]} success={done} exit={code} a0={a[0]} a1={a[1]} a2={a[2]} "
            f'a3={a[3]} items={len(items)} ppid=1 pid={pid} auid=7 uid=0 tty=(none) ses=3 comm="x" exe="{exe}" key=(null)',
            *(['type=EXECVE %s argc=1 a0="x"'] if call == "execve" else []),
            *([f'type=CWD %s cwd="{cwd}"'] if items else []),
        ]
        for i, (name, inode, mode, kind) in enumerate(items):
            shown = "(null)" if name is None else f'"{name}"'
            lines.append(
                f"type=PATH %s item={i} name={shown} inode={inode} dev={dev} mode={mode} ouid=0 ogid=0 rdev=00:00 "
                f"nametype={kind} cap_fp=0"
            )
        lines.append('type=PROCTITLE %s proctitle="x"')
        return "".join(line.replace("%s", f"msg=audit(1000.000:{self.serial}):") + "\n" for line in lines).encode()

    def _object(self, call: str, items: tuple[Item, ...], a: list[str], code: int, *rest: Any) -> bytes:
        pid, exe, cwd, dev = rest
        paths = [
            {"item": i, "inode": inode, "dev": dev, "mode": f"0o{mode}", "nametype": kind}
            | ({"name": name} if name else {})
            for i, (name, inode, mode, kind) in enumerate(items)
        ]
        value = {
            "ID": f"1000.000:{self.serial}",
            "SYSCALL": {
                "arch": "0xc000003e", "syscall": _NUMBERS[call], "success": "yes" if code >= 0 else "no", "exit": code,
                "items": len(items), "ppid": 1, "pid": pid, "auid": 7, "uid": 0, "ses": 3, "comm": "x", "exe": exe,
                "ARGV": [f"0x{arg}" for arg in a],
            },
            "CWD": {"cwd": cwd}, "PATH": paths, "PROCTITLE": {"ARGV": ["x"]},
        }  # fmt: skip
        return json.dumps(value).encode() + b"\n"


@pytest.fixture(params=["auditd", "laurel"])
def trail(request: pytest.FixtureRequest) -> Trail:
    return Trail(request.param)


def seen(row: dict[str, Any]) -> tuple[str | None, str | None]:
    return row["path"], row["warnings"]


RAW: Item = ("/data/seq/raw", 50, _DIR, "NORMAL")
LANE: Item = ("lane1", 60, _FILE, "NORMAL")
ABOVE: Item = ("/home/ann", 50, _DIR, "PARENT")


def test_the_parents_inode_names_the_directory(trail: Trail) -> None:
    trail("openat", RAW, code=3, pid=1)
    gone = trail("unlinkat", ABOVE, ("lane1", 60, _FILE, "DELETE"), args="5 7f 0 0", pid=2)
    assert seen(gone) == ("/data/seq/raw/lane1", "dirfd-resolved")
    assert seen(trail("unlinkat", ("sub/", 50, _DIR, "PARENT"), ("sub/x", 61, _FILE, "DELETE"), args="5 7f 0 0")) == (
        "/data/seq/raw/x", "dirfd-resolved",
    )  # fmt: skip
    refused = trail("openat", ABOVE, args="5 7f 241 1b6", code=-13)
    assert seen(refused) == ("/data/seq/raw", "dirfd-resolved;parent")


def test_without_a_parent_it_is_what_the_process_opened(trail: Trail) -> None:
    trail("openat", RAW, code=3)
    assert seen(trail("openat", LANE, args="3 7f 0 0", code=4)) == ("/data/seq/raw/lane1", "dirfd-held")
    assert seen(trail("openat", LANE, args="4 7f 0 0", code=5)) == ("lane1", "dirfd"), "another descriptor"
    assert seen(trail("openat", LANE, args="3 7f 0 0", code=5, pid=10)) == ("lane1", "dirfd"), "another process"
    assert seen(trail("openat", LANE, args="3 7f 0 0", code=5, exe="/bin/y")) == ("lane1", "dirfd"), "its number again"
    assert seen(trail("openat", LANE, args="3 7f 0 0", code=5, dev="08:02")) == ("lane1", "dirfd"), "another device"


def test_a_directory_below_a_descriptor_is_known_but_not_for_certain(trail: Trail) -> None:
    trail("openat", ("/data/seq", 49, _DIR, "NORMAL"), code=3)
    assert seen(trail("openat", ("raw", 50, _DIR, "NORMAL"), args="3 7f 90800 0", code=4))[1] == "dirfd-held"
    assert seen(trail("openat", LANE, args="4 7f 0 0", code=5)) == ("/data/seq/raw/lane1", "dirfd-held")
    gone = trail("unlinkat", ABOVE, ("lane1", 60, _FILE, "DELETE"), args="4 7f 0 0", pid=2)
    assert seen(gone) == ("/data/seq/raw/lane1", "dirfd-held")


@pytest.mark.parametrize(
    "change",
    [
        ("close", (), {"args": "3 0 0 0"}),
        ("execve", (("/bin/y", 9, _FILE, "NORMAL"),), {}),
        ("openat", (("/other", 70, _FILE, "NORMAL"),), {"code": 3}),
    ],
    ids=["close", "execve", "opened anew"],
)
def test_a_descriptor_that_is_something_else_by_now_names_nothing(
    trail: Trail, change: tuple[str, tuple[Item, ...], Any]
) -> None:
    trail("openat", RAW, code=3)
    call, items, more = change
    trail(call, *items, **more)
    assert seen(trail("openat", LANE, args="3 7f 0 0", code=5)) == ("lane1", "dirfd")


@pytest.mark.parametrize(
    "change",
    [
        ("rmdir", (("/data/seq", 49, _DIR, "PARENT"), ("/data/seq/raw", 50, _DIR, "DELETE"))),
        ("rename", (("/data/", 1, _DIR, "PARENT"), ("/data/", 1, _DIR, "PARENT"), ("/data/seq", 49, _DIR, "DELETE"),
                    ("/data/old", 48, _DIR, "DELETE"), ("/data/old", 49, _DIR, "CREATE"))),
        ("openat", (("/data/seq/raw", 51, _DIR, "NORMAL"),)),
        ("openat", (("/mnt/raw", 50, _DIR, "NORMAL"),)),
    ],
    ids=["removed", "its parent renamed over another", "another inode of that name", "another name"],
)  # fmt: skip
def test_a_directory_that_may_be_elsewhere_resolves_nothing(trail: Trail, change: tuple[str, tuple[Item, ...]]) -> None:
    trail("openat", RAW, code=3, pid=1)
    trail(change[0], *change[1], code=0 if change[0] != "openat" else 8, pid=2)
    gone = trail("unlinkat", ABOVE, ("lane1", 60, _FILE, "DELETE"), args="5 7f 0 0", pid=3)
    assert seen(gone) == ("lane1", "dirfd")


def test_a_refused_removal_changes_nothing(trail: Trail) -> None:
    trail("openat", RAW, code=3)
    trail("rmdir", ("/data/seq", 49, _DIR, "PARENT"), ("/data/seq/raw", 50, _DIR, "DELETE"), code=-39)
    assert seen(trail("openat", LANE, args="3 7f 0 0", code=4)) == ("/data/seq/raw/lane1", "dirfd-held")


def test_a_renamed_directory_is_found_under_its_new_name(trail: Trail) -> None:
    trail("openat", RAW, code=3, pid=1)
    above: Item = ("/data/seq", 49, _DIR, "PARENT")
    trail("rename", above, above, ("/data/seq/raw", 50, _DIR, "DELETE"), ("/data/seq/new", 50, _DIR, "CREATE"), pid=2)
    gone = trail("unlinkat", ABOVE, ("lane1", 60, _FILE, "DELETE"), args="5 7f 0 0", pid=3)
    assert seen(gone) == ("/data/seq/new/lane1", "dirfd-resolved")


def test_what_lies_below_a_renamed_directory_goes_with_it(trail: Trail) -> None:
    trail("openat", RAW, code=3, pid=1)
    above: Item = ("/data", 1, _DIR, "PARENT")
    trail("rename", above, above, ("/data/seq", 49, _DIR, "DELETE"), ("/data/old", 49, _DIR, "CREATE"), pid=2)
    gone = trail("unlinkat", ABOVE, ("lane1", 60, _FILE, "DELETE"), args="5 7f 0 0", pid=3)
    assert seen(gone) == ("/data/old/raw/lane1", "dirfd-resolved")


def test_an_inode_that_is_known_under_that_name_is_itself(trail: Trail) -> None:
    """rm opens below a copy of its descriptor (fcntl), which no record tells."""
    trail("openat", RAW, code=3, pid=1)
    assert seen(trail("openat", ("raw", 50, _DIR, "NORMAL"), args="7 7f 90800 0", code=8)) == (
        "/data/seq/raw",
        "dirfd-resolved",
    )
    assert seen(trail("openat", LANE, args="8 7f 0 0", code=9)) == ("/data/seq/raw/lane1", "dirfd-held")
    assert seen(trail("openat", ("other", 50, _DIR, "NORMAL"), args="7 7f 90800 0", code=8, pid=3)) == (
        "other",
        "dirfd",
    )


def test_a_recorded_rm_tar_rsync_and_mv_name_everything() -> None:
    """A tree made, packed by tar, copied by cp and rsync, moved and removed by `rm -r` under a real auditd; cwd is /."""
    rows = parse(_REAL.read_bytes()).events.to_pylist()
    mine = [r for r in rows if r["rule_key"] == "seqwatch" and r["process"] in ("rm", "tar", "rsync", "cp", "mv")]
    assert all(r["path"].startswith("/srv/site/data") for r in mine)
    assert {w for r in mine if (w := r["warnings"])} == {"dirfd-held", "dirfd-resolved", "inode-resolved"}
    files = {
        f"{folder}/{name}" for folder in ("a", "d") for name in ("f1", "f2", "f3", "b/g1", "b/g2", "b/g3", "b", "")
    }
    removed = {
        r["path"].removeprefix("/srv/site/data/") for r in mine if r["process"] == "rm" and r["action"] == "delete"
    }
    assert removed == {name.rstrip("/") for name in files}
    assert sum(r["process"] == "rsync" and r["action"] == "read" for r in mine) == 6


def test_each_side_of_a_rename_has_its_own_directory(trail: Trail) -> None:
    trail("openat", RAW, code=3)
    trail("openat", ("/data/out", 51, _DIR, "NORMAL"), code=4)
    other: Item = ("/home/ann", 51, _DIR, "PARENT")
    row = trail("renameat2", ABOVE, other, ("a", 60, _FILE, "DELETE"), ("b", 60, _FILE, "CREATE"), args="3 7f 4 7f")
    assert (row["old_path"], *seen(row)) == ("/data/seq/raw/a", "/data/out/b", "dirfd-resolved")
    row = trail(
        "rename",
        ("/data/x/", 52, _DIR, "PARENT"),
        other,
        ("/data/x/a", 61, _FILE, "DELETE"),
        ("c", 61, _FILE, "CREATE"),
    )
    assert (row["old_path"], *seen(row)) == ("/data/x/a", "/home/ann/c", None)


@pytest.mark.parametrize("call", ["fchmod", "ftruncate"])
def test_a_file_without_a_name_is_the_one_that_was_written(trail: Trail, call: str) -> None:
    assert seen(trail(call, (None, 60, _FILE, "NORMAL"), args="4 1a4 0 0")) == (None, "unnamed")
    trail(
        "openat",
        ("/data/seq", 49, _DIR, "PARENT"),
        ("/data/seq/new.bam", 60, _FILE, "CREATE"),
        args="ffffff9c 7f 241 1b6",
        code=4,
    )
    assert seen(trail(call, (None, 60, _FILE, "NORMAL"), args="4 1a4 0 0")) == ("/data/seq/new.bam", "inode-resolved")
    trail("unlinkat", ("/data/seq", 49, _DIR, "PARENT"), ("/data/seq/new.bam", 60, _FILE, "DELETE"))
    assert seen(trail(call, (None, 60, _FILE, "NORMAL"), args="4 1a4 0 0")) == (None, "unnamed")


def test_what_is_known_outlives_a_restart_and_a_reboot_ends_it() -> None:
    first = Trail("auditd")
    first("openat", RAW, code=3)
    first("openat", ("/data/b", 51, _DIR, "NORMAL"), code=4)
    places = Places()
    places.restore([d for d in _stored(first.knowledge.places) if d.path])
    assert places.directories == first.knowledge.places.directories
    again = Trail("auditd", Knowledge(places=places))
    gone = again("unlinkat", ABOVE, ("lane1", 60, _FILE, "DELETE"), args="5 7f 0 0")
    assert seen(gone) == ("/data/seq/raw/lane1", "dirfd-resolved")
    places.reboot()
    assert [(d.inode, d.path) for d in places.take_changed("s", 1.0)] == [("50", None), ("51", None)]


def _stored(places: Places) -> list[Any]:
    for key in places.directories:
        places._changed[key] = None
    return list(places.take_changed("s", 1.0))


def test_memory_is_bounded() -> None:
    places = Places()
    for n in range(DIRECTORIES_LIMIT + 100):
        places.name(("h", f"1 {n}"), f"/d{n}", certain=True)
        places.wrote(("h", f"2 {n}"), f"/f{n}")
        places.hold(Process("h", n), (1, 1, "x"), 3, Held(("h", f"1 {n}"), f"/d{n}"))
        places.hold(Process("h", 0), (1, 1, "x"), n, Held(("h", f"1 {n}"), f"/d{n}"))
    assert (len(places.directories), len(places.files)) == (DIRECTORIES_LIMIT, FILES_LIMIT)
    assert len(places.held) <= PROCESSES_LIMIT
    assert all(len(fds) <= HELD_LIMIT for _, fds in places.held.values())
    assert len(places._keys) == DIRECTORIES_LIMIT
