"""Which fields a rule may name: the columns of the `events` view, by type, and the log sources they are known under.

This is the allow-list: no other identifier ever reaches SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from seqwatch_tui.model.columns import EVENT_COLUMNS

FieldType = Literal["text", "number", "bool"]

_TYPES: Mapping[str, FieldType] = {"dict": "text", "int64": "number", "int32": "number", "bool": "bool"}
_NOT_TESTABLE = ("event_id", "serial")  # event_id is ours, serial is not in the view

FIELDS: Mapping[str, FieldType] = {
    column.name: _TYPES[column.arrow]
    for column in EVENT_COLUMNS
    if column.arrow in _TYPES and column.name not in _NOT_TESTABLE
}
"""Field name to type. `ts` and `source_ref` are not testable: time belongs to correlations and policy."""

LOG_SOURCES: Mapping[tuple[str | None, str | None, str | None], Mapping[str, str]] = {
    ("seqwatch", "dataset_access", None): {name: name for name in FIELDS},
}
"""(product, category, service) to {field in the rule: field of `events`}. A source that is not here is refused."""
