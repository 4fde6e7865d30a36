"""The real kernel, real programs: who did what to which file, and what is said when something was missed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sensor.host import NEEDS_ROOT, QUEUE, Line, own_filesystem, run, watching

pytestmark = [pytest.mark.root, NEEDS_ROOT]


@pytest.fixture
def data() -> Iterator[Path]:
    with own_filesystem() as folder:
        yield folder


def by(event: Line, program: str) -> Line:
    """The event, once it is made sure that it names the program, or says that it had gone."""
    assert event.get("exe") == f"/usr/bin/{program}" or "gone" in event.get("warnings", "").split(";"), event
    return event


def test_programs_are_seen_with_what_they_did_and_who_they_are(data: Path) -> None:
    (data / "reads.bam").write_bytes(os.urandom(300_000))
    with watching(data) as sensor:
        run(
            "cat reads.bam; cp reads.bam copy.bam; mv copy.bam moved.bam; chmod 600 moved.bam; rm moved.bam; mkdir sub; ls",
            data,
        )
        read = by(sensor.event("read", data / "reads.bam"), "cat")
        assert read["counts"]["read"] >= 1
        assert read["bytes"] >= 300_000 or read["warnings"].startswith("bytes-est")
        assert "gone" in read.get("warnings", "") or read["parents"][0] == [read["ppid"], "/usr/bin/bash"]
        by(sensor.event("create", data / "copy.bam"), "cp")
        by(sensor.event("rename", data / "moved.bam", old_path=str(data / "copy.bam")), "mv")
        either = (str(data / "copy.bam"), str(data / "moved.bam"))
        by(sensor.wait(lambda e: e.get("action") == "write" and e["path"] in either), "cp")
        by(sensor.event("setattr", data / "moved.bam"), "chmod")
        by(sensor.event("delete", data / "moved.bam"), "rm")
        sensor.event("create", data / "sub", directory=True)
        by(sensor.event("open", data, directory=True), "ls")
        numbers = [line["n"] for line in sensor.lines]
        assert numbers == list(range(len(numbers)))


def test_a_memory_map_is_an_open_and_a_close_and_says_so(data: Path) -> None:
    (data / "reads.bam").write_bytes(bytes(100_000))
    program = "import mmap,os; f=os.open('reads.bam',os.O_RDONLY); m=mmap.mmap(f,0,prot=mmap.PROT_READ); m[0:90000]"
    with watching(data) as sensor:
        subprocess.run([sys.executable, "-c", program], cwd=data, check=True)
        seen = sensor.event("read", data / "reads.bam")
        assert seen["warnings"] == "no-read-seen"
        assert "bytes" not in seen
        assert seen["command"].endswith(program)


def test_executions_in_a_dataset_are_reported(data: Path) -> None:
    tool = data / "tool.sh"
    tool.write_text("#!/bin/sh\nexit 0\n")
    tool.chmod(0o755)
    with watching(data) as sensor:
        subprocess.run([str(tool)], check=True)
        assert sensor.event("execute", tool)["counts"]["execute"] == 1


@pytest.mark.parametrize(
    "name",
    ["two\nlines", 'quo"te\\', "\x1b]0;x\x07", "bidi\u202etxt", "-rf", "{}", "\U0001f9ec" * 60, "x" * 255],
    ids=lambda name: ascii(name)[1:12],
)
def test_hostile_names_are_names(data: Path, name: str) -> None:
    with watching(data) as sensor:
        (data / name).write_bytes(b"x")
        (data / name).read_bytes()
        sensor.event("create", data / name)
        sensor.event("write", data / name)


def test_a_name_that_is_no_text_is_written_out(data: Path) -> None:
    with watching(data) as sensor:
        os.close(os.open(os.fsencode(data) + b"/\xff\xfe.bam", os.O_CREAT | os.O_WRONLY))
        sensor.event("create", str(data) + "/\\xff\\xfe.bam")


def test_directories_that_are_gone_by_now_keep_their_paths(data: Path) -> None:
    with watching(data) as sensor:
        os.kill(sensor.child.pid, signal.SIGSTOP)
        run("mkdir -p a/b/c; touch a/b/c/x; mv a/b a/moved; touch a/moved/c/y; rm -r a", data)
        os.kill(sensor.child.pid, signal.SIGCONT)
        for action, path in (
            ("create", "a/b/c/x"),
            ("create", "a/moved/c/y"),
            ("delete", "a/moved/c/x"),
            ("delete", "a"),
        ):
            sensor.event(action, data / path)
        sensor.event("rename", data / "a/moved", old_path=str(data / "a/b"))


def test_what_moves_in_from_outside_is_watched_and_what_moves_out_is_not(data: Path) -> None:
    outside = data.parent / "outside"
    (outside / "deep").mkdir(parents=True)
    with watching(data) as sensor:
        (outside / "deep" / "before").write_bytes(b"x")
        run(f"mv {outside} in; touch in/deep/inside; mv in {outside}; touch {outside}/deep/after; touch end", data)
        sensor.event("create", data / "in/deep/inside")
        sensor.event("rename", outside, old_path=str(data / "in"))
        sensor.event("create", data / "end")
        assert not any("before" in e["path"] or "after" in e["path"] for e in sensor.events())


def test_other_folders_the_state_folder_and_the_sensor_itself_are_not_reported(data: Path) -> None:
    state = data.parent / "state"
    (state / "ledger").mkdir(parents=True)
    (data.parent / "data-too").mkdir()
    with watching(data, state_dir=str(state)) as sensor:
        for _ in range(3):
            (state / "ledger" / "segment").write_bytes(b"x")
            (data.parent / "data-too" / "x").write_bytes(b"x")
            (data / "mine").write_bytes(b"x")
            sensor.event("write", data / "mine")
            sensor.lines.clear()
        assert not any(e["pid"] == sensor.child.pid or not e["path"].startswith(f"{data}") for e in sensor.events())
        (data / "last").write_bytes(b"x")
        sensor.event("write", data / "last")
        assert {e["path"] for e in sensor.events()} <= {str(data), str(data / "last"), str(data / "mine")}


def test_an_overflow_is_said_and_the_files_of_that_time_are_found(data: Path) -> None:
    before = QUEUE.read_text()
    QUEUE.write_text("64")
    try:
        with watching(data) as sensor:
            os.kill(sensor.child.pid, signal.SIGSTOP)
            for n in range(300):
                (data / f"f{n:03}").write_bytes(b"x")
            os.kill(sensor.child.pid, signal.SIGCONT)
            lost = sensor.wait(lambda line: line["k"] == "overflow", 10.0)
            assert lost["start"] < lost["end"]
            found = sensor.wait(lambda line: line["k"] == "rescanned")
            assert found["found"] >= 300
            trace = sensor.event("write", data / "f299")
            assert (trace["warnings"], trace["pid"]) == ("rescan", 0)
            (data / "after").write_bytes(b"x")
            assert sensor.event("create", data / "after")["pid"] == os.getpid()
    finally:
        QUEUE.write_text(before)


def test_a_dataset_that_is_not_there_is_watched_as_soon_as_it_is(data: Path) -> None:
    later = data.parent / "later"
    with watching(data, later) as sensor:
        refused = sensor.wait(lambda line: line["k"] == "status" and bool(line["refused"]))
        assert "No such file" in refused["refused"][str(later)]
        sensor.wait(lambda line: line["k"] == "unwatched" and line["path"] == str(later))
        later.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "sqw-test", str(later)], check=True)
        try:
            sensor.wait(lambda line: line["k"] == "status" and str(later) in line["watched"])
            (later / "x").write_bytes(b"x")
            sensor.event("create", later / "x")
        finally:
            subprocess.run(["umount", str(later)], check=True)  # busy, if the sensor kept anything of it open
        sensor.wait(lambda line: line["k"] == "unwatched" and line["start"] < line["end"])


def test_a_new_order_takes_over_without_a_hole(data: Path) -> None:
    other = data.parent / "other"
    other.mkdir()
    with watching(data) as sensor:
        (data / "one").write_bytes(b"x")
        sensor.order({"datasets": [str(data), str(other)]})
        sensor.wait(lambda line: line["k"] == "status" and str(other) in line["watched"])
        (other / "two").write_bytes(b"x")
        (data / "three").write_bytes(b"x")
        for path in (data / "one", other / "two", data / "three"):
            sensor.event("create", path)


def test_it_keeps_three_capabilities_and_can_get_no_more(data: Path) -> None:
    with watching(data) as sensor:
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{sensor.child.pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        kept = f"{1 << 21 | 1 << 19 | 1 << 2:016x}"
        assert [status[name] for name in ("CapPrm", "CapEff", "CapBnd")] == [kept] * 3
        assert status["CapInh"] == status["CapAmb"] == "0" * 16
        assert status["NoNewPrivs"] == "1"
        maps = Path(f"/proc/{sensor.child.pid}/maps").read_text()
        assert not any(name in maps for name in ("duckdb", "pyarrow", "msgspec", "_ssl"))


def test_it_ends_with_the_engine(data: Path) -> None:
    with watching(data) as sensor:
        (data / "last").write_bytes(b"x")
        assert sensor.close() == 0
        sensor.event("write", data / "last")


def test_without_rights_it_says_why() -> None:
    command = ["setpriv", "--reuid", "65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]
    done = subprocess.run(
        [*command, sys.executable, "-m", "seqwatch_tui.sensor"],
        input=b"\n",
        capture_output=True,
        timeout=30,
        check=False,
    )
    if b"No module named" in done.stderr or b"Permission denied" in done.stderr:
        pytest.skip("this interpreter cannot be run by another user")
    assert done.returncode == 3
    assert b"CAP_SYS_ADMIN" in done.stderr


def test_a_stopped_sensor_holds_up_nobody(data: Path) -> None:
    with watching(data) as sensor:
        os.kill(sensor.child.pid, signal.SIGSTOP)
        run("for n in $(seq 50); do echo x > file; cat file; done; rm file", data)
        os.kill(sensor.child.pid, signal.SIGCONT)
        sensor.event("delete", data / "file")
