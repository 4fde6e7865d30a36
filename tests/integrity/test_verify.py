from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from seqwatch_tui.integrity.control import Control
from seqwatch_tui.integrity.crew import Manner
from seqwatch_tui.integrity.interface import Totals
from seqwatch_tui.integrity.rows import file_rows, from_row, verification_row
from seqwatch_tui.store.site_tables import FILES, VERIFICATIONS
from tests.integrity.site import NOW, verdicts

DAY = 86400.0


def listing(root) -> set[bytes]:
    """All names but folders, as find(1) would count them."""
    paths = root.rglob("*")
    return {os.fsencode(p.relative_to(root)) for p in paths if p.is_symlink() or not p.is_dir()}


def test_a_run_tells_of_the_manifest_itself(site):
    site.add("a")
    said = {f.kind: (f.dataset, f.state, f.checked) for f in site.run().findings}
    assert said == {"INT-03": ("d", "pass", site.now), "INT-05": ("d", "pass", site.now)}
    site.list(b"../outside")
    assert {f.kind: f.state for f in site.run().findings} == {"INT-03": "pass", "INT-05": "warn"}
    (site.root / "SHA256SUMS").unlink()
    assert {f.kind: f.state for f in site.run().findings} == {"INT-03": "unknown", "INT-05": "unknown"}
    (site.root / "SHA256SUMS").write_bytes(b"# nothing\n")
    assert {f.kind: f.state for f in site.run().findings} == {"INT-03": "unknown", "INT-05": "unknown"}


def test_what_lies_in_another_dataset_within_is_not_extra(site):
    site.add("a")
    site.add("inner/listed")
    site.add("inner/theirs", listed=False)
    site.add("inner2/x", listed=False)
    assert verdicts(site.run()) == {"a": "ok", "inner/listed": "ok", "inner/theirs": "extra", "inner2/x": "extra"}
    result = site.run(apart=[Path("inner")])
    assert verdicts(result) == {"a": "ok", "inner/listed": "ok", "inner2/x": "extra"}
    assert [known.check.path for known in result.gone] == ["inner/theirs"]


def test_each_file_gets_the_verdict_it_deserves(site):
    site.add("same.bam", b"x" * 3_000_000)
    site.add("run/changed.vcf").write_bytes(b"ACGA")
    site.add("gone.fastq").unlink()
    site.add("new.txt", listed=False)
    result = site.run()
    assert verdicts(result) == {
        "same.bam": "ok", "run/changed.vcf": "changed", "gone.fastq": "missing", "new.txt": "extra",
    }  # fmt: skip
    assert (result.state, result.mode, result.manifest) == ("done", "full", "SHA256SUMS")
    assert result.bytes == 3_000_004
    changed = next(c for c in result.checks if c.verdict == "changed")
    assert changed.actual == hashlib.sha256(b"ACGA").hexdigest()
    assert changed.expected == hashlib.sha256(b"ACGT").hexdigest()
    assert "line 2 of the manifest" in changed.detail
    assert changed.checked == NOW


def test_verdicts_add_up_to_the_listing_and_the_manifest(site):
    for name in (
        b"a",
        b"d/b",
        b"-rf",
        b"new\nline",
        b"bad\xff\xfe",
        b"back\\slash",
        b"tail\r",
        "bidi\u202e[red]".encode(),
    ):
        site.add(name)
    site.add("extra", listed=False)
    site.list(b"missing")
    os.mkfifo(site.root / "fifo")
    (site.root / "link").symlink_to("a")
    (site.root / "d" / "dirlink").symlink_to("..")
    (site.root / "empty").mkdir()
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(os.fspath(site.root / "sock"))
    result = site.run()
    names = listing(site.root) - {b"SHA256SUMS"} | {b"missing"}
    assert len(result.files) == result.totals.files == len(names) == 14
    assert result.totals == Totals(ok=8, missing=1, extra=1, unreadable=4)
    assert len({check.path for check in result.checks}) == 14
    details = {check.path: check.detail for check in result.checks}
    assert details["fifo"] == "not a regular file but a FIFO"
    assert details["d/dirlink"] == "not a regular file but a symbolic link"


