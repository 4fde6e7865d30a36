"""Raw lines that come as a file are the same rows as a table of them, whatever number their first event gets."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from seqwatch_tui.ledger.filed import Filed
from seqwatch_tui.ledger.ledger import Ledger
from seqwatch_tui.parse.schema import record_table
from tests.ledger.world import NOW, batch


def _relative(first: int, events: int) -> tuple[pa.Table, pa.Table]:
    """A batch, and its records numbered from 0 as a parser numbers them, one line of no event among them."""
    table, records = batch(first, events)
    stray = record_table({"raw": [b"what is this?\n"], "type": ["UNPARSED"], "source": ["audit"]}, 1)
    numbers = pc.subtract(records.column("event_id"), first)
    return table, pa.concat_tables([records.set_column(0, records.schema.field(0), numbers), stray])


@pytest.mark.parametrize("expected", [1, 5, 9])
def test_a_file_takes_the_numbers_that_its_events_get(expected: int) -> None:
    _, records = _relative(5, 4)
    placed = Filed.of(records, expected).at(5)
    numbers = [n + 5 if n is not None else None for n in records.column("event_id").to_pylist()]
    assert (placed.first, placed.num_rows) == (5, records.num_rows)
    assert placed.table().column("event_id").to_pylist() == numbers
    assert placed.table().column("raw").to_pylist() == records.column("raw").to_pylist()
    assert placed.data.equals(Filed.of(records, 5).data)


def test_a_sealed_file_is_the_one_that_a_table_gives(tmp_path: Path) -> None:
    events, records = _relative(1, 6)
    whole = Filed.of(records, 1)
    made = []
    for name, given in (("file", whole), ("table", whole.table())):
        (tmp_path / name).mkdir()
        ledger = Ledger.open(tmp_path / name, None, NOW)
        ledger.append_bulk(events, given, b"note", NOW)
        made.append((ledger.segments()[0].records_path.read_bytes(), ledger.records_of(3)))
        ledger.close()
    assert made[0] == made[1]
    assert made[0][1]
