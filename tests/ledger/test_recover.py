"""Opening against a store that is ahead, behind, new or right: each has its own typed answer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from seqwatch_tui.ledger.layout import Layout
from seqwatch_tui.ledger.ledger import Ledger
from seqwatch_tui.ledger.replay import replay
from seqwatch_tui.ledger.values import LedgerBehind, LedgerDamaged, LedgerError, StoreBehind
from seqwatch_tui.ledger.verify import verify
from seqwatch_tui.store.interface import LedgerMark
from tests.ledger.world import NOW, batch


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Segments 1 and 2 committed, then three unsealed batches in spool 3."""
    ledger = Ledger.open(tmp_path, None, NOW)
    for first in (1, 4):
        ledger.append(*batch(first, 3), b"")
        ledger.seal(NOW)
        ledger.committed(ledger.mark)
    for first in (7, 10, 13):
        ledger.append(*batch(first, 3), b"%d" % first)
    ledger.close()
    return Layout.of(tmp_path)


def reopen(layout: Layout, mark: LedgerMark | None) -> Ledger:
    return Ledger.open(layout.root.parent, mark, NOW)


def orphans(layout: Layout) -> list[str]:
    return sorted(path.name for path in layout.orphans.iterdir()) if layout.orphans.exists() else []


def test_the_mark_is_where_the_ledger_is(layout: Layout) -> None:
    ledger = reopen(layout, LedgerMark(3, 3))
    assert ledger.mark == LedgerMark(3, 3)
    assert ledger.hot()[0].column("event_id").to_pylist() == list(range(7, 16))
    assert ledger.append(*batch(16, 1), b"") == LedgerMark(3, 4)
    assert orphans(layout) == []


def test_batches_beyond_the_mark_are_cut_and_kept_aside(layout: Layout) -> None:
    ledger = reopen(layout, LedgerMark(3, 1))
    assert ledger.hot()[0].column("event_id").to_pylist() == [7, 8, 9]
    assert orphans(layout) == ["0000000003.spool.cut.1"]
    ledger.append(*batch(10, 1), b"")
    ledger.close()
    assert reopen(layout, LedgerMark(3, 2)).hot()[0].num_rows == 4


def test_a_sealed_segment_that_was_not_committed_is_sealed_again(layout: Layout) -> None:
    ledger = reopen(layout, LedgerMark(3, 3))
    first = ledger.seal(NOW)
    ledger.close()
    ledger = reopen(layout, LedgerMark(3, 3))
    assert orphans(layout) == ["0000000003.events.parquet.1", "0000000003.records.parquet.1"]
    assert verify(layout.root.parent).segments == 2
    assert ledger.seal(NOW) == first


def test_a_bulk_segment_that_was_not_committed_comes_again(layout: Layout) -> None:
    ledger = reopen(layout, LedgerMark(3, 3))
    ledger.append_bulk(*batch(16, 3), b"", NOW)
    ledger.close()
    ledger = reopen(layout, LedgerMark(3, 3))
    assert len(orphans(layout)) == 4
    mark, rows = ledger.append_bulk(*batch(16, 3), b"", NOW)
    assert (mark, [row.segment for row in rows]) == (LedgerMark(5, 0), [3, 4])
    assert verify(layout.root.parent).ok


def test_segments_without_chain_and_head_are_not_written_over(layout: Layout) -> None:
    shutil.rmtree(layout.spools)
    for path in (layout.chain, layout.head, layout.confirmed):
        path.unlink()
    before = layout.segment(1).events_path.read_bytes()
    with pytest.raises(LedgerDamaged, match="holds segments, and neither chain nor head"):
        reopen(layout, None)
    assert layout.segment(1).events_path.read_bytes() == before


@pytest.mark.parametrize("mark", [None, LedgerMark(1, 0), LedgerMark(1, 1), LedgerMark(2, 1)])
def test_a_store_that_lost_what_it_had_confirmed_is_behind(layout: Layout, mark: LedgerMark | None) -> None:
    with pytest.raises(StoreBehind) as caught:
        reopen(layout, mark)
    assert caught.value.segments == tuple(range(mark.segment if mark else 1, 3))
    for item in replay(layout.root.parent, mark):
        mark = item.mark
    assert mark == LedgerMark(3, 3)
    assert reopen(layout, mark).hot()[0].num_rows == 9


def test_a_new_store_beside_unsealed_batches_is_behind(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path, None, NOW)
    ledger.append(*batch(1, 3), b"")
    ledger.close()
    with pytest.raises(StoreBehind, match="rebuild the store"):
        Ledger.open(tmp_path, None, NOW)
    assert [item.mark for item in replay(tmp_path)] == [LedgerMark(1, 1)]


@pytest.mark.parametrize("mark", [LedgerMark(3, 4), LedgerMark(4, 0), LedgerMark(9, 2)])
def test_a_store_ahead_is_an_evidence_incident(layout: Layout, mark: LedgerMark) -> None:
    with pytest.raises(LedgerBehind, match="the store has committed"):
        reopen(layout, mark)


def test_a_ledger_put_back_from_a_backup_is_refused(layout: Layout, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    shutil.copytree(layout.root, backup)
    ledger = reopen(layout, LedgerMark(3, 3))
    ledger.seal(NOW)
    ledger.committed(ledger.mark)
    shutil.rmtree(layout.root)
    shutil.copytree(backup, layout.root)
    with pytest.raises(LedgerBehind):
        reopen(layout, LedgerMark(4, 0))


def test_a_missing_ledger_is_refused(layout: Layout) -> None:
    shutil.rmtree(layout.root)
    with pytest.raises(LedgerBehind, match="missing or empty"):
        reopen(layout, LedgerMark(3, 3))
    assert not layout.root.exists()


@pytest.mark.parametrize("name", ["head", "chain"])
def test_a_damaged_head_or_chain_is_refused(layout: Layout, name: str) -> None:
    path = layout.root / name
    data = bytearray(path.read_bytes())
    data[-10] ^= 1
    path.write_bytes(data)
    with pytest.raises(LedgerDamaged, match="verify"):
        reopen(layout, LedgerMark(3, 3))


@pytest.mark.parametrize("tail", [b"\x00" * 4096, b"SWB1", b"\xff" * 60])
def test_a_torn_tail_of_the_spool_is_cut(layout: Layout, tail: bytes) -> None:
    with layout.spool(3).open("ab") as file:
        file.write(tail)
    ledger = reopen(layout, LedgerMark(3, 3))
    ledger.append(*batch(16, 1), b"")
    ledger.close()
    assert reopen(layout, LedgerMark(3, 4)).hot()[0].num_rows == 10


@pytest.mark.parametrize("tail", [b"\x00" * 400, b"0000000003 00", b"\n"])
def test_a_torn_line_of_the_chain_is_cut(layout: Layout, tail: bytes) -> None:
    with layout.chain.open("ab") as file:
        file.write(tail)
    ledger = reopen(layout, LedgerMark(3, 3))
    ledger.seal(NOW)
    assert verify(layout.root.parent).ok


def test_damage_within_committed_batches_is_an_evidence_incident(layout: Layout) -> None:
    path = layout.spool(3)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(LedgerBehind, match="holds 1 whole batches"):
        reopen(layout, LedgerMark(3, 3))


def test_a_folder_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("a file")
    with pytest.raises(LedgerError, match="cannot be opened"):
        Ledger.open(tmp_path, None, NOW)