def test_a_manifest_written_by_sha256sum_verifies(site):
    tool = shutil.which("sha256sum")
    if tool is None:
        pytest.skip("sha256sum is not installed")
    names = [b"a b.bam", b"new\nline", b"back\\slash", b"bad\xff", b"*star", b" space"]
    for name in names:
        site.add(name, name, listed=False)
    out = subprocess.run([tool, "--", *names], cwd=site.root, capture_output=True, check=True).stdout
    (site.root / "SHA256SUMS").write_bytes(out)
    assert site.run().totals == Totals(ok=6)
    out = subprocess.run([tool, "--tag", "--", *names], cwd=site.root, capture_output=True, check=True).stdout
    (site.root / "SHA256SUMS").write_bytes(out)
    assert site.run().totals == Totals(ok=6)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
def test_every_algorithm_by_its_length(site, algorithm):
    site.add("a", b"ACGT" * 1000, listed=False)
    site.list(b"a", hashlib.new(algorithm, b"ACGT" * 1000).hexdigest())
    assert site.run().totals == Totals(ok=1)
    site.add("a", b"ACGA" * 1000, listed=False)
    assert site.run().totals == Totals(changed=1)


def test_a_link_in_place_of_a_listed_file_is_not_followed(site, tmp_path):
    site.add("a").unlink()
    (tmp_path / "outside").write_bytes(b"ACGT")
    (site.root / "a").symlink_to(tmp_path / "outside")
    site.add("d/b")
    shutil.move(site.root / "d", tmp_path / "moved")
    (site.root / "d").symlink_to(tmp_path / "moved")
    result = site.run()
    assert verdicts(result) == {"a": "unreadable", "d": "unreadable", "d/b": "unreadable"}
    assert "below d: not a regular file but a symbolic link" in {check.detail for check in result.checks}


def test_a_folder_in_place_of_a_listed_file_is_missing_and_what_is_in_it_is_extra(site):
    site.add("a").unlink()
    site.add("a/b", listed=False)
    assert verdicts(site.run()) == {"a": "missing", "a/b": "extra"}


def test_signatures_of_the_manifest_are_not_extra(site):
    site.add("a")
    (site.root / "SHA256SUMS.asc").write_text("sig")
    (site.root / "other.asc").write_text("not ours")
    assert verdicts(site.run()) == {"a": "ok", "other.asc": "extra"}


def test_without_a_manifest_nothing_is_judged(site):
    site.add("a", listed=False)
    result = site.run(manifest=None)
    assert verdicts(result) == {"a": "not checked"}
    assert "no manifest was found" in result.problems[0]


def test_a_missing_manifest_is_a_verdict_and_keeps_earlier_ones(site):
    site.add("a")
    site.run()
    (site.root / "SHA256SUMS").unlink()
    result = site.run()
    assert verdicts(result) == {"SHA256SUMS": "missing", "a": "not checked"}
    assert result.kept == {"a"}
    assert site.known["a"].check.verdict == "ok"


def test_a_missing_folder_is_said_and_keeps_earlier_verdicts(site):
    site.add("a")
    site.run()
    shutil.rmtree(site.root)
    result = site.run()
    assert (result.state, verdicts(result)) == ("failed", {".": "missing"})
    assert "cannot be opened" in result.problems[0]
    assert [row["path"] for row in file_rows(result)] == ["."]
    site.root.mkdir()
    site.add("a")
    back = site.run()
    assert [known.check.path for known in back.gone] == ["."]
    assert not site.known["."].current


