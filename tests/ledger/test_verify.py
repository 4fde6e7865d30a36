"""Any change to what was sealed is found and named."""

from __future__ import annotations

import hashlib
import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from seqwatch_tui.ledger import verify as verify_module
from seqwatch_tui.ledger.chain import HEADER, LINE, START
from seqwatch_tui.ledger.layout import Layout
from seqwatch_tui.ledger.ledger import Ledger
from seqwatch_tui.ledger.replay import unsealed
from seqwatch_tui.ledger.spool import _HEADER
from seqwatch_tui.ledger.values import LedgerDamaged
from seqwatch_tui.ledger.verify import verify
from seqwatch_tui.store.interface import LedgerMark
from tests.ledger.world import NOW, batch


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sealed segments, all confirmed, and two unsealed batches."""
    state = tmp_path_factory.mktemp("state")
    ledger = Ledger.open(state, None, NOW)
    for first in (1, 6, 11):
        ledger.append(*batch(first, 5), b"")
        ledger.seal(NOW)
        ledger.committed(ledger.mark)
    for first in (16, 21):
        ledger.append(*batch(first, 5), b"")
    ledger.close()
    return state


@pytest.fixture
def layout(original: Path, tmp_path: Path) -> Layout:
    shutil.copytree(original / "ledger", tmp_path / "ledger")
    return Layout.of(tmp_path)


def test_an_untouched_ledger(layout: Layout) -> None:
    report = verify(layout.root.parent)
    assert report.ok
    assert (report.exit_code, report.segments, report.events, report.records) == (0, 3, 15, 33)
    assert report.remarks == ()


def test_every_97th_byte_flipped_is_found_in_its_file(layout: Layout) -> None:
    files = [p for p in layout.root.rglob("*") if p.is_file() and p != layout.confirmed]
    assert len(files) == 3 * 2 + 3  # segments, chain, head, spool
    for path in files:
        sound = path.read_bytes()
        for offset in range(0, len(sound), 97):
            path.write_bytes(sound[:offset] + bytes([sound[offset] ^ 0x5A]) + sound[offset + 1 :])
            report = verify(layout.root.parent)
            assert report.exit_code == 1, f"{path.name} at {offset}"
            assert path.name in {Path(p.file).name for p in report.problems} | (
                {"head"} if path.name == "chain" else set()
            )
        path.write_bytes(sound)
    assert verify(layout.root.parent).ok


def _swap(layout: Layout) -> None:
    one, two = layout.segment(1).events_path, layout.segment(2).events_path
    data = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(data)


def _remove_line(layout: Layout, number: int) -> None:
    data = layout.chain.read_bytes()
    at = len(HEADER) + (number - 1) * LINE
    layout.chain.write_bytes(data[:at] + data[at + LINE :])


def _forge(layout: Layout) -> None:
    """Replace the last segment's events, and rewrite its line with a right hash and a right link; not the head."""
    path = layout.segment(3).events_path
    path.write_bytes(layout.segment(1).events_path.read_bytes())
    lines = layout.chain.read_bytes()[len(HEADER) :].decode().splitlines()
    entry = lines[2][: -64 - 1].split(" ")
    entry[6] = hashlib.sha256(path.read_bytes()).hexdigest()
    previous = lines[1][-64:]
    text = " ".join(entry)
    lines[2] = f"{text} {hashlib.sha256(f'{previous} {text}'.encode()).hexdigest()}"
    layout.chain.write_bytes(HEADER + "".join(line + "\n" for line in lines).encode())


def _fifo(path: Path) -> None:
    """A reader of which waits for ever."""
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("change", "file", "segment", "words"),
    [
        (lambda x: x.segment(2).records_path.unlink(), "0000000002.records.parquet", 2, "No such file"),
        (lambda x: x.segment(2).records_path.write_bytes(b""), "0000000002.records.parquet", 2, "SHA-256"),
        (_swap, "0000000001.events.parquet", 1, "SHA-256"),
        (lambda x: _remove_line(x, 1), "chain", 1, "expected 1, found 2"),
        (lambda x: _remove_line(x, 2), "chain", 2, "missing or out of place"),
        (lambda x: _remove_line(x, 3), "head", 3, "a chain of 2 segments"),
        (_forge, "head", 3, "removed or changed"),
        (lambda x: x.head.unlink(), "head", None, "missing"),
        (lambda x: x.chain.unlink(), "chain", None, "missing"),
        (lambda x: x.chain.write_bytes(x.chain.read_bytes()[:-3]), "chain", 3, "cut short"),
        (lambda x: shutil.copy(x.segment(1).events_path, x.segment(5).events_path), "0000000005.events.parquet", 5,
         "not in the chain"),
        (lambda x: shutil.copy(x.segment(1).events_path, x.segment(9).records_path), "0000000009.records.parquet", 9,
         "not in the chain"),
        (lambda x: shutil.copy(x.segment(1).events_path, x.root / "segments/0000000/notes"), "notes", None,
         "not in the chain"),
        (lambda x: _fifo(x.segment(2).records_path), "0000000002.records.parquet", 2, "no regular file"),
        (lambda x: _fifo(x.chain), "chain", None, "missing"),
        (lambda x: _fifo(x.head), "head", None, "damaged"),
    ],
)  # fmt: skip
def test_each_kind_of_change_is_named(
    layout: Layout, change: Callable[[Layout], object], file: str, segment: int | None, words: str
) -> None:
    change(layout)
    first = verify(layout.root.parent).first
    assert first is not None
    assert Path(first.file).name == file
    assert first.segment == segment
    assert words in str(first)


