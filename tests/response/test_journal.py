from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from seqwatch_tui.response.errors import JournalBusy, JournalDamaged, JournalFailed
from seqwatch_tui.response.journal import Journal

from .stage import NOW, in_child


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    made = Journal.of(tmp_path)
    with made.writing() as pen:
        for number in range(4):
            pen.append("step", NOW + number, {"n": number, "name": "\udcff\n\x1b"})
    return made


def test_lines_come_back_as_written(journal: Journal) -> None:
    assert [(e.seq, e.kind, e.at, e.body["n"]) for e in journal.entries()] == [
        (i, "step", NOW + i, i) for i in range(4)
    ]
    assert journal.entries()[0].body["name"] == "\udcff\n\x1b"


def test_it_is_for_the_owner_only(journal: Journal) -> None:
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_missing_journal_is_empty(tmp_path: Path) -> None:
    assert Journal.of(tmp_path).entries() == []


@pytest.mark.parametrize("line", range(4))
def test_a_changed_line_is_found(journal: Journal, line: int) -> None:
    lines = journal.path.read_bytes().split(b"\n")
    lines[line] = lines[line].replace(f'"n":{line}'.encode(), b'"n":9')
    journal.path.write_bytes(b"\n".join(lines))
    with pytest.raises(JournalDamaged, match=f":{line + 1}: the line was changed"):
        journal.entries()


@pytest.mark.parametrize("line", range(3))
def test_a_missing_line_is_found_but_at_the_end(journal: Journal, line: int) -> None:
    lines = journal.path.read_bytes().split(b"\n")
    del lines[line]
    journal.path.write_bytes(b"\n".join(lines))
    with pytest.raises(JournalDamaged, match="does not follow"):
        journal.entries()


def test_a_line_put_in_is_found(journal: Journal) -> None:
    lines = journal.path.read_bytes().split(b"\n")
    journal.path.write_bytes(b"\n".join([*lines[:2], lines[1], *lines[2:]]))
    with pytest.raises(JournalDamaged):
        journal.entries()


def test_nothing_is_written_to_a_damaged_journal(journal: Journal) -> None:
    journal.path.write_bytes(b"{}\n" + journal.path.read_bytes())
    size = journal.path.stat().st_size
    with pytest.raises(JournalDamaged), journal.writing():
        pass
    assert journal.path.stat().st_size == size


def test_a_torn_line_at_any_byte_is_cut_and_told(journal: Journal) -> None:
    whole = journal.path.read_bytes()
    start = whole[:-1].rindex(b"\n") + 1
    for end in range(start + 1, len(whole)):
        journal.path.write_bytes(whole[:end])
        assert len(journal.entries()) == 3
        with journal.writing() as pen:
            pen.append("step", NOW, {"n": 7})
        kinds = [(entry.kind, entry.body.get("bytes")) for entry in journal.entries()]
        assert kinds[3:] == [("torn", end - start), ("step", None)]


def test_a_second_writer_is_refused(journal: Journal) -> None:
    def second() -> str:
        try:
            with journal.writing():
                return "let in"
        except JournalBusy as error:
            return str(error)

    with journal.writing():
        assert "another act is under way" in in_child(second)


def test_a_failed_fsync_stops_the_pen_for_good_and_is_not_tried_again(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def fail(fd: int) -> None:
        calls.append(fd)
        raise OSError(5, "Input/output error")

    with journal.writing() as pen:
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(JournalFailed, match="check the disk"):
            pen.append("step", NOW, {})
        monkeypatch.undo()
        with pytest.raises(JournalFailed):
            pen.append("step", NOW, {})
    assert len(calls) == 1


def test_the_line_format_is_the_documented_one(journal: Journal) -> None:
    first = json.loads(journal.path.read_bytes().split(b"\n")[0])
    assert sorted(first) == ["at", "body", "hash", "kind", "prev", "seq"]
    assert first["prev"] == "0" * 64


def test_a_journal_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b"")
    with pytest.raises(JournalFailed, match="nothing was done"), Journal.of(tmp_path).writing():
        pass
    with pytest.raises(JournalFailed, match="cannot be read"):
        Journal.of(tmp_path).entries()
