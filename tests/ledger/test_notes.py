"""Notes come back as they were given, packed or not, and what is neither is said to be damaged."""

from __future__ import annotations

import base64
import json

import pytest

from seqwatch_tui.ledger.notes import from_text, to_text
from seqwatch_tui.ledger.parquet import read_events, write_events
from seqwatch_tui.ledger.values import LedgerDamaged, Note
from tests.ledger.world import batch

NOTES = [
    Note(1, 2, b""),
    Note(0, 0, b"\x28\xb5\x2f\xfd small"),
    Note(3, 4, b'{"alerts":[1]}' * 1000),
    Note(0, 1, b"x" * 512),
]


def test_notes_come_back_and_large_ones_are_packed() -> None:
    text = to_text(NOTES)
    assert from_text(text) == NOTES
    assert len(text) < 600
    assert to_text(NOTES) == text
    assert [len(row) for row in json.loads(text)] == [3, 3, 4, 4]


def test_notes_of_a_version_that_packed_none_are_read() -> None:
    old = json.dumps([[note.events, note.records, base64.b64encode(note.data).decode()] for note in NOTES])
    assert from_text(old.encode()) == NOTES


@pytest.mark.parametrize("text", ["{", "[1]", "[[1, 2]]", '[[1, 2, "e30=", "lzma"]]', '[[1, 2, "e30=", "zstd"]]'])
def test_what_is_no_note_is_damage(text: str) -> None:
    with pytest.raises(LedgerDamaged, match="cannot be read"):
        from_text(text)


def test_a_segment_holds_its_notes() -> None:
    events, _ = batch(1, 4)
    assert read_events(write_events(events, NOTES))[1] == NOTES
