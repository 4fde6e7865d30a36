"""Batches of events for tests: rows of `events` given as mappings, `ts` in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from seqwatch_tui.detect import Detections, Detector, RuleSet
from seqwatch_tui.model.alert import Alert, Evidence
from seqwatch_tui.parse.schema import event_table

START = 1_790_000_000.0


def batch(rows: Sequence[Mapping[str, Any]], first_id: int = 0) -> pa.Table:
    """Rows in order, with ids from `first_id` (a row's own `event_id` wins)."""
    names = {name for row in rows for name in row} - {"ts", "event_id"}
    columns: dict[str, Any] = {name: [row.get(name) for row in rows] for name in names}
    columns["event_id"] = [row.get("event_id", first_id + index) for index, row in enumerate(rows)]
    times = [
        datetime.fromtimestamp(START + row.get("ts", index), UTC).replace(tzinfo=None) for index, row in enumerate(rows)
    ]
    columns["ts"] = pa.array(times, pa.timestamp("us"))
    return event_table(columns, len(rows))


def run(rules: RuleSet, rows: Sequence[Mapping[str, Any]], size: int = 1000) -> tuple[dict[int, Alert], list[Evidence]]:
    """Feed the rows in batches of `size` to a fresh detector; the last value of each alert, and all evidence."""
    detector = Detector(rules, [], 1)
    found = [detector.feed(batch(rows[at : at + size], at)) for at in range(0, len(rows), size)]
    return last(found), [evidence for each in found for evidence in each.evidence]


def last(found: Sequence[Detections]) -> dict[int, Alert]:
    """The alerts by id, as they stand after the last of these."""
    return {alert.alert_id: alert for each in found for alert in each.alerts}
