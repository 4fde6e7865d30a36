"""Awkward events, each as the kernel writes it: descriptors, hex names, refused creates, io_uring, openat2, renames."""

from __future__ import annotations

from typing import Any

import pytest

from seqwatch_tui.parse.interface import Knowledge
from tests.parse.feeding import parse, rows

_STAMP = b"msg=audit(1000.000:5):"


def row(
    syscall: int,
    paths: list[str],
    *,
    args: str = "ffffff9c 7f 0 0",
    result: str = "success=yes exit=0",
    cwd: str | None = '"/home/ann"',
    extra: str = "",
    names: dict[int, str] | None = None,
) -> dict[str, Any]:
    """The row of one system call of auid 7 with these PATH records (`name nametype [mode]`)."""
    a = args.split()
    head = f"arch=c000003e syscall={syscall} {result} a0={a[0]} a1={a[1]} a2={a[2]} a3={a[3]} items={len(paths)}"
    tail = 'ppid=1 pid=9 auid=7 uid=0 tty=(none) ses=4294967295 comm="x" exe="/bin/x" key=(null)'
    lines = [f"type=SYSCALL %s {head} {tail}", extra, f"type=CWD %s cwd={cwd}" if cwd else ""]
    for i, path in enumerate(paths):
        name, nametype, *mode = path.split()
        mode_ = mode[0] if mode else "0100640"
        lines.append(
            f"type=PATH %s item={i} name={name} inode=5 dev=08:01 mode={mode_} ouid=0 ogid=0 rdev=00:00 "
            f"nametype={nametype} cap_fp=0"
        )
    lines.append('type=PROCTITLE %s proctitle="x"')
    log = b"".join(line.encode().replace(b"%s", _STAMP) + b"\n" for line in lines if line)
    (found,) = rows(parse(log, Knowledge(host_names=names or {})))
    return found