def test_a_rollback_of_everything_shows_against_a_head_kept_elsewhere(layout: Layout, tmp_path: Path) -> None:
    kept = verify(layout.root.parent).head
    assert verify(layout.root.parent, (3, kept)).ok
    for path in (layout.segment(3).events_path, layout.segment(3).records_path):
        path.unlink()
    value = layout.chain.read_bytes()[-LINE:][-65:-1].decode()
    _remove_line(layout, 3)
    before = layout.chain.read_bytes()[-65:-1].decode()
    layout.head.write_bytes(
        layout.head.read_bytes().replace(b"\n3\n", b"\n2\n").replace(value.encode(), before.encode())
    )
    assert verify(layout.root.parent).ok
    report = verify(layout.root.parent, (3, kept))
    assert report.first is not None
    assert "kept elsewhere" in report.first.text


def test_the_chain_can_be_followed_by_hand(layout: Layout) -> None:
    """As docs/ledger.md tells a reader with `sha256sum` to do."""
    value = START
    for line in layout.chain.read_text().splitlines()[1:]:
        entry, _, written = line.rpartition(" ")
        value = hashlib.sha256(f"{value} {entry}".encode()).hexdigest()
        assert value == written
        fields = entry.split(" ")
        segment = layout.segment(int(fields[0]))
        assert fields[6] == hashlib.sha256(segment.events_path.read_bytes()).hexdigest()
        assert fields[7] == hashlib.sha256(segment.records_path.read_bytes()).hexdigest()


def test_the_manual_cuts_the_lines_where_they_are_cut() -> None:
    manual = (Path(__file__).parents[2] / "docs/ledger.md").read_text()
    assert f"one of {LINE} bytes" in manual
    assert manual.count(f"cut -c{LINE - 64}-") == 2
    assert manual.count(f"cut -c1-{LINE - 66}") == 1


def test_a_batch_that_is_being_written_is_a_remark(layout: Layout) -> None:
    spool = layout.spool(4)
    spool.write_bytes(spool.read_bytes()[:-5])
    report = verify(layout.root.parent)
    assert report.ok
    assert "batch 2 ends after" in report.remarks[0]


def test_no_ledger_is_an_error_not_a_pass(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        verify(tmp_path)


def test_an_engine_that_goes_on_sealing_meanwhile_is_no_finding(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(original, tmp_path / "live")
    ledger = Ledger.open(tmp_path / "live", LedgerMark(4, 2), NOW)
    digest = verify_module._digest

    def slowly(path: Path) -> str:
        ledger.append(*batch(26, 5), b"")
        ledger.seal(NOW)
        return digest(path)

    monkeypatch.setattr(verify_module, "_digest", slowly)
    report = verify(tmp_path / "live")
    ledger.close()
    assert (report.segments, report.problems, report.remarks) == (3, (), ())


def test_a_segment_that_is_being_sealed_is_a_remark(layout: Layout) -> None:
    for path in (layout.segment(4).events_path, layout.segment(4).records_path):
        shutil.copy(layout.segment(1).events_path, path)
    report = verify(layout.root.parent)
    assert (report.ok, report.remarks) == (True, ("files of segment 4 are there and not yet in the chain",))


def test_what_is_not_sealed_is_counted_whatever_the_chain_is_like(layout: Layout) -> None:
    _remove_line(layout, 1)
    layout.chain.write_bytes(layout.chain.read_bytes() + b"x" * LINE)
    assert unsealed(layout.root.parent) == 10
    payload = b"no batch"
    head = _HEADER.pack(b"SWB1", 4, 1, len(payload), hashlib.sha256(payload).digest())
    layout.spool(4).write_bytes(head + zlib.crc32(head).to_bytes(4, "big") + payload)
    with pytest.raises(LedgerDamaged, match="forged"):
        unsealed(layout.root.parent)
