"""The open ledger: what goes in comes out, and one ledger survives a full disk without a restart."""

from __future__ import annotations

import errno
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seqwatch_tui.ledger import parquet
from seqwatch_tui.ledger.disk import Disk
from seqwatch_tui.ledger.layout import Layout
from seqwatch_tui.ledger.ledger import Ledger
from seqwatch_tui.ledger.replay import replay
from seqwatch_tui.ledger.values import LedgerError, LedgerFatal, Note, Replayed, Unreadable
from seqwatch_tui.ledger.verify import verify
from seqwatch_tui.parse.schema import EVENT_SCHEMA, RECORD_SCHEMA
from seqwatch_tui.store.interface import LedgerMark
from tests.ledger.world import NOW, batch


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path, None, NOW)


def everything(state: Path) -> list[Replayed]:
    items = list(replay(state))
    assert all(isinstance(item, Replayed) for item in items)
    return [item for item in items if isinstance(item, Replayed)]


def test_records_from_an_event_on(ledger: Ledger) -> None:
    for start, bulk in ((1, False), (4, True), (7, True), (10, False)):
        events, records = batch(start, 3)
        if bulk:
            ledger.append_bulk(events, records, b"", NOW)
        else:
            ledger.append(events, records, b"")
    whole = [batch(start, 3)[1] for start in (1, 4, 7, 10)]
    for first in range(1, 13):
        wanted = [row for table in whole for row in table.to_pylist() if (row["event_id"] or 0) >= first]
        assert ledger.records_from(first).to_pylist() == wanted


def test_what_goes_in_comes_out_byte_for_byte_in_order(ledger: Ledger, tmp_path: Path) -> None:
    given = [batch(1, 3, "é\n\x1b"), batch(4, 1), batch(5, 2), batch(7, 2)]
    assert ledger.append(*given[0], b"one") == LedgerMark(1, 1)
    assert ledger.append(*given[1], b"\x00\xff") == LedgerMark(1, 2)
    row = ledger.seal(NOW)
    assert row is not None
    assert (row.segment, row.events, row.records, row.first_event_id, row.last_event_id) == (1, 4, 10, 1, 4)
    mark, rows = ledger.append_bulk(*given[2], b"three", NOW)
    assert (mark, [r.segment for r in rows]) == (LedgerMark(3, 0), [2])
    assert ledger.append(*given[3], b"four") == LedgerMark(3, 1)
    items = everything(tmp_path)
    assert [item.notes for item in items] == [(b"one", b"\x00\xff"), (b"three",), (b"four",)]
    assert [item.mark for item in items] == [LedgerMark(2, 0), LedgerMark(3, 0), LedgerMark(3, 1)]
    assert items[0].sealed == row
    events = pa.concat_tables([item.events for item in items])
    records = pa.concat_tables([item.records for item in items])
    assert (events.schema, records.schema) == (EVENT_SCHEMA, RECORD_SCHEMA)
    assert events.to_pylist() == pa.concat_tables([e for e, _ in given]).to_pylist()
    assert records.to_pylist() == pa.concat_tables([r for _, r in given]).to_pylist()


def test_a_bulk_batch_seals_what_is_open_first(ledger: Ledger) -> None:
    ledger.append(*batch(1, 1), b"")
    mark, rows = ledger.append_bulk(*batch(2, 1), b"", NOW)
    assert mark == LedgerMark(3, 0)
    assert [(row.segment, row.first_event_id) for row in rows] == [(1, 1), (2, 2)]


def test_replay_after_a_mark_gives_the_rest_of_the_segment(ledger: Ledger, tmp_path: Path) -> None:
    for first in (1, 3, 5):
        ledger.append(*batch(first, 2), b"%d" % first)
    ledger.seal(NOW)
    (item,) = replay(tmp_path, LedgerMark(1, 2))
    assert isinstance(item, Replayed)
    assert item.events.column("event_id").to_pylist() == [5, 6]
    assert item.records.num_rows == 5
    assert item.notes == (b"5",)
    assert not list(replay(tmp_path, LedgerMark(2, 0)))


def test_hot_is_what_is_not_sealed(ledger: Ledger) -> None:
    assert ledger.hot()[0].schema == EVENT_SCHEMA
    ledger.append(*batch(1, 2), b"")
    ledger.append(*batch(3, 2), b"")
    events, records = ledger.hot()
    assert (events.num_rows, records.num_rows) == (4, 10)
    ledger.seal(NOW)
    assert [table.num_rows for table in ledger.hot()] == [0, 0]
    view = ledger.snapshot()
    assert [pq.read_table(s.events_path).num_rows for s in view.segments] == [4]
    assert view.segments == tuple(ledger.segments())


def test_due_by_number_and_by_time(ledger: Ledger) -> None:
    assert not ledger.due(1000.0)
    ledger.append(*batch(1, 1), b"")
    assert not ledger.due(2000.0)
    assert not ledger.due(2059.9)
    assert not ledger.due(100.0)  # the clock went back: counting starts again
    assert not ledger.due(159.9)
    assert ledger.due(160.0)
    ledger.seal(NOW)
    assert not ledger.due(5000.0)
    ledger.append(*batch(2, 9_999), b"")
    assert not ledger.due(5000.0)
    ledger.append(*batch(10_001, 1), b"")
    assert ledger.due(5000.0)


def test_nothing_open_is_not_sealed(ledger: Ledger) -> None:
    assert ledger.seal(NOW) is None
    assert ledger.mark == LedgerMark(1, 0)


