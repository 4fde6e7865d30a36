"""Frames and lines come back as they were written, and never as something else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqwatch_tui.ledger.chain import LINE, START, Entry, Line, link
from seqwatch_tui.ledger.spool import Broken, Frame, decode, encode, frames
from seqwatch_tui.ledger.values import Batch
from tests.ledger.world import batch

IDS = st.one_of(st.none(), st.integers(0, 10**15 - 1))
HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)
ENTRIES = st.builds(
    Entry, st.integers(1, 10**10 - 1), st.integers(0, 10**10 - 1), st.integers(0, 10**10 - 1), IDS, IDS,
    st.integers(10**15, 9 * 10**15).map(lambda us: round(us / 1e6, 6)), HEX, HEX,
)  # fmt: skip


@settings(max_examples=100, derandomize=True, deadline=None)
@given(ENTRIES)
def test_an_entry_is_read_as_it_was_written(entry: Entry) -> None:
    line = Line(entry, link(START, entry)).bytes
    assert len(line) == LINE
    assert Entry.parse(line[: LINE - 66]) == entry


@pytest.fixture(scope="module")
def spool() -> tuple[bytes, list[int]]:
    """Three frames and where each ends."""
    parts = [encode(7, number, Batch(*batch(number, 2), b"note %d" % number)) for number in (1, 2, 3)]
    return b"".join(parts), [sum(map(len, parts[: k + 1])) for k in range(3)]


def test_whole_frames_give_their_batches(spool: tuple[bytes, list[int]], tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(spool[0])
    found = [frame for frame in frames(path, 7) if isinstance(frame, Frame)]
    assert [frame.end for frame in found] == spool[1]
    assert [decode(frame.payload).note for frame in found] == [b"note 1", b"note 2", b"note 3"]
    assert decode(found[2].payload).events.equals(batch(3, 2)[0])
    assert list(frames(tmp_path / "none", 7)) == []


def test_cut_at_every_place_only_whole_frames_count(spool: tuple[bytes, list[int]], tmp_path: Path) -> None:
    path = tmp_path / "x"
    for size in range(0, len(spool[0]), 97):
        path.write_bytes(spool[0][:size])
        found = list(frames(path, 7))
        assert sum(isinstance(frame, Frame) for frame in found) == sum(end <= size for end in spool[1])
        if size not in (0, *spool[1]):
            assert isinstance(found[-1], Broken)
            assert found[-1].torn


def test_frames_in_a_wrong_place_are_damage(spool: tuple[bytes, list[int]], tmp_path: Path) -> None:
    path = tmp_path / "x"
    data, (one, two, _) = spool
    for changed, words in ((data[one:two] + data[:one], "in the place of"), (data[:one] * 2, "in the place of")):
        path.write_bytes(changed)
        last = list(frames(path, 7))[-1]
        assert isinstance(last, Broken)
        assert not last.torn
        assert words in last.reason
    path.write_bytes(data)
    assert isinstance(next(frames(path, 8)), Broken)
