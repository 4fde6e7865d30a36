"""Numbers that fit no column become null, and nothing raises."""

from __future__ import annotations

import pytest

from seqwatch_tui.parse.auditd import AuditdParser

_LINE = (
    b"type=SYSCALL msg=audit(1790000000.000:7): arch=c000003e syscall=257 success=yes exit=%s a0=ffffff9c a1=0 a2=0 a3=0 items=%s "
    b"ppid=%s pid=%s auid=1000 uid=1000 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=1 "
    b'comm="cat" exe="/bin/cat" key=(null)\n'
    b"type=PROCTITLE msg=audit(1790000000.000:7): proctitle=636174\n"
)
_HUGE = b"9" * 30


@pytest.mark.parametrize("place", range(4))
def test_a_number_of_thirty_digits(place: int) -> None:
    parser = AuditdParser("audit", "host")
    parser.feed(_LINE % tuple(_HUGE if place == n else b"1" for n in range(4)), 0)
    row = parser.take(final=True).events.to_pylist()[0]
    assert row["ppid"] == (None if place == 2 else 1)
    assert row["pid"] == (None if place == 3 else 1)
