"""A live log followed through what operators do to it: nothing is lost or doubled without a gap saying so."""

from __future__ import annotations

import bz2
import gzip
import os
import shutil
from collections.abc import Generator
from pathlib import Path
from threading import Event, Thread

import pytest

from seqwatch_tui.model.evidence import Resume
from seqwatch_tui.sources.follow import Follower
from seqwatch_tui.sources.interface import Chunk


def lines(first: int, count: int) -> bytes:
    return b"".join(
        b"type=USER_ACCT msg=audit(1790000000.%03d:%d): pid=1 uid=0 auid=1000 ses=1\n" % (i % 1000, i)
        for i in range(first, first + count)
    )


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


class Reading:
    """A follower driven by hand, its chunks kept, positions checked as they come."""

    def __init__(self, path: Path, resume: Resume | None = None) -> None:
        self.stop = Event()
        self.seen: list[Chunk] = []
        self._chunks: Generator[Chunk, None, None] = Follower("audit", path, resume, grace=0.02).chunks(self.stop)

    def until(self, condition: object, limit: int = 40) -> Chunk:
        for _ in range(limit):
            chunk = next(self._chunks)
            self.seen.append(chunk)
            if condition(chunk):  # type: ignore[operator]
                return chunk
        raise AssertionError(f"not seen in {limit} chunks: {self.seen[-3:]}")

    def until_bytes(self, count: int) -> bytes:
        while len(self.content) < count:
            self.until(lambda c: c.data)
        return self.content

    def close(self) -> Resume:
        self.stop.set()
        self._chunks.close()
        last = next(c for c in reversed(self.seen) if c.identity)
        return Resume(last.identity, last.offset + len(last.data))

    @property
    def content(self) -> bytes:
        return b"".join(c.data for c in self.seen)

    @property
    def gaps(self) -> list[str]:
        return [gap.kind for chunk in self.seen for gap in chunk.gaps]

    def check_positions(self) -> None:
        at: dict[str, int] = {}
        for chunk in self.seen:
            if chunk.data:
                assert chunk.offset == at.get(chunk.identity, chunk.offset)
                at[chunk.identity] = chunk.offset + len(chunk.data)
                assert chunk.size >= at[chunk.identity]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "audit.log"
    path.write_bytes(lines(0, 10))
    return path


def test_growth_is_handed_over_at_exact_positions(log: Path) -> None:
    reading = Reading(log)
    reading.until_bytes(len(lines(0, 10)))
    append(log, lines(10, 1)[:30])
    reading.until_bytes(len(lines(0, 10)) + 30)
    append(log, lines(10, 1)[30:])
    assert reading.until_bytes(len(lines(0, 11))) == lines(0, 11)
    reading.check_positions()
    assert len({c.identity for c in reading.seen}) == 1
    reading.close()


