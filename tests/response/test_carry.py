from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from seqwatch_tui.model.action import Plan
from seqwatch_tui.response.carry import carry_out, recover
from seqwatch_tui.response.inode import inspect, opened, set_flags
from seqwatch_tui.response.state import enforcement, is_quarantined

from .stage import NOBODY, Desk, as_root, in_child, snapshot, try_here

ROOT = os.geteuid() == 0


def lift(path: Path) -> None:
    """What an intruder with root would do: take the immutable flag away."""
    if ROOT:
        with opened(path) as fd:
            set_flags(fd, 0)


def test_everything_is_shut_and_everything_comes_back(desk: Desk) -> None:
    before = snapshot(desk.root)
    done = desk.do("quarantine")
    assert (done.state, [step.state for step in done.steps]) == ("done", ["done"] * 3)
    assert is_quarantined(desk.journal) == {"d1"}
    if ROOT:
        shut = [state for state in snapshot(desk.root).values() if len(state) > 1]
        assert {state[0] for state in shut} == {0}
    given = desk.do("release")
    assert (given.state, [step.state for step in given.steps]) == ("done", ["done"] * 3)
    assert snapshot(desk.root) == before
    assert is_quarantined(desk.journal) == set()


@pytest.mark.root
def test_without_root_everything_is_shut_and_comes_back(poor_desk: Desk) -> None:
    before = snapshot(poor_desk.root)
    assert in_child(lambda: poor_desk.do("quarantine"), NOBODY).state == "done"
    shut = [state for state in snapshot(poor_desk.root).values() if len(state) > 1]
    assert {state[0] for state in shut} == {0}
    assert in_child(lambda: os.access(poor_desk.root / "a.bam", os.R_OK), NOBODY) is False
    poor_desk.now += 100
    given = in_child(lambda: poor_desk.do("release"), NOBODY)
    assert given.state == "done", given
    assert snapshot(poor_desk.root) == before


@pytest.mark.root
def test_without_root_what_belongs_to_others_is_left_and_told(poor_desk: Desk) -> None:
    os.chown(poor_desk.root / "a.bam", 0, 0)
    done = in_child(lambda: poor_desk.do("quarantine"), NOBODY)
    assert done.state == "partial"
    assert "a.bam: belongs to uid 0, so only root can shut it" in done.steps[1].detail
    assert poor_desk.root.stat().st_mode & 0o777 == 0
    assert is_quarantined(poor_desk.journal) == {"d1"}


def test_links_are_not_followed(desk: Desk) -> None:
    before = Path("/etc/passwd").stat()
    desk.do("quarantine")
    after = Path("/etc/passwd").stat()
    assert (before.st_mode, before.st_uid, before.st_ctime_ns) == (after.st_mode, after.st_uid, after.st_ctime_ns)


@pytest.mark.root
@as_root
def test_a_file_with_two_names_is_shut_and_given_back_once(desk: Desk) -> None:
    outside = desk.root.parent / "twin"
    os.link(desk.root / "a.bam", desk.root / "deep/same.bam")
    os.link(desk.root / "a.bam", outside)
    desk.do("quarantine")
    assert outside.stat().st_mode & 0o777 == 0
    assert desk.do("release").state == "done"
    assert outside.stat().st_mode & 0o777 == 0o640


def test_an_open_descriptor_reads_on_and_the_plan_says_so(desk: Desk) -> None:
    with (desk.root / "a.bam").open("rb") as held:
        desk.do("quarantine")
        assert held.read() == b"data"
    made = desk.plan("release")
    assert isinstance(made, Plan)


