"""Files that move, hide or lie while they are verified."""

from __future__ import annotations

import mmap
import os
import tempfile
import threading
from pathlib import Path

import pytest

from seqwatch_tui.integrity import reading
from seqwatch_tui.integrity.hashing import open_for_writing
from seqwatch_tui.integrity.interface import Totals
from tests.integrity.site import Site, verdicts


@pytest.fixture
def site(tmp_path) -> Site:
    return Site(tmp_path)


def meddle(monkeypatch, act) -> None:
    """Call `act(n)` in the middle of the n-th digest of a file, counted from 0."""
    real, count = reading.digest, iter(range(100))

    def digest(fd, size, algorithm, step, drop_cache=False):
        n, blocks = next(count), iter(range(1 << 20))

        def once(length):
            if next(blocks) == 0:
                act(n)
            step(length)

        return real(fd, size, algorithm, once, drop_cache)

    monkeypatch.setattr(reading, "digest", digest)


def test_a_file_that_is_written_all_the_time_is_changed_during_read(site, monkeypatch):
    path = site.add("a", bytes(3 << 20))
    meddle(monkeypatch, lambda n: os.utime(path, ns=(n, n)))
    result = site.run()
    assert verdicts(result) == {"a": "changed during read"}
    assert "3 readings" in result.checks[0].detail
    assert result.bytes == 9 << 20


def test_a_file_that_comes_to_rest_is_judged(site, monkeypatch):
    path = site.add("a", bytes(3 << 20))
    meddle(monkeypatch, lambda n: os.utime(path, ns=(n, n)) if n < 2 else None)
    assert site.run().totals == Totals(ok=1)


def test_a_file_that_shrinks_under_the_reader(site, monkeypatch):
    path = site.add("a", bytes(3 << 20))
    meddle(monkeypatch, lambda n: os.truncate(path, 100) if n == 0 else None)
    assert verdicts(site.run()) == {"a": "changed"}


def test_a_file_that_grows_under_the_reader(site, monkeypatch):
    path = site.add("a", bytes(3 << 20))
    meddle(monkeypatch, lambda n: os.truncate(path, (4 + n) << 20))
    assert verdicts(site.run()) == {"a": "changed during read"}


def test_a_file_replaced_by_rename_is_judged_by_the_new_one(site, monkeypatch):
    path = site.add("a", bytes(3 << 20))
    other = site.add("other", b"forged", listed=False)
    meddle(monkeypatch, lambda n: other.rename(path) if n == 0 else None)
    assert verdicts(site.run())["a"] == "changed"


def test_a_file_removed_while_read_is_missing(site, monkeypatch):
    path = site.add("a", bytes(3 << 20))
    meddle(monkeypatch, lambda n: path.unlink())
    assert verdicts(site.run()) == {"a": "missing"}


def test_a_writer_through_a_mapping_is_noticed(site, monkeypatch):
    path = site.add("a", bytes(3 << 20))
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        fd = os.open(path, os.O_RDONLY)
        assert open_for_writing(fd) == "yes"
        os.close(fd)
        memory[0] = 1  # dirty and mapped writable: what follows moves no time
        meddle(monkeypatch, lambda n: memory.__setitem__(len(memory) - 1, n + 1))
        result = site.run()
    assert verdicts(result) == {"a": "changed during read"}


def test_a_changed_file_held_open_for_writing_is_still_changed(site):
    path = site.add("a", bytes(3 << 20))
    with path.open("r+b", buffering=0) as file:
        file.write(b"x")
        result = site.run()
    assert verdicts(result) == {"a": "changed"}
    assert "open for writing" in result.checks[0].detail
    assert result.bytes == 6 << 20


def test_no_file_is_open_for_writing_when_nobody_writes(site):
    fd = os.open(site.add("a"), os.O_RDONLY)
    assert open_for_writing(fd) == "no"
    os.close(fd)


def test_many_files_that_come_and_go_never_break_a_run(site):
    names = [f"r{i % 7}/f{i}" for i in range(60)]
    paths = [site.add(name, os.urandom(1000)) for name in names]
    stop = threading.Event()

    def churn() -> None:
        n = 0
        while not stop.is_set():
            path = paths[n % len(paths)]
            aside = path.with_suffix(".aside")
            path.rename(aside)
            aside.rename(path)
            n += 7

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        results = [site.run() for _ in range(5)]
    finally:
        stop.set()
        thread.join()
    for result in results:
        assert result.state == "done"
        assert {"ok"} <= set(verdicts(result).values()) <= {"ok", "missing", "extra", "changed during read"}
    assert site.run().totals == Totals(ok=60)


@pytest.mark.root
def test_no_permission_is_unreadable_and_never_missing():
    if os.geteuid() != 0:
        pytest.skip("needs root to become someone else")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        _look_as_nobody(Site(Path(folder)))


def _look_as_nobody(site):
    site.add("open")
    site.add("shut").chmod(0o000)
    site.add("dir/inside")
    (site.root / "dir").chmod(0o000)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        _as_nobody(site, write)
    os.close(write)
    with os.fdopen(read) as file:
        text = file.read()
    os.waitpid(pid, 0)
    assert text.splitlines() == [
        "dir unreadable the folder cannot be listed: Permission denied",
        "dir/inside unreadable below dir: the folder cannot be listed: Permission denied",
        "open ok ",
        "shut unreadable Permission denied",
    ]


def _as_nobody(site: Site, write: int) -> None:
    try:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        checks = site.run().checks
        os.write(write, "".join(f"{c.path} {c.verdict} {c.detail}\n" for c in checks).encode())
    finally:
        os._exit(0)


def test_a_root_behind_a_link_is_refused_with_advice(site, tmp_path):
    site.add("a")
    real = site.root
    site.root = Path(tmp_path / "link")
    site.root.symlink_to(real)
    result = site.run()
    assert (result.state, verdicts(result)) == ("failed", {".": "unreadable"})
    assert "real path" in result.problems[0]