def test_a_large_file_comes_in_pieces_of_four_mebibytes(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(lines(0, 60_000))
    reading = Reading(path)
    assert reading.until_bytes(path.stat().st_size) == path.read_bytes()
    assert max(len(c.data) for c in reading.seen) == 4 << 20
    reading.check_positions()
    reading.close()


def test_a_quiet_log_ticks(log: Path) -> None:
    reading = Reading(log)
    reading.until_bytes(1)
    tick = reading.until(lambda c: not c.data, limit=2)
    assert (tick.state, tick.offset, tick.size, tick.end) == ("live", log.stat().st_size, log.stat().st_size, False)
    reading.close()


def test_rotation_by_rename_finishes_the_old_file_first(log: Path) -> None:
    reading = Reading(log)
    reading.until_bytes(1)
    log.rename(log.with_name("audit.log.1"))
    append(log.with_name("audit.log.1"), lines(10, 5))
    log.write_bytes(lines(15, 5))
    assert reading.until_bytes(len(lines(0, 20))) == lines(0, 20)
    reading.check_positions()
    assert [c.end for c in reading.seen if c.end] == [True]
    assert len({c.identity for c in reading.seen}) == 2
    assert reading.gaps == []
    reading.close()


def test_a_name_that_is_gone_keeps_the_open_file(log: Path) -> None:
    reading = Reading(log)
    reading.until_bytes(1)
    moved = log.rename(log.with_name("audit.log.1"))
    append(moved, lines(10, 1))
    assert reading.until_bytes(len(lines(0, 11))) == lines(0, 11)
    tick = reading.until(lambda c: c.state == "waiting")
    assert "is gone" in tick.reason
    reading.close()


@pytest.mark.parametrize("pack", [None, "gz", "bz2"])
def test_files_rotated_while_down_are_finished_first(log: Path, pack: str | None) -> None:
    reading = Reading(log)
    reading.until_bytes(1)
    resume = reading.close()
    append(log, lines(10, 3))
    second = log.rename(log.with_name("audit.log.2"))
    if pack == "gz":
        second.with_name("audit.log.2.gz").write_bytes(gzip.compress(second.read_bytes()))
        second.unlink()
    if pack == "bz2":
        second.with_name("audit.log.2.bz2").write_bytes(bz2.compress(second.read_bytes()))
        second.unlink()
    log.with_name("audit.log.1").write_bytes(lines(13, 4))
    log.write_bytes(lines(17, 3))
    later = Reading(log, resume)
    assert later.until_bytes(len(lines(10, 10))) == lines(10, 10)
    later.check_positions()
    assert later.gaps == []
    assert later.seen[0].identity == resume.identity
    assert [c.end for c in later.seen if c.end] == [True, True]
    later.close()


def test_an_older_sibling_is_never_read_again(log: Path) -> None:
    log.with_name("audit.log.1").write_bytes(lines(900, 4))
    os.utime(log.with_name("audit.log.1"), (1, 1))
    reading = Reading(log)
    reading.until_bytes(1)
    resume = reading.close()
    log.unlink()
    log.write_bytes(lines(50, 2))
    later = Reading(log, resume)
    assert later.until_bytes(len(lines(50, 2))) == lines(50, 2)
    assert later.gaps == ["rotation"]
    later.close()


def test_restart_goes_on_where_it_stopped(log: Path) -> None:
    reading = Reading(log)
    reading.until_bytes(1)
    resume = reading.close()
    append(log, lines(10, 2))
    later = Reading(log, resume)
    assert later.until_bytes(1) == lines(10, 2)
    assert {c.identity for c in later.seen} == {resume.identity}
    later.close()


def test_truncation_is_a_gap_and_a_new_identity(log: Path) -> None:
    reading = Reading(log)
    reading.until_bytes(1)
    os.truncate(log, 0)
    append(log, lines(20, 2))
    assert reading.until_bytes(len(lines(0, 10)) + len(lines(20, 2))) == lines(0, 10) + lines(20, 2)
    assert reading.gaps == ["truncated"]
    assert reading.seen[-1].offset == 0
    assert reading.seen[-1].identity != reading.seen[0].identity
    reading.close()


def test_truncated_and_grown_past_the_position_is_noticed(log: Path) -> None:
    reading = Reading(log)
    reading.until_bytes(1)
    log.write_bytes(lines(500, 30))  # same inode, longer than before
    reading.until_bytes(len(lines(0, 10)) + len(lines(500, 30)))
    assert reading.gaps == ["truncated"]
    assert reading.content == lines(0, 10) + lines(500, 30)
    reading.close()


def test_copytruncate_reads_the_rest_from_the_copy(log: Path) -> None:
    reading = Reading(log)
    reading.until_bytes(1)
    resume = reading.close()
    append(log, lines(10, 5))
    shutil.copy(log, log.with_name("audit.log.1"))
    log.write_bytes(lines(16, 2))
    later = Reading(log, resume)
    assert later.until_bytes(len(lines(10, 5) + lines(16, 2))) == lines(10, 5) + lines(16, 2)
    assert later.gaps == ["truncated"]
    assert "audit.log.1" in later.seen[0].gaps[0].detail
    later.close()


def test_a_reused_inode_is_another_file(log: Path) -> None:
    reading = Reading(log)
    reading.until_bytes(1)
    log.unlink()
    log.write_bytes(lines(70, 30))
    reading.until_bytes(len(lines(0, 10)) + len(lines(70, 30)))
    assert reading.content == lines(0, 10) + lines(70, 30)
    reading.close()


def test_late_writes_to_an_ended_file_are_told(log: Path) -> None:
    reading = Reading(log)
    reading.until_bytes(1)
    moved = log.rename(log.with_name("audit.log.1"))
    log.write_bytes(lines(10, 1))
    reading.until(lambda c: c.end)
    append(moved, b"late\n")
    chunk = reading.until(lambda c: c.gaps)
    assert chunk.gaps[0].kind == "rotation"
    assert "5 bytes" in chunk.gaps[0].detail
    reading.close()


def test_a_missing_file_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    reading = Reading(path)
    first = reading.until(lambda c: True)
    assert (first.state, first.data) == ("waiting", b"")
    assert "does not exist" in first.reason
    path.write_bytes(lines(0, 2))
    assert reading.until_bytes(1) == lines(0, 2)
    reading.close()


@pytest.mark.parametrize("kind", ["symlink", "fifo", "directory"])
def test_what_is_not_a_regular_file_is_refused_and_retried(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "audit.log"
    if kind == "symlink":
        path.symlink_to("/etc/passwd")
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    reading = Reading(path)
    first = reading.until(lambda c: True)
    assert first.state == "failed"
    assert str(path) in first.reason
    path.rmdir() if kind == "directory" else path.unlink()
    path.write_bytes(lines(0, 2))
    assert reading.until_bytes(1) == lines(0, 2)
    reading.close()


def test_a_short_new_file_is_handed_over_after_a_moment(tmp_path: Path) -> None:
    path = tmp_path / "app.jsonl"
    path.write_bytes(b"{}\n")
    reading = Reading(path)
    assert reading.until_bytes(3) == b"{}\n"
    reading.close()


def test_fifty_rotations_under_load_lose_nothing(tmp_path: Path) -> None:
    """A writer in a thread of its own rotates fifty times while it writes; every byte arrives, in order."""
    log = tmp_path / "audit.log"
    log.write_bytes(lines(0, 10))
    written = [lines(0, 10)]

    def write() -> None:
        file = log.open("ab", buffering=0)
        for turn in range(50):
            for part in range(8):
                data = lines(10 + 400 * turn + 50 * part, 50)
                file.write(data)
                written.append(data)
            for number in range(60, 0, -1):
                old = tmp_path / f"audit.log.{number}"
                if old.exists():
                    old.rename(tmp_path / f"audit.log.{number + 1}")
            log.rename(tmp_path / "audit.log.1")
            new = log.open("ab", buffering=0)
            file.write(b"type=DAEMON_ROTATE msg=audit(1790000000.000:%d): op=rotate-logs\n" % turn)
            written.append(b"type=DAEMON_ROTATE msg=audit(1790000000.000:%d): op=rotate-logs\n" % turn)
            file.close()
            file = new
        file.close()

    writer = Thread(target=write)
    reading = Reading(log)
    reading.until_bytes(1)
    writer.start()
    writer.join()
    whole = b"".join(written)
    while len(reading.content) < len(whole):
        reading.until(lambda c: c.data, limit=200)
    assert reading.content == whole
    assert reading.gaps == []
    reading.check_positions()
    reading.close()


def test_a_rotation_while_it_is_read_loses_nothing(tmp_path: Path) -> None:
    """The same, with the reader at work all the time."""
    log, done = tmp_path / "audit.log", Event()
    log.write_bytes(lines(0, 10))
    written = bytearray(lines(0, 10))

    def write() -> None:
        for turn in range(20):
            for part in range(4):
                data = lines(10 + 200 * turn + 50 * part, 50)
                append(log, data)
                written.extend(data)
            log.rename(tmp_path / f"audit.log.{1000 - turn}")
            log.touch()
        done.set()

    writer = Thread(target=write)
    reading = Reading(log)
    reading.until_bytes(1)
    writer.start()
    while not done.is_set() or len(reading.content) < len(written):
        reading.until(lambda c: c.data or c.end, limit=400)
    writer.join()
    assert reading.content == bytes(written)
    assert "truncated" not in reading.gaps
    reading.close()


def test_copytruncate_declares_its_window(log: Path) -> None:
    """What is written between copying and emptying is gone; the gap says so, and what was in the copy is there."""
    reading = Reading(log)
    reading.until_bytes(1)
    append(log, lines(10, 5))
    shutil.copyfile(log, log.with_name("audit.log.1"))
    append(log, lines(15, 3))
    os.truncate(log, 0)
    append(log, lines(18, 5))
    content = reading.until_bytes(len(lines(0, 15) + lines(18, 5)))
    assert content.startswith(lines(0, 15))
    assert content.endswith(lines(18, 5))
    assert reading.gaps == ["truncated"]
    reading.close()


def test_what_an_emptied_log_held_between_two_looks_is_found_in_its_copy(log: Path) -> None:
    reading = Reading(log)
    reading.until_bytes(1)
    shutil.copyfile(log, log.with_name("audit.log.1"))
    os.truncate(log, 0)
    reading.until(lambda c: c.offset == 0 and not c.data and "audit" in str(log))
    log.with_name("audit.log.1").rename(log.with_name("audit.log.2"))
    append(log, lines(10, 5))
    shutil.copyfile(log, log.with_name("audit.log.1"))
    os.truncate(log, 0)
    append(log, lines(15, 5))
    assert reading.until_bytes(len(lines(0, 20))) == lines(0, 20)
    assert reading.gaps == ["truncated", "truncated"]
    reading.close()


def test_many_rotations_at_once_that_dropped_files_are_told(log: Path) -> None:
    reading = Reading(log)
    reading.until_bytes(1)
    for turn in range(4):
        for number in (2, 1):
            old = log.with_name(f"audit.log.{number}")
            if old.exists():
                old.rename(log.with_name(f"audit.log.{number + 1}"))
        log.rename(log.with_name("audit.log.1"))
        log.write_bytes(lines(10 + 5 * turn, 5))
        log.with_name("audit.log.3").unlink(missing_ok=True)
    content = reading.until_bytes(len(lines(0, 10) + lines(15, 5)))
    assert content.startswith(lines(0, 10))
    reading.until(lambda c: "rotation" in [g.kind for g in c.gaps] or "rotation" in reading.gaps)
    reading.close()


def test_looking_from_time_to_time_sees_what_the_kernel_does_not_tell(log: Path) -> None:
    follower = Follower("audit", log, look=True, poll=0.01)
    stop = Event()
    chunks = follower.chunks(stop)
    assert next(c for c in chunks if c.data).data == lines(0, 10)
    append(log, lines(10, 1))
    assert next(c for c in chunks if c.data).data == lines(10, 1)
    stop.set()
    chunks.close()


def test_bytes_of_every_kind_pass_unchanged(log: Path) -> None:
    odd = b"\x00\xff\xfe\r\n\xed\xa0\x80 lone \x1b[31m\n\xef\xbb\xbfbom\n" + bytes(range(256)) + b"\n"
    reading = Reading(log)
    append(log, odd)
    assert reading.until_bytes(len(lines(0, 10) + odd)) == lines(0, 10) + odd
    reading.close()