@pytest.mark.root
@as_root
def test_new_replaced_and_missing_files_are_told_and_left_at_release(desk: Desk) -> None:
    desk.do("quarantine")
    for path in (desk.root, desk.root / "deep", desk.root / "deep/b.vcf", desk.root / "a.bam"):
        lift(path)
    (desk.root / "new").write_bytes(b"")
    (desk.root / "new").chmod(0o604)
    (desk.root / "a.bam").unlink()
    (desk.root / "deep/b.vcf").unlink()
    (desk.root / "deep/b.vcf").write_bytes(b"forged")
    (desk.root / "deep/b.vcf").chmod(0o606)
    given = desk.do("release")
    assert given.state == "partial"
    told = given.steps[1].detail
    assert "new: is new since the quarantine; left as it is" in told
    assert "deep/b.vcf: was replaced since the quarantine; left as it is" in told
    assert "a.bam: is gone; nothing to give back to" in told
    assert (desk.root / "deep/b.vcf").stat().st_mode & 0o777 == 0o606
    assert is_quarantined(desk.journal) == set()


def test_a_file_made_between_the_intent_and_its_step_is_recorded_and_comes_back(desk: Desk) -> None:
    late = desk.root / "late"

    def probe_that_writes(*words: object) -> object:
        if not late.exists() and os.access(desk.root, os.W_OK):
            late.write_bytes(b"x")
            late.chmod(0o651)
        return try_here(*words)  # type: ignore[arg-type]

    # the survey of the intent is over when the probe runs: what it makes, only the walk sees
    desk.do("quarantine", probe_that_writes)
    assert any(entry.kind == "amend" for entry in desk.journal.entries())
    assert desk.do("release").state == "done"
    assert late.stat().st_mode & 0o7777 == 0o651


def test_a_plan_for_another_directory_is_not_carried_out(desk: Desk) -> None:
    made = desk.planned("quarantine")
    desk.root.rename(desk.root.parent / "away")
    desk.root.mkdir(mode=0o755)
    outcome = carry_out(made, desk.journal, desk.clock, try_here)
    assert (outcome.state, outcome.steps[0].state) == ("failed", "failed")
    assert "not the directory the plan was made for" in outcome.steps[0].detail
    assert desk.root.stat().st_mode & 0o777 == 0o755
    assert is_quarantined(desk.journal) == set()


def test_a_plan_that_was_changed_is_not_carried_out(desk: Desk) -> None:
    made = replace(desk.planned("quarantine"), reason="another")
    assert carry_out(made, desk.journal, desk.clock, try_here).state == "failed"


def test_a_plan_is_carried_out_once(desk: Desk) -> None:
    made = desk.planned("quarantine")
    assert carry_out(made, desk.journal, desk.clock, try_here).state == "done"
    again = carry_out(made, desk.journal, desk.clock, try_here)
    assert (again.state, again.steps[0].state) == ("failed", "failed")
    assert is_quarantined(desk.journal) == {"d1"}
    desk.do("release")
    late = carry_out(made, desk.journal, desk.clock, try_here)
    assert "carried out already" in late.steps[0].detail
    assert is_quarantined(desk.journal) == set()


def test_the_directory_gone_at_the_last_moment_is_a_failed_outcome(desk: Desk) -> None:
    made = desk.planned("quarantine")
    shutil.rmtree(desk.root)
    assert "No such file" in carry_out(made, desk.journal, desk.clock, try_here).steps[0].detail


def test_nothing_to_recover_is_nothing_done(desk: Desk) -> None:
    assert recover(desk.journal, desk.clock, try_here) == []
    assert not desk.journal.path.exists()


def test_in_force_is_looked_at_and_not_believed(desk: Desk) -> None:
    desk.do("quarantine")
    assert [e.state for e in enforcement(desk.journal, desk.now)] == ["enforced"]
    lift(desk.root)
    desk.root.chmod(0o755)
    (found,) = enforcement(desk.journal, desk.now)
    assert found.state == "not enforced"
    assert found.since == desk.root.stat().st_ctime
    assert "mode 0755" in found.detail
    desk.root.rename(desk.root.parent / "away")
    assert [e.state for e in enforcement(desk.journal, desk.now)] == ["unknown"]
    desk.root.mkdir()
    assert "another directory" in enforcement(desk.journal, desk.now)[0].detail


