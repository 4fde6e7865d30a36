from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from seqwatch_tui.model.action import Plan, Refused
from seqwatch_tui.response.holders import Holder, Holders
from seqwatch_tui.response.planning import Facts, plan

from .stage import NOBODY, NOW, Desk, as_root, in_child, snapshot


def refused(made: Plan | Refused) -> str:
    assert isinstance(made, Refused), made
    assert made.advice.endswith(".")
    return made.reason


@pytest.mark.parametrize(
    "path", ["/", "/etc", "/etc/ssh", "/home", "/usr/share", "/var", "/proc/1", "/var/log/audit", "//tmp"]
)
def test_the_system_is_refused(desk: Desk, path: str) -> None:
    assert "belongs to the system" in refused(desk.plan("quarantine", Path(path)))


def test_no_reason_is_refused(desk: Desk) -> None:
    assert refused(desk.plan("quarantine", reason=" \n")) == "No reason was given."


def test_an_unknown_root_is_refused(desk: Desk) -> None:
    assert "does not exist" in refused(desk.plan("quarantine", desk.root / "nowhere"))


def test_a_file_is_refused(desk: Desk) -> None:
    assert "is not a directory" in refused(desk.plan("quarantine", desk.root / "a.bam"))


def test_a_link_is_refused(desk: Desk) -> None:
    link = desk.root.parent / "link"
    link.symlink_to(desk.root)
    assert "symbolic link" in refused(desk.plan("quarantine", link))


def test_seqwatch_itself_is_refused(desk: Desk) -> None:
    (desk.root.parent / "state").mkdir()
    for path in (desk.root.parent, desk.root.parent / "state"):
        assert "seqwatch's own" in refused(desk.plan("quarantine", path))


def test_a_release_of_what_is_not_shut_is_refused(desk: Desk) -> None:
    assert refused(desk.plan("release")) == "d1 is not quarantined."


def test_a_second_quarantine_is_refused(desk: Desk) -> None:
    desk.do("quarantine")
    assert re.search(
        r"already quarantined, since 2026-\d\d-\d\d \d\d:\d\d:\d\d UTC\.", refused(desk.plan("quarantine"))
    )


def test_a_dataset_above_or_beneath_a_shut_one_is_refused(desk: Desk) -> None:
    outer = desk.root.parent / "outer"
    (outer / "inner" / "most").mkdir(parents=True)
    made = desk.plan("quarantine", outer / "inner", dataset="d2")
    assert isinstance(made, Plan)
    from seqwatch_tui.response.carry import carry_out

    from .stage import try_here

    carry_out(made, desk.journal, desk.clock, try_here)
    assert "overlaps with d2" in refused(desk.plan("quarantine", outer))
    if os.geteuid() == 0:
        assert "overlaps with d2" in refused(desk.plan("quarantine", outer / "inner" / "most"))


def test_a_damaged_journal_is_refused(desk: Desk) -> None:
    desk.do("quarantine")
    desk.journal.path.write_bytes(b"{}\n")
    assert "actions.jsonl:1" in refused(desk.plan("release"))


def test_another_directory_in_its_place_is_not_released(desk: Desk) -> None:
    desk.do("quarantine")
    if os.geteuid() == 0:
        subprocess.run(["chattr", "-i", str(desk.root)], check=True)
    desk.root.rename(desk.root.parent / "away")
    desk.root.mkdir()
    assert "not the directory that was quarantined" in refused(desk.plan("release"))


@pytest.mark.root
@as_root
def test_what_is_not_ours_is_refused(desk: Desk) -> None:
    assert "only root can shut it" in in_child(lambda: refused(desk.plan("quarantine")), NOBODY)


@pytest.mark.root
@as_root
def test_a_read_only_file_system_is_refused(folder: Path) -> None:
    mount = folder / "mount"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=755", "tmpfs", str(mount)], check=True)
    try:
        (mount / "data").mkdir()
        subprocess.run(["mount", "-o", "remount,ro", str(mount)], check=True)
        made = plan("quarantine", "d1", mount / "data", "why", "me", NOW, Facts(folder / "state"))
        assert "read-only file system" in refused(made)
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def test_planning_changes_nothing(desk: Desk) -> None:
    before = snapshot(desk.root)
    desk.planned("quarantine")
    assert snapshot(desk.root) == before
    assert not desk.journal.path.exists()


def test_the_plan_says_who_would_feel_it(desk: Desk) -> None:
    os.link(desk.root / "a.bam", desk.root.parent / "twin.bam")
    os.link(desk.root / "deep/b.vcf", desk.root / "deep/same.vcf")
    held = Holders(tuple(Holder(i, "mkeller", "rsync \x1b[31m", 3, False) for i in range(12)), 4)
    made = plan(
        "quarantine", "d1", desk.root, "why 'now'", "me", NOW, Facts(desk.facts.state_dir, holders=lambda _: held)
    )
    assert isinstance(made, Plan)
    text = "\n".join(made.blast_radius)
    assert "5 files (20 B) in 3 directories" in text
    assert "process 0 of mkeller" in text
    assert "and 4 more processes" in text
    assert "could not be looked into: 4" in text
    assert "1 file has names outside the dataset: a.bam" in text
    assert any("stay open" in warning for warning in made.warnings)
    assert made.command == "seqwatch quarantine d1 --reason 'why '\"'\"'now'\"'\"''"
    assert [step.number for step in made.steps] == [1, 2, 3]
    assert all(step.undo and step.state == "planned" for step in made.steps)


def test_the_same_request_gives_the_same_plan_and_another_directory_another_id(desk: Desk) -> None:
    def made() -> Plan:
        desk.now = NOW
        return desk.planned("quarantine")

    first = made()
    assert made() == first
    desk.root.rename(desk.root.parent / "away")
    desk.root.mkdir()
    assert made().plan_id != first.plan_id
