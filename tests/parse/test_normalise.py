"""The tables: what calls, flags, results and paths mean."""

from __future__ import annotations

import os

import pytest

from seqwatch_tui.model.columns import ACTIONS
from seqwatch_tui.parse.calls import CALLS, URING_CALLS
from seqwatch_tui.parse.event import PathItem, choose_items
from seqwatch_tui.parse.normalise import (
    ends_at_once,
    errno_of,
    is_directory,
    normalise_path,
    open_action,
    outcome_of,
    record_action,
    resolve_path,
    syscall_name,
    unset_to_none,
)
from seqwatch_tui.parse.numbers import SYSCALLS, URING_OPS

X86, ARM = "c000003e", "c00000b7"


def test_every_action_is_one_of_the_model() -> None:
    assert {call.action for table in (CALLS, URING_CALLS) for call in table.values()} <= set(ACTIONS)


def test_every_listed_call_has_a_number_somewhere() -> None:
    numbered = {name for table in SYSCALLS.values() for name in table.values()}
    elsewhere = {"fstatat64", "lchown32", "utimensat_time64", "pread64", "pwrite64"}  # names of other tables
    assert set(CALLS) - numbered <= elsewhere
    assert set(URING_CALLS) <= set(URING_OPS.values())


@pytest.mark.parametrize(
    ("arch", "number", "name"),
    [
        (X86, "0", "read"), (X86, "2", "open"), (X86, "59", "execve"), (X86, "257", "openat"), (X86, "316", "renameat2"),
        (X86, "437", "openat2"), (X86, "452", "fchmodat2"), (ARM, "56", "openat"), (ARM, "221", "execve"),
        (ARM, "35", "unlinkat"), (ARM, "437", "openat2"), ("40000003", "5", "open"), ("40000003", "295", "openat"),
        (X86, "400", None), (X86, "x", None), ("deadbeef", "1", None),
    ],
)  # fmt: skip
def test_syscall_numbers(arch: str, number: str, name: str | None) -> None:
    assert syscall_name(arch, number) == name


@pytest.mark.parametrize(
    ("flags", "created", "directory", "action"),
    [
        (0, False, False, "read"),
        (os.O_RDONLY | os.O_CLOEXEC, False, True, "open"),
        (os.O_DIRECTORY, False, False, "open"),
        (os.O_WRONLY, False, False, "write"),
        (os.O_RDWR | os.O_CREAT, True, False, "create"),
        (os.O_RDWR | os.O_CREAT, False, False, "write"),
        (os.O_WRONLY | os.O_TRUNC, False, False, "write"),
        (os.O_RDONLY | os.O_TRUNC, False, False, "write"),
        (os.O_PATH, False, False, "open"),
        (3, False, False, "open"),
        (os.O_TMPFILE | os.O_RDWR, False, True, "create"),
    ],
)
def test_open_flags(flags: int, created: bool, directory: bool, action: str) -> None:
    assert open_action(flags, X86, created=created, directory=directory) == action


def test_directory_flag_depends_on_the_architecture() -> None:
    assert open_action(0o40000, ARM, created=False, directory=False) == "open"
    assert open_action(0o40000, X86, created=False, directory=False) == "read"  # O_DIRECT there


@pytest.mark.parametrize(
    ("kind", "exe", "outcome", "session", "action"),
    [
        ("USER_LOGIN", "/usr/sbin/sshd", "success", False, "login"),
        ("USER_LOGIN", "/usr/sbin/sshd", "failure", False, "login_failed"),
        ("USER_AUTH", "/usr/sbin/sshd", "failure", False, "login_failed"),
        ("USER_AUTH", "/usr/sbin/sshd", "success", False, None),
        ("USER_ERR", "/usr/sbin/sshd", "failure", False, "login_failed"),
        ("USER_AUTH", "/usr/bin/su", "failure", True, "su"),
        ("USER_START", "/usr/bin/sudo", "success", True, "su"),
        ("USER_CMD", "/usr/bin/sudo", "success", True, "su"),
        ("USER_END", "/usr/bin/sudo", "success", True, None),
        ("USER_END", "/usr/sbin/sshd", "success", True, "logout"),
        ("USER_END", "/usr/sbin/sshd", "success", False, None),
        ("USER_LOGOUT", None, "success", True, "logout"),
        ("LOGIN", None, "success", True, "login"),
        ("CONFIG_CHANGE", None, "unknown", False, "config_change"),
        ("DAEMON_END", None, "success", False, "config_change"),
        ("AVC", None, "unknown", False, None),
    ],
)
def test_records_with_a_meaning_of_their_own(
    kind: str, exe: str | None, outcome: str, session: bool, action: str | None
) -> None:
    assert record_action(kind, exe, outcome, in_session=session) == action


