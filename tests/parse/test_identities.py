"""Names and addresses: from the trail as of the event, first; never a guess."""

from __future__ import annotations

import pytest

from seqwatch_tui.model.evidence import Session
from seqwatch_tui.parse.identities import Identities, address_value
from seqwatch_tui.parse.interface import Knowledge
from tests.parse.feeding import parse, rows


def user(
    kind: str, serial: int, *, auid: int, ses: int, acct: str, addr: str, pid: int = 9, exe: str = "/usr/sbin/sshd",
    res: str = "success", names: str = "",
) -> bytes:  # fmt: skip
    text = (
        f'type={kind} msg=audit(1000.000:{serial}): pid={pid} uid=0 auid={auid} ses={ses} msg=\'op=x acct="{acct}" '
        f'exe="{exe}" hostname=? addr={addr} terminal=ssh res={res}\'{names}\n'
    )
    return text.encode()


def login(serial: int, *, auid: int, ses: int, pid: int = 9) -> bytes:
    text = f"type=LOGIN msg=audit(1000.000:{serial}): pid={pid} uid=0 old-auid=4294967295 auid={auid} ses={ses} res=1\n"
    return text.encode()


def act(serial: int, *, auid: int, ses: int) -> bytes:
    """A user-space record without an address of its own."""
    text = f"type=USER_TTY msg=audit(1000.000:{serial}): pid=77 uid={auid} auid={auid} ses={ses} data=6C73\n"
    return text.encode()


NOBODY = 4294967295


def last(log: bytes, knowledge: Knowledge | None = None) -> tuple[str | None, str | None]:
    found = rows(parse(log, knowledge))[-1]
    return found.get("user_name"), found.get("src_ip")


def test_raw_login_is_joined_by_its_process_before_any_session_record() -> None:
    before = user("USER_ACCT", 1, auid=NOBODY, ses=NOBODY, acct="ann", addr="10.0.0.5")
    log = before + login(2, auid=7, ses=3) + act(3, auid=7, ses=3)
    assert last(log) == ("ann", "10.0.0.5")


def test_session_record_gives_name_and_address_when_the_login_was_not_seen() -> None:
    log = user("USER_START", 1, auid=7, ses=3, acct="ann", addr="10.0.0.5") + act(2, auid=7, ses=3)
    assert last(log) == ("ann", "10.0.0.5")


def test_sudo_and_su_teach_no_names() -> None:
    log = user("USER_START", 1, auid=7, ses=3, acct="root", addr="?", exe="/usr/bin/sudo") + act(2, auid=7, ses=3)
    assert last(log) == (None, None)
    log = user("USER_AUTH", 1, auid=NOBODY, ses=NOBODY, acct="root", addr="?", exe="/usr/bin/su") + login(
        2, auid=7, ses=3
    )
    assert last(log + act(3, auid=7, ses=3)) == (None, None)


def test_failed_logins_teach_nothing() -> None:
    failed = user("USER_LOGIN", 1, auid=NOBODY, ses=NOBODY, acct="eve", addr="10.6.6.6", res="failed")
    log = failed + login(2, auid=7, ses=3) + act(3, auid=7, ses=3)
    assert last(log) == (None, None)
    (first, *_) = rows(parse(log))
    assert (first["action"], first["src_ip"]) == ("login_failed", "10.6.6.6")


def test_trail_comes_before_the_host_and_the_host_before_nothing() -> None:
    known = Knowledge(host_names={7: "renamed", 8: "bob"})
    log = user("USER_START", 1, auid=7, ses=3, acct="ann", addr="10.0.0.5")
    assert last(log + act(2, auid=7, ses=3), known) == ("ann", "10.0.0.5")
    assert last(act(9, auid=8, ses=4), known) == ("bob", None)
    assert last(act(9, auid=99, ses=4), known) == (None, None)


def test_enriched_name_is_the_one_of_the_moment() -> None:
    log = user("USER_START", 1, auid=7, ses=3, acct="x", addr="?", names='\x1dUID="root" AUID="ann"')
    (row,) = rows(parse(log, Knowledge(host_names={7: "renamed", 0: "admin"})))
    assert (row["user_name"], row["uid_name"]) == ("ann", "root")


def test_unknown_and_unset_of_enriched_logs_are_no_names() -> None:
    log = user("USER_START", 1, auid=7, ses=3, acct="?", addr="?", names='\x1dUID="unknown(0)" AUID="unknown(7)"')
    assert last(log) == (None, None)


def test_first_address_of_a_session_stays() -> None:
    log = b"".join([
        user("USER_START", 1, auid=7, ses=3, acct="ann", addr="10.0.0.5"),
        user("USER_START", 2, auid=7, ses=3, acct="ann", addr="10.9.9.9"),
        act(3, auid=7, ses=3),
    ])  # fmt: skip
    assert last(log) == ("ann", "10.0.0.5")


def test_session_number_reused_by_another_login_is_another_session() -> None:
    log = b"".join([
        user("USER_START", 1, auid=7, ses=3, acct="ann", addr="10.0.0.5"),
        login(2, auid=8, ses=3, pid=10),
        act(3, auid=8, ses=3),
    ])  # fmt: skip
    assert last(log) == (None, None)


def test_sessions_end_with_the_boot() -> None:
    start = user("USER_START", 900_000, auid=7, ses=3, acct="ann", addr="10.0.0.5")
    assert last(start + act(5, auid=7, ses=3)) == ("ann", None)


def test_sessions_come_out_once_and_are_restored() -> None:
    knowledge = Knowledge()
    log = login(1, auid=7, ses=3) + user("USER_LOGIN", 2, auid=7, ses=3, acct="ann", addr="10.0.0.5")
    parsed = parse(log, knowledge)
    assert parsed.sessions == (Session("audit", 3, 7, "ann", "10.0.0.5", None, 1000.0, "host", "sshd"),)
    assert last(act(3, auid=7, ses=3), Knowledge(sessions=dict(knowledge.sessions), names={7: "ann"})) == (
        "ann",
        "10.0.0.5",
    )


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.1", "10.0.0.1"), ("::ffff:10.0.0.1", "10.0.0.1"), ("2001:DB8::1", "2001:db8::1"), ("UNKNOWN", None),
        ("?", None), ("lab-ws-4", None), ("", None), (None, None), ("10.0.0.256", None),
    ],
)  # fmt: skip
def test_addresses(text: str | None, address: str | None) -> None:
    assert address_value(text) == address


def test_logins_under_way_are_bounded() -> None:
    knowledge = Knowledge()
    known = Identities("audit", knowledge)
    for pid in range(5000):
        fields = {"pid": b"%d" % pid, "acct": b'"u%d"' % pid, "exe": b'"/usr/sbin/sshd"', "res": b"success"}
        known.learn("USER_ACCT", fields, {}, 1.0)
    for pid in (10, 4999):
        fields = {"pid": b"%d" % pid, "auid": b"%d" % pid, "ses": b"%d" % pid, "res": b"1"}
        known.learn("LOGIN", fields, {}, 2.0)
    assert knowledge.names == {4999: "u4999"}
