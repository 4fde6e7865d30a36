from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from seqwatch_tui.response.carry import carry_out
from seqwatch_tui.response.inode import opened
from seqwatch_tui.response.probe import Asked, Seen, attempt, judge

from .stage import NOBODY, Desk, as_root

OPEN, SHUT = Seen("as x", "", 3, 0), Seen("as x", "", 0, 3)


@pytest.mark.parametrize(
    ("verb", "before", "after", "proved"),
    [
        ("quarantine", OPEN, SHUT, "yes"),
        ("quarantine", OPEN, OPEN, "no"),
        ("quarantine", SHUT, SHUT, "yes"),
        ("quarantine", OPEN, Seen("as x", "", 1, 2), "no"),
        ("quarantine", OPEN, Seen("as x", "an owner can give himself the rights back", 0, 3), "unknown"),
        ("quarantine", OPEN, Seen("as x", "", 0, 0), "unknown"),
        ("quarantine", OPEN, Seen("as x", "", 0, 0, "no python"), "unknown"),
        ("release", OPEN, OPEN, "yes"),
        ("release", SHUT, SHUT, "yes"),
        ("release", OPEN, SHUT, "no"),
        ("release", OPEN, Seen("as x", "not him", 3, 0), "unknown"),
    ],
)
def test_what_attempts_prove(verb: str, before: Seen, after: Seen, proved: str) -> None:
    text, word = judge(verb, before, after)  # type: ignore[arg-type]
    assert word == proved
    assert text.startswith("open as x: ")


@pytest.mark.root
@as_root
def test_a_quarantine_is_proved_on_the_offending_user_and_so_is_the_release(desk: Desk) -> None:
    (desk.root / "a.bam").chmod(0o644)
    made = desk.planned("quarantine")
    done = carry_out(made, desk.journal, desk.clock, attempt, offender=pwd.getpwuid(NOBODY).pw_name)
    assert done.proved == "yes"
    assert "as nobody (uid 65534): 5 of 5 refused" in done.probe
    given = desk.do("release", attempt)
    assert given.proved == "yes"
    assert "1 of 5 open, as before the quarantine" in given.probe


@pytest.mark.root
@as_root
def test_a_hole_is_told_as_such(desk: Desk) -> None:
    (desk.root / "a.bam").chmod(0o644)
    with opened(desk.root) as fd:
        before = attempt(Asked("nobody", 0), fd, [b"a.bam", b"deep/b.vcf"])
        assert (before.opened, before.refused, before.limit) == (1, 1, "")
    assert judge("quarantine", before, before)[1] == "no"


@pytest.mark.root
@as_root
@pytest.mark.parametrize(("user", "limit"), [("root", "root cannot be kept out"), ("no-such-user", "not an account")])
def test_who_cannot_be_tried_is_said(desk: Desk, user: str, limit: str) -> None:
    with opened(desk.root) as fd:
        seen = attempt(Asked(user, 0), fd, [b"a.bam"])
    assert limit in seen.limit


def test_as_ourselves_it_opens_what_we_may(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    (tmp_path / "link").symlink_to("f")
    tmp_path.chmod(0o755)
    (tmp_path / "f").chmod(0o644)
    with opened(tmp_path) as fd:
        seen = attempt(Asked(None, os.geteuid()), fd, [b"f", b"missing", b"link"])
    assert (seen.opened, seen.refused) == (1, 0)
    assert "No such file" in seen.failed
