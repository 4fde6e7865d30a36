"""Bytes moved, with the method that was used; and what the files themselves show of a time nobody watched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from seqwatch_tui.sensor.estimate import PROCIO, SIZE, bytes_moved
from seqwatch_tui.sensor.processes import Actor
from seqwatch_tui.sensor.rescan import Trace, rescan
from seqwatch_tui.sensor.uses import Use


def a_use(path: Path, *, before: tuple[int, int] | None, alone: bool = True, ticks: int = 5) -> Use:
    return Use(os.fsencode(path), Actor(7), False, 0.0, 1, before, alone=alone, last_tick=1 + ticks)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "reads.bam"
    path.write_bytes(bytes(5000))
    return path


def test_the_growth_of_the_counters_counts_while_the_file_is_alone(file: Path) -> None:
    assert bytes_moved(a_use(file, before=(100, 7)), "read", (20_100, 8)) == (20_000, PROCIO)
    assert bytes_moved(a_use(file, before=(100, 7)), "write", (20_100, 9)) == (2, PROCIO)


def test_of_several_files_at_once_no_more_than_its_size(file: Path) -> None:
    assert bytes_moved(a_use(file, before=(100, 7), alone=False), "read", (20_100, 7)) == (5000, PROCIO)
    assert bytes_moved(a_use(file, before=(100, 7), alone=False), "read", (400, 7)) == (300, PROCIO)


def test_else_the_size_and_only_once(file: Path) -> None:
    use = a_use(file, before=None)
    assert bytes_moved(use, "read", None) == (5000, SIZE)
    assert bytes_moved(use, "read", None) is None
    assert bytes_moved(a_use(file, before=(100, 7), ticks=0), "read", (20_100, 7)) == (5000, SIZE)


def test_of_a_file_that_is_gone_nothing_is_said(tmp_path: Path) -> None:
    assert bytes_moved(a_use(tmp_path / "gone", before=None), "read", None) is None


def traces(root: Path, start: float, end: float) -> set[tuple[str, str]]:
    found = rescan([os.fsencode(root)], start, end)
    return {(os.fsdecode(t.path)[len(str(root)) :], t.action) for t in found if isinstance(t, Trace)}


def test_traces_of_writes_changes_and_reads_in_the_span(tmp_path: Path) -> None:
    for name in ("old", "written", "touched", "read"):
        (tmp_path / name).write_bytes(b"x")
    now = (tmp_path / "written").stat().st_mtime
    os.utime(tmp_path / "touched", (now - 5000, now - 9000))
    os.utime(tmp_path / "read", (now + 30, now))
    assert traces(tmp_path, now - 60, now + 60) == {
        ("", "other"), ("/old", "write"), ("/written", "write"), ("/touched", "setattr"), ("/read", "write"), ("/read", "read"),
    }  # fmt: skip
    assert traces(tmp_path, now + 60, now + 120) == set()


def test_a_dataset_that_is_not_there_shows_nothing(tmp_path: Path) -> None:
    assert traces(tmp_path / "none", 0.0, 1e10) == set()


def test_no_link_is_followed_out_of_the_dataset(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"x")
    root = tmp_path / "data"
    root.mkdir()
    (root / "link").symlink_to(outside)
    assert not any("secret" in path for path, _ in traces(root, 0.0, 1e10))