def test_quick_reads_only_what_moved_and_keeps_the_age(site):
    site.add("still")
    moved = site.add("moved")
    site.run()
    site.now += 3 * DAY
    os.utime(moved, (1, 1))
    result = site.run(quick=True)
    checks = {check.path: check for check in result.checks}
    assert result.bytes == 4
    assert (checks["still"].verdict, checks["still"].checked) == ("ok", NOW)
    assert "not read this time" in checks["still"].detail
    assert "2026-09-21" in checks["still"].detail
    assert (checks["moved"].verdict, checks["moved"].checked) == ("ok", site.now)


def test_quick_reads_again_what_was_not_right_or_is_listed_anew(site):
    site.add("bad").write_bytes(b"ACGA")
    site.add("a")
    site.run()
    (site.root / "SHA256SUMS").write_text("")
    site.list(b"a", "1" * 64)
    site.list(b"bad", hashlib.sha256(b"ACGT").hexdigest())
    assert verdicts(site.run(quick=True)) == {"a": "changed", "bad": "changed"}


def test_quick_sees_content_put_back_under_the_old_mtime(site):
    path = site.add("a")
    facts = path.stat()
    site.run()
    path.write_bytes(b"ACGA")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert path.stat().st_mtime_ns == facts.st_mtime_ns
    assert verdicts(site.run(quick=True)) == {"a": "changed"}


def test_what_is_neither_there_nor_listed_any_more_becomes_history(site):
    site.add("a")
    extra = site.add("extra", listed=False)
    site.run()
    extra.unlink()
    result = site.run()
    (row,) = [r for r in file_rows(result) if r["path"] == "extra"]
    assert (row["current"], row["verdict"]) == (False, "extra")
    assert site.run().gone == ()


class Storage:
    """Stands before preadv(2): reads wait until `opened`, `asked` counts those that came."""

    def __init__(self) -> None:
        self.asked, self.opened, self.read = threading.Semaphore(0), threading.Event(), os.preadv

    def preadv(self, *args):
        self.asked.release()
        self.opened.wait(10)
        return self.read(*args)


@pytest.fixture
def stuck_storage(monkeypatch):
    storage = Storage()
    monkeypatch.setattr("seqwatch_tui.integrity.hashing.os.preadv", storage.preadv)
    yield storage
    storage.opened.set()


def start(verification):
    box: list = []
    thread = threading.Thread(target=lambda: box.append(verification.run()))
    thread.start()
    return thread, box


def big(site, name: str, size: int):
    path = site.add(name, b"", listed=False)
    os.truncate(path, size)
    site.list(name.encode())
    return path


def test_a_4_tib_sparse_file_is_cancelled_at_once(site):
    big(site, "huge", 4 << 40)
    site.add("small")
    verification = site.verification()
    seen = threading.Event()
    box: list = []
    thread = threading.Thread(
        target=lambda: box.append(verification.run(lambda p: p.done_bytes > 1 << 20 and seen.set()))
    )
    thread.start()
    assert seen.wait(10)
    verification.cancel()
    thread.join(1.0)
    assert not thread.is_alive()
    (result,) = box
    assert result.state == "cancelled"
    assert verdicts(result) == {"huge": "not checked", "small": "ok"}
    assert result.totals.files == 2
    progress = verification.progress()
    assert (progress.state, progress.total_bytes) == ("cancelled", (4 << 40) + 4)


def test_a_cancelled_run_leaves_earlier_verdicts_alone(site):
    path = big(site, "huge", 1 << 20)
    site.run()
    assert site.known["huge"].check.verdict == "changed"
    os.truncate(path, 4 << 40)
    verification = site.verification()
    thread, box = start(verification)
    verification.cancel()
    thread.join(1.5)
    (result,) = box
    assert result.kept == {"huge"}
    assert file_rows(result) == []


def test_pause_holds_and_resume_goes_on(site):
    for i in range(4):
        site.add(f"f{i}", bytes(5 << 20))
    verification = site.verification()
    verification.pause()
    thread, box = start(verification)
    while verification.progress().state != "paused":
        thread.join(0.01)
    thread.join(0.4)
    before = verification.progress()
    assert thread.is_alive()
    assert before.done_bytes <= 2 << 20
    assert before.rate == 0.0
    verification.resume()
    thread.join(10)
    assert box[0].totals == Totals(ok=4)
    after = verification.progress()
    assert (after.state, after.done_files, after.done_bytes) == ("done", 4, 20 << 20)


