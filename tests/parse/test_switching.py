"""Ends of sessions, keys, and who became whom: from the records of sshd, login, cron, sudo and su."""

from __future__ import annotations

import pytest

from seqwatch_tui.model.evidence import Session, Switch
from seqwatch_tui.parse.interface import Knowledge, Parsed
from tests.parse.feeding import parse

UNSET = 4294967295


class Trail:
    """Records of user space, one after the other, a second apart."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, kind: str, body: str, *, pid: int = 9, uid: int = 0, auid: int = 7, ses: int = 3) -> Trail:
        n = len(self.lines)
        self.lines.append(
            f"type={kind} msg=audit({1000 + n}.000:{5000 + n}): pid={pid} uid={uid} auid={auid} ses={ses} msg='{body}'"
        )
        return self

    def login(self, *, auid: int = 7, ses: int = 3, pid: int = 9) -> Trail:
        n = len(self.lines)
        self.lines.append(
            f"type=LOGIN msg=audit({1000 + n}.000:{5000 + n}): pid={pid} uid=0 old-auid={UNSET} auid={auid} tty=(none) "
            f"old-ses={UNSET} ses={ses} res=1"
        )
        return self

    def parsed(self) -> Parsed:
        return parse(("\n".join(self.lines) + "\n").encode(), Knowledge(host_names={0: "root", 7: "ann", 8: "bo"}))


def _by(program: str, op: str = "PAM:session_open", acct: str = "ann", result: str = "success") -> str:
    return f'op={op} acct="{acct}" exe="/usr/sbin/{program}" hostname=h addr=10.0.0.5 terminal=/dev/pts/1 res={result}'


def _ends(trail: Trail) -> list[tuple[float | None, str | None]]:
    return [(s.ended, s.end_reason) for s in trail.parsed().sessions]


def test_the_login_program_ends_a_session_and_a_switcher_does_not() -> None:
    trail = Trail().login()("USER_START", _by("sshd"))("USER_END", _by("sudo", "PAM:session_close"))
    assert _ends(trail) == [(None, None)]
    assert _ends(trail("USER_END", _by("sshd", "PAM:session_close"))) == [(1003.0, "closed")]
    assert _ends(trail("USER_LOGOUT", _by("sshd", "login"))) == [(1004.0, "logout")]
    assert _ends(trail("USER_START", _by("sshd"))) == [(None, None)], "opened once more by the same login"


def test_a_boot_and_a_number_given_again_end_what_was_open() -> None:
    trail = Trail().login()("USER_START", _by("sshd")).login(auid=8)
    assert _ends(trail) == [(1002.0, "unknown"), (None, None)]
    trail = Trail().login()
    trail.lines.append("type=DAEMON_START msg=audit(2000.000:1): op=start res=success")
    trail.lines.append(f"type=LOGIN msg=audit(2001.000:2): pid=4 uid=0 auid=8 tty=(none) ses=1 old-ses={UNSET} res=1")
    assert [(s.session_id, s.end_reason) for s in trail.parsed().sessions] == [(3, "boot"), (1, None)]


@pytest.mark.parametrize(("kind", "expected"), [("auth-key", "SHA256:aa:bb"), ("server", None), ("session", None)])
def test_the_key_of_the_user_and_not_that_of_the_host(kind: str, expected: str | None) -> None:
    key = f'op=negotiate kind={kind} fp=SHA256:aa:bb direction=? exe="/usr/sbin/sshd" res=success'
    trail = Trail()("CRYPTO_KEY_USER", key, auid=UNSET, ses=UNSET)(
        "USER_ACCT", _by("sshd"), auid=UNSET, ses=UNSET
    ).login()
    (session,) = trail.parsed().sessions
    assert session == Session("audit", 3, 7, "ann", "10.0.0.5", None, 1002.0, "host", "sshd", expected)


def _sudo(command: str = '"cat /x"') -> str:
    return f'cwd="/d" cmd={command} exe="/usr/bin/sudo" terminal=pts/1 res=success'


def test_sudo_is_one_switch_with_command_and_target() -> None:
    trail = Trail()("USER_CMD", _sudo(), uid=7)("CRED_REFR", _by("sudo", acct="bo"), uid=7)(
        "USER_START", _by("sudo", acct="bo"), uid=7
    )
    first, last = trail.parsed().switches
    expected = Switch("audit", "host", 3, 7, 9, 1000.0, "sudo", "ann", "bo", "cat /x", "pts/1", "success")
    assert (first.to_user, last) == (None, expected)
    assert (first.source, first.ts, first.pid, first.program) == (last.source, last.ts, last.pid, last.program)


def test_su_has_no_command_and_a_refusal_is_a_switch_too() -> None:
    refused = _by("su", "PAM:authentication", "root", "failed")
    trail = Trail()("USER_AUTH", refused, uid=7)("USER_AUTH", _by("su", acct="root"), uid=7)(
        "USER_START", _by("su", acct="root"), uid=7
    )
    shown = [(s.program, s.from_user, s.to_user, s.command, s.outcome) for s in trail.parsed().switches]
    assert shown == [("su", "ann", "root", None, "failure"), ("su", "ann", "root", None, "success")]


def test_a_command_of_long_ago_or_of_another_program_is_not_the_start_s() -> None:
    trail = Trail()("USER_CMD", _sudo(), uid=7)
    for _ in range(61):
        trail("USER_ACCT", _by("sshd"), pid=77)
    trail("USER_START", _by("sudo", acct="bo"), uid=7)
    assert [(s.ts, s.command, s.to_user) for s in trail.parsed().switches] == [
        (1000.0, "cat /x", None),
        (1062.0, None, "bo"),
    ]
    trail = Trail()("USER_CMD", _sudo(), uid=7)("USER_START", _by("su", acct="bo"), uid=7)
    assert [(s.program, s.command, s.to_user) for s in trail.parsed().switches] == [
        ("sudo", "cat /x", None),
        ("su", None, "bo"),
    ]


def test_what_no_login_stands_behind_stays_nobody_s() -> None:
    (switch, _) = (
        Trail()("USER_CMD", _sudo(), auid=UNSET, ses=UNSET)("USER_START", _by("sudo"), auid=UNSET, ses=UNSET)
        .parsed()
        .switches
    )
    assert (switch.session_id, switch.auid, switch.from_user) == (None, None, "root")


def test_login_programs_are_no_switchers() -> None:
    assert Trail()("USER_START", _by("sshd"))("USER_CMD", _by("crond")).parsed().switches == ()
