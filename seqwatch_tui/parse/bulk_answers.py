"""Usual events that get an answer of `Places`: asked in their turn, by the stages of the reference parser.

What such an event teaches it teaches there as well, so it is no lesson of the columns. Knows nothing of reassembly.
"""

from __future__ import annotations

from dataclasses import dataclass

from seqwatch_tui.parse.bulk_index import Ints
from seqwatch_tui.parse.bulk_past import Past
from seqwatch_tui.parse.bulk_values import Values
from seqwatch_tui.parse.event import ROW_COLUMNS, row_of
from seqwatch_tui.parse.facts import facts_of
from seqwatch_tui.parse.group import Group
from seqwatch_tui.parse.identities import Identities
from seqwatch_tui.parse.places import Places
from seqwatch_tui.parse.records import Records

_COLUMNS = ("action", "path", "old_path", "warnings")
"""What an answer decides."""
_PLACE = {name: ROW_COLUMNS.index(name) for name in _COLUMNS}


@dataclass(frozen=True, slots=True)
class Answers:
    """Fills in `values` of a piece; `past` has its events in the order in which they end, which is `order`."""

    values: Values
    past: Past
    order: Ints
    records: Records
    identities: Identities
    places: Places
    host: str

    def fill(self, place: int) -> None:
        """Ask for the event at a place in `order`, which learns what it says."""
        group = Group(b"", "", 0, 0, 0)  # its time and serial are columns already
        group.records = self.past.records(place)
        group.call = self.records.system_call(group.records[0][1])
        row = row_of(facts_of(group, self.host, self.records), self.identities, self.places)
        event = int(self.order[place])
        for name, at in _PLACE.items():
            column, text = self.values.texts[name], row[at]
            column.codes[event] = column.values.number(None if text is None else str(text))