def test_a_paused_run_can_be_cancelled(site):
    site.add("a", bytes(4 << 20))
    verification = site.verification()
    verification.pause()
    thread, box = start(verification)
    verification.cancel()
    thread.join(1.5)
    assert box[0].state in ("cancelled", "done")


def test_a_read_that_does_not_answer_is_given_up_and_named(site, stuck_storage):
    site.add("a")
    site.add("b")
    verification = site.verification(stall_after=120.0)
    thread, box = start(verification)
    assert all(stuck_storage.asked.acquire(timeout=10) for _ in "ab")
    site.now += 121
    assert verification.progress().stalled == ("a", "b")
    thread.join(10)
    (result,) = box
    assert (result.state, result.totals) == ("done", Totals(unreadable=2))
    assert all("gave no byte for 120 s" in check.detail for check in result.checks)
    assert len([p for p in result.problems if "look at the storage" in p]) == 2


def test_too_many_stuck_reads_stop_the_run(site, stuck_storage):
    for i in range(9):
        site.add(f"f{i}")
    verification = site.verification(stall_after=-1.0)
    thread, box = start(verification)
    thread.join(10)
    (result,) = box
    assert result.state == "failed"
    assert result.totals.files == 9
    assert "too many files do not answer" in result.problems[-1]


def test_cancel_does_not_wait_for_a_read_that_does_not_answer(site, stuck_storage):
    site.add("a")
    verification = site.verification()
    thread, box = start(verification)
    assert stuck_storage.asked.acquire(timeout=10)
    verification.cancel()
    thread.join(1.0)
    assert not thread.is_alive()
    assert (box[0].state, verdicts(box[0])) == ("cancelled", {"a": "not checked"})


def test_progress_tells_rate_and_time_left():
    now = [100.0]
    control = Control(lambda: now[0], 60.0)
    control.plan(["a", "b"], 300)
    tracker = control.tracker()
    tracker.begin(0, 200)
    tracker.step(100)
    now[0] += 10
    progress = control.progress()
    assert (progress.done_bytes, progress.rate, progress.eta, progress.current) == (100, 10.0, 20.0, "a")
    now[0] += 51
    assert control.progress().stalled == ("a",)
    assert tracker.end()
    progress = control.progress()
    assert (progress.done_files, progress.done_bytes, progress.stalled) == (1, 200, ())


def test_reading_can_be_idle_and_leave_no_cache(site):
    if not hasattr(psutil.Process(), "ionice"):
        pytest.skip("no I/O classes here")
    site.add("a", bytes(1 << 20))
    result = site.run(manner=Manner(workers=1, idle=True, drop_cache=True))
    assert (result.totals, result.problems) == (Totals(ok=1), ())


def test_rows_have_their_columns_and_come_back(site):
    site.add("a")
    site.add("b", listed=False)
    site.list(b"c")
    result = site.run()
    rows = file_rows(result)
    assert all(set(row) == {field.name for field in FILES.fields} for row in rows)
    assert [from_row(row) for row in rows] == list(result.files)
    row = verification_row(result, "v3", "lead")
    assert set(row) == {field.name for field in VERIFICATIONS.fields}
    assert (row["ok"], row["extra"], row["missing"], row["state"], row["kind"]) == (1, 1, 1, "done", "full")


def test_inode_numbers_fit_a_signed_column(site):
    site.add("a")
    known = site.run().files[0]
    assert known.stamp is not None
    facts = (site.root / "a").stat()
    fields = list(facts)
    fields[1] = (1 << 64) - 1
    assert type(known.stamp).of(os.stat_result(fields, {"st_mtime_ns": 1, "st_ctime_ns": 1})).inode == -1
    assert replace(known.stamp, inode=1) != known.stamp