def test_a_batch_without_events_keeps_its_note(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(EVENT_SCHEMA.empty_table(), RECORD_SCHEMA.empty_table(), b"position")
    row = ledger.seal(NOW)
    assert row is not None
    assert (row.events, row.first_event_id) == (0, None)
    assert [item.notes for item in everything(tmp_path)] == [(b"position",)]


class TestRecordsOf:
    def test_sealed_and_open_and_unknown(self, ledger: Ledger) -> None:
        empty = (EVENT_SCHEMA.empty_table(), RECORD_SCHEMA.empty_table())
        for first in (1, 11, 21, 31):
            ledger.append_bulk(*batch(first, 10), b"", NOW)
            ledger.append_bulk(*empty, b"", NOW)
        ledger.append(*batch(50, 2), b"")
        for event_id in (*range(1, 41), 50, 51):
            found = ledger.records_of(event_id)
            assert [r.raw for r in found] == [b"type=SYSCALL %d\xff\x00\n" % event_id] * 2
            assert [(r.seq, r.type, r.source) for r in found] == [(0, "SYSCALL", "audit"), (1, "SYSCALL", "audit")]
        for event_id in (0, 41, 49, 52):
            assert ledger.records_of(event_id) == []

    def test_a_segment_of_several_row_groups(self, ledger: Ledger) -> None:
        ledger.append_bulk(*batch(1, 20_000), b"", NOW)
        assert [r.raw[:14] for r in ledger.records_of(19_999)] == [b"type=SYSCALL 1"] * 2
        assert len(ledger.records_of(16_384)) == 2


class TestFiles:
    def test_same_input_same_bytes_however_it_is_cut(self) -> None:
        events, records = batch(1, 50)
        pieces = pa.concat_tables([events.slice(0, 20), events.slice(20)])
        notes = [Note(50, 101, b"n")]
        assert parquet.write_events(events, notes).equals(parquet.write_events(pieces, notes))
        assert parquet.write_records(records).equals(parquet.write_records(records))

    def test_every_page_has_a_checksum_and_statistics_are_where_they_are_used(self, ledger: Ledger) -> None:
        ledger.append_bulk(*batch(1, 5), b"", NOW)
        (segment,) = ledger.segments()
        group = pq.ParquetFile(segment.records_path).metadata.row_group(0)
        columns = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
        assert columns["event_id"].statistics.min == 1
        assert columns["raw"].statistics is None
        assert "DELTA_BINARY_PACKED" in columns["position"].encodings
        data = bytearray(segment.records_path.read_bytes())
        data[columns["raw"].data_page_offset + 40] ^= 1
        with pytest.raises(OSError, match="CRC"):
            parquet.read_records(pa.py_buffer(bytes(data)))

    def test_nothing_can_be_read_by_others(self, ledger: Ledger, tmp_path: Path) -> None:
        ledger.append_bulk(*batch(1, 5), b"", NOW)
        ledger.append(*batch(6, 5), b"")
        modes = {path: path.stat().st_mode & 0o777 for path in (tmp_path / "ledger").rglob("*")}
        assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
        assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}

    def test_a_slice_does_not_drag_its_whole_dictionary_along(self, ledger: Ledger, tmp_path: Path) -> None:
        events, records = batch(1, 5_000, "w" * 50)
        ledger.append(events.slice(0, 2), records.slice(0, 4), b"")
        assert Layout.of(tmp_path).spool(1).stat().st_size < 20_000
        assert ledger.hot()[0].to_pylist() == events.slice(0, 2).to_pylist()


class Full(Disk):
    """A disk that is full while `on`, after half of what is written."""

    on = False

    def write(self, fd: int, data: bytes | memoryview) -> None:
        if self.on:
            super().write(fd, memoryview(data)[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        super().write(fd, data)


class BadSync(Disk):
    """A disk whose syncs fail while `on`."""

    on = False

    def sync(self, fd: int) -> None:
        if self.on:
            raise OSError(errno.EIO, "Input/output error")


class TestDiskFailure:
    def test_a_full_disk_changes_nothing_and_work_goes_on_when_there_is_room(self, tmp_path: Path) -> None:
        disk = Full()
        ledger = Ledger.open(tmp_path, None, NOW, disk)
        ledger.append(*batch(1, 2), b"1")
        disk.on = True
        with pytest.raises(LedgerError, match="taken back"):
            ledger.append(*batch(3, 2), b"2")
        with pytest.raises(LedgerError, match="no room to seal"):
            ledger.seal(NOW)
        disk.on = False
        assert ledger.append(*batch(3, 2), b"2") == LedgerMark(1, 2)
        row = ledger.seal(NOW)
        assert row is not None
        assert row.events == 4
        assert verify(tmp_path).ok
        assert not list((tmp_path / "ledger").rglob("*.tmp"))

    def test_after_a_failed_sync_nothing_more_is_accepted(self, tmp_path: Path) -> None:
        disk = BadSync()
        ledger = Ledger.open(tmp_path, None, NOW, disk)
        disk.on = True
        with pytest.raises(LedgerFatal, match="start the engine again"):
            ledger.append(*batch(1, 2), b"1")
        disk.on = False
        for again in (lambda: ledger.append(*batch(1, 2), b"1"), lambda: ledger.seal(NOW)):
            with pytest.raises(LedgerFatal):
                again()


def test_a_damaged_segment_is_named_and_the_others_are_given_back(ledger: Ledger, tmp_path: Path) -> None:
    for first in (1, 4, 7):
        ledger.append_bulk(*batch(first, 3), b"", NOW)
    damaged = ledger.segments()[1].events_path
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    one, two, three = replay(tmp_path)
    assert isinstance(two, Unreadable)
    assert (two.segment, two.events) == (2, 3)
    assert "SHA-256" in two.reason
    assert [item.events.num_rows for item in (one, three) if isinstance(item, Replayed)] == [3, 3]