def test_outcomes_errnos_and_unset_ids() -> None:
    assert [outcome_of(x) for x in ("yes", "1", "success", "no", "0", "failed", "?", None)] == [
        *["success"] * 3, *["failure"] * 3, "unknown", "unknown",
    ]  # fmt: skip
    assert [errno_of(x) for x in (-13, 0, 3, -4096, None)] == [13, None, None, None, None]
    assert [unset_to_none(x) for x in (4294967295, -1, 0, 1001, None)] == [None, None, 0, 1001, None]


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        ("/a/b", "/a/b"), ("/a//b/", "/a/b"), ("/a/./b", "/a/b"), ("/a/../b", "/b"), ("/../x", "/x"), ("/", "/"),
        ("//", "/"), ("/..", "/"), ("a/../..", ".."), ("./a", "a"), (".", "."), ("a/..", "."), ("/a/.hidden", "/a/.hidden"),
        ("/a/..b", "/a/..b"), ("/a b/ü", "/a b/ü"),
    ],
)  # fmt: skip
def test_paths_are_normalised_as_text(path: str, normal: str) -> None:
    assert normalise_path(path) == normal


@pytest.mark.parametrize(
    ("name", "cwd", "dirfd", "parent", "result"),
    [
        ("/x", "/home", "5", None, ("/x", None)),
        ("x", "/home", "ffffff9c", None, ("/home/x", None)),
        ("x", "/home", "ffffffffffffff9c", None, ("/home/x", None)),
        ("../x", "/home/a", None, None, ("/home/x", None)),
        ("x", "/home", "5", None, ("x", "dirfd")),
        ("x", "/home", "5", "/data/", ("/data/x", None)),
        ("x", "/home", "5", "/home", ("x", "dirfd")),
        ("sub/x", "/home", "5", "sub/", ("sub/x", "dirfd")),
        ("x", None, "ffffff9c", None, ("x", "nocwd")),
    ],
)
def test_relative_names(
    name: str, cwd: str | None, dirfd: str | None, parent: str | None, result: tuple[str, str | None]
) -> None:
    assert resolve_path(name, cwd, dirfd, parent) == result


def test_modes() -> None:
    assert [is_directory(x) for x in ("040755", "0o040750", "0100644", "0120777", "", "9")] == [
        True, True, False, False, False, False,
    ]  # fmt: skip


def test_items_of_renames_links_and_refused_creates() -> None:
    parent, old, new = PathItem("d/", "PARENT"), PathItem("a", "DELETE"), PathItem("b", "CREATE")
    gone = PathItem("b", "DELETE")
    assert choose_items([parent, parent, old, gone, new], "rename") == (new, old)
    target = PathItem("a", "NORMAL")
    assert choose_items([target, parent, new], "link") == (new, target)
    assert choose_items([parent, new], "open") == (new, None)
    assert choose_items([parent], "open") == (parent, None)
    assert choose_items([PathItem(None, "NORMAL")], "chmod") == (None, None)


def test_kernel_records_do_not_end_at_once() -> None:
    assert ends_at_once("USER_START", b"pid=1 msg='op=x'")
    assert ends_at_once("DAEMON_START", b"op=start")
    assert ends_at_once("TRUSTED_APP", b"pid=1 uid=0 msg='x'")
    assert not any(
        ends_at_once(kind, b"auid=0 op=add_rule") for kind in ("CONFIG_CHANGE", "LOGIN", "ANOM_ABEND", "AVC")
    )
