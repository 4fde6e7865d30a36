"""Batches get their final event ids: the judge's one numbering, over whatever form their raw lines come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from seqwatch_tui.engine.work import Batch, concatenate, shifted
from seqwatch_tui.ledger.filed import Filed


@dataclass(frozen=True, slots=True)
class Numbered:
    """Events (EVENT_SCHEMA) and their raw lines, as a table of RECORD_SCHEMA or filed already."""

    events: pa.Table
    records: pa.Table | Filed

    def raw(self) -> pa.Table:
        """Return the raw lines as a table."""
        return self.records.table() if isinstance(self.records, Filed) else self.records


def numbered(batches: Sequence[Batch], first: int) -> Numbered:
    """Join batches, their events numbered from `first`; the tables are one chunk a column. A filed batch comes alone."""
    events, records = [], []
    for batch in batches:
        parsed = batch.parsed
        events.append(parsed.events.set_column(0, "event_id", shifted(parsed.events["event_id"], first)))
        if batch.filed is not None:
            return Numbered(concatenate(events), batch.filed.at(first))
        records.append(parsed.records.set_column(0, "event_id", shifted(parsed.records["event_id"], first)))
        first += parsed.events.num_rows
    return Numbered(concatenate(events), concatenate(records))