def seen(found: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(found.get(key) for key in ("action", "outcome", "path", "old_path", "warnings"))


def test_relative_name_is_joined_with_the_working_directory() -> None:
    assert seen(row(257, ['"a/../b" NORMAL'])) == ("read", "success", "/home/ann/b", None, None)


def test_name_relative_to_a_descriptor_is_not() -> None:
    assert seen(row(257, ['"b" NORMAL'], args="6 7f 0 0")) == ("read", "success", "b", None, "dirfd")


def test_parent_that_is_only_the_working_directory_is_no_evidence_for_a_descriptor() -> None:
    paths = ['"/home/ann" PARENT 040755', '"b" CREATE']
    assert seen(row(257, paths, args="6 7f 241 1b6")) == ("create", "success", "b", None, "dirfd")
    assert seen(row(257, paths[:1], args="6 7f 241 1b6", result="success=no exit=-13"))[2:] == (
        None,
        None,
        "dirfd;parent",
    )


def test_refused_create_shows_its_directory() -> None:
    found = row(257, ['"/data/seq/" PARENT 040755'], args="ffffff9c 7f 241 1b6", result="success=no exit=-13")
    assert (*seen(found), found["errno"]) == ("write", "failure", "/data/seq", None, "parent", 13)


def test_hex_names_of_any_bytes() -> None:
    name = b"/d/a b\n\xff\x1b[31m\xc3\xbc".hex().upper()
    assert row(257, [f"{name} NORMAL"])["path"] == "/d/a b\n\\xff\x1b[31mü"


def test_creat_is_a_write() -> None:
    assert seen(row(85, ['"/d" PARENT', '"/d/x" CREATE']))[0] == "create"
    assert seen(row(85, ['"/d/x" NORMAL']))[0] == "write"


def test_opens_of_directories_by_mode_and_flag() -> None:
    assert seen(row(257, ['"/d" NORMAL 040755']))[0] == "open"
    assert seen(row(257, ['"/d" NORMAL 040755'], args="ffffff9c 7f 90800 0"))[0] == "open"


def test_openat2_flags_are_unknown_without_their_record() -> None:
    assert seen(row(437, ['"/d/x" NORMAL'])) == ("open", "success", "/d/x", None, "flags")
    shown = row(437, ['"/d/x" NORMAL'], extra="type=OPENAT2 %s oflag=0101 mode=0 resolve=0x0")
    assert seen(shown) == ("write", "success", "/d/x", None, None)


def test_open_by_handle_has_flags_but_no_name() -> None:
    assert seen(row(304, ["(null) NORMAL"], args="3 7f 1 0")) == ("write", "success", None, None, "unnamed")


@pytest.mark.parametrize(
    ("number", "paths", "args", "expected"),
    [
        (87, ['"/d/" PARENT', '"/d/x" DELETE'], "7f 0 0 0", ("delete", "/d/x", None)),
        (263, ['"d/" PARENT', '"d/x" DELETE'], "ffffff9c 7f 0 0", ("delete", "/home/ann/d/x", None)),
        (82, ['"/d/" PARENT', '"/d/" PARENT', '"/d/a" DELETE', '"/d/b" CREATE'], "7f 7f 0 0", ("rename", "/d/b", "/d/a")),
        (86, ['"/d/a" NORMAL', '"/e/" PARENT', '"/e/b" CREATE'], "7f 7f 0 0", ("link", "/e/b", "/d/a")),
        (83, ['"/d/" PARENT', '"/d/new" CREATE 040755'], "7f 0 0 0", ("create", "/d/new", None)),
        (268, ['"/d/x" NORMAL'], "ffffff9c 7f 1a4 0", ("chmod", "/d/x", None)),
        (260, ['"/d/x" NORMAL'], "ffffff9c 7f 0 0", ("chown", "/d/x", None)),
        (76, ['"/d/x" NORMAL'], "7f 0 0 0", ("truncate", "/d/x", None)),
        (188, ['"/d/x" NORMAL'], "7f 7f 7f 0", ("setattr", "/d/x", None)),
        (191, ['"/d/x" NORMAL'], "7f 7f 7f 0", ("getattr", "/d/x", None)),
        (165, ['"/mnt" NORMAL 040755'], "7f 7f 7f 0", ("other", "/mnt", None)),
    ],
)  # fmt: skip
def test_other_calls(number: int, paths: list[str], args: str, expected: tuple[str, str, str | None]) -> None:
    found = row(number, paths, args=args)
    assert (found["action"], found["path"], found.get("old_path")) == expected


def test_rename_into_a_descriptor_resolves_each_side_by_its_own() -> None:
    paths = ['"d/" PARENT', '"e/" PARENT', '"d/a" DELETE', '"e/b" CREATE']
    assert seen(row(316, paths, args="ffffff9c 7f 7 7f")) == ("rename", "success", "e/b", "/home/ann/d/a", "dirfd")


def test_unknown_number_is_shown_as_the_number() -> None:
    found = row(999, [])
    assert (found["syscall"], found["action"], found["warnings"]) == ("999", "other", "syscall")


def test_unset_identity_is_null_and_never_root() -> None:
    log = (
        b"type=SYSCALL %b arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7f a2=0 a3=0 items=0 ppid=1 pid=9 "
        b'auid=4294967295 uid=0 tty=(none) ses=4294967295 comm="x" exe="/bin/x" key=(null)\x1dAUID="unset" UID="root"\n'
        b'type=PROCTITLE %b proctitle="x"\n'
    ) % (_STAMP, _STAMP)
    (found,) = rows(parse(log, Knowledge(host_names={4294967295: "root", 0: "root"})))
    assert found.keys().isdisjoint({"auid", "user_name", "session_id", "src_ip"})
    assert found["uid_name"] == "root"


def test_call_without_result_is_of_unknown_outcome() -> None:
    found = row(257, ['"/d/x" NORMAL'], result="")
    assert (found["action"], found["outcome"]) == ("read", "unknown")


def test_execve_without_its_arguments_is_incomplete() -> None:
    assert row(59, ['"/bin/ls" NORMAL'])["complete"] is False
    whole = row(59, ['"/bin/ls" NORMAL'], extra='type=EXECVE %s argc=2 a0="ls" a1=612062')
    assert (whole["complete"], whole["command_line"], whole["path"]) == (True, "ls 'a b'", "/bin/ls")


def test_io_uring_has_no_login_identity_and_no_flags() -> None:
    log = (
        b'type=URINGOP %b uring_op=18 success=yes exit=3 items=1 ppid=1 pid=9 uid=7 gid=7 key="k"\n'
        b'type=CWD %b cwd="/home"\n'
        b'type=PATH %b item=0 name="x" inode=5 dev=08:01 mode=0100640 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL\n'
    ) % (_STAMP, _STAMP, _STAMP)
    (found,) = rows(parse(log))
    assert seen(found) == ("open", "success", "x", None, "dirfd;flags")
    assert (found["syscall"], found["complete"], "user_name" in found) == ("io_uring:openat", True, False)


def test_config_change_names_its_watch() -> None:
    log = b'type=CONFIG_CHANGE %b auid=7 ses=1 op=remove_rule dir="/data/seq" key="k" list=4 res=1\n' % _STAMP
    (found,) = rows(parse(log))
    assert (found["action"], found["path"], found["rule_key"]) == ("config_change", "/data/seq", "k")


def test_sudo_command_is_shown() -> None:
    log = (
        b'type=USER_CMD %b pid=9 uid=7 auid=7 ses=1 msg=\'cwd="/" cmd=636174202F78 exe="/usr/bin/sudo" '
        b"terminal=pts/0 res=success'\n"
    ) % _STAMP
    (found,) = rows(parse(log))
    assert (found["action"], found["command_line"], found["tty"], found["exe"]) == (
        "su",
        "cat /x",
        "pts/0",
        "/usr/bin/sudo",
    )