def test_a_broken_quarantine_is_renewed_and_still_gives_back_the_first_state(desk: Desk) -> None:
    before = snapshot(desk.root)
    desk.do("quarantine")
    lift(desk.root)
    desk.root.chmod(0o777)
    assert desk.do("quarantine").state == "done"
    assert [e.state for e in enforcement(desk.journal, desk.now)] == ["enforced"]
    assert desk.do("release").state == "done"
    assert snapshot(desk.root) == before


@pytest.mark.root
@as_root
def test_a_mount_inside_is_left_and_told(desk: Desk) -> None:
    inner = desk.root / "deep/mounted"
    inner.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=711", "tmpfs", str(inner)], check=True)
    try:
        made = desk.planned("quarantine")
        assert any("is a mount point" in line for line in made.blast_radius)
        done = carry_out(made, desk.journal, desk.clock, try_here)
        assert "deep/mounted: is a mount point" in done.steps[1].detail
        assert inner.stat().st_mode & 0o777 == 0o711
    finally:
        subprocess.run(["umount", str(inner)], check=True)


@pytest.mark.root
@as_root
def test_a_file_system_that_refuses_the_flag_is_shut_all_the_same_and_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(fd: int, guards: int) -> None:
        raise OSError(95, "Operation not supported")

    before = snapshot(desk.root)
    monkeypatch.setattr("seqwatch_tui.response.lock.set_flags", refuse)
    done = desk.do("quarantine")
    assert done.state == "done"
    assert "the file system refused the immutable flag (Operation not supported) on 7" in done.steps[1].detail
    assert desk.do("release").state == "done"
    assert snapshot(desk.root) == before


@pytest.mark.root
@as_root
def test_on_a_small_ext4_writes_through_old_descriptors_end(folder: Path) -> None:
    image, mount = folder / "image", folder / "data"
    mount.mkdir()
    image.write_bytes(b"")
    os.truncate(image, 8 << 20)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    if subprocess.run(["mount", "-o", "loop", str(image), str(mount)], check=False).returncode:
        pytest.skip("no loop device here")
    try:
        desk = Desk(folder)
        (mount / "f").write_bytes(b"x")
        with (mount / "f").open("r+b", buffering=0) as held:
            assert desk.do("quarantine").state == "done"
            with pytest.raises(PermissionError):
                held.write(b"y")
        assert desk.do("release").state == "done"
        assert (mount / "f").read_bytes() == b"x"
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def test_a_race_of_renames_and_links_never_leads_outside(folder: Path) -> None:
    desk = Desk(folder)
    victim = folder / "victim"
    victim.mkdir()
    (victim / "f").write_bytes(b"x")
    (desk.root / "sub").mkdir(parents=True)
    (desk.root / "sub" / "f").write_bytes(b"mine")
    stop, swaps = Event(), []

    def swap() -> None:
        away, sub = folder / "away", desk.root / "sub"
        moves = (lambda: sub.rename(away), lambda: sub.symlink_to(victim), sub.unlink, lambda: away.rename(sub))
        while not stop.is_set():
            for move in moves:
                with contextlib.suppress(OSError):
                    move()
                    swaps.append(1)

    racer = Thread(target=swap)
    before = snapshot(victim)
    racer.start()
    rounds, deadline = 0, time.monotonic() + 2
    try:
        while time.monotonic() < deadline:
            for verb in ("quarantine", "release"):
                made = desk.plan(verb)
                if isinstance(made, Plan):
                    carry_out(made, desk.journal, desk.clock, try_here)
            rounds += 1
            desk.journal.path.unlink(missing_ok=True)
            lift(desk.root)
            desk.root.chmod(0o755)
    finally:
        stop.set()
        racer.join()
    assert rounds > 5
    assert len(swaps) > 20
    assert snapshot(victim) == before


def test_what_the_walk_sees_is_what_inspect_says(desk: Desk) -> None:
    desk.do("quarantine")
    with opened(desk.root) as fd:
        assert inspect(fd).mode == 0
