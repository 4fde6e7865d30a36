"""Results as rows of the store's tables `keys` and `findings`. Times are epoch seconds UTC (float)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from seqwatch_tui.model.verdict import Finding, KeyRecord

KEY_COLUMNS = (
    "key_id", "kind", "owner", "datasets", "created", "rotated", "age_days", "age_is_at_least", "max_age_days",
    "state", "detail",
)  # fmt: skip
"""`keys`, key key_id. `datasets` is a list of dataset ids."""

FINDING_COLUMNS = ("kind", "subject", "dataset", "state", "detail", "checked")
"""`findings`, key (kind, subject): a check has one current result on one thing."""


def key_rows(keys: Iterable[KeyRecord]) -> list[dict[str, Any]]:
    """Rows for `keys`."""
    return [{**asdict(key), "datasets": list(key.datasets)} for key in keys]


def finding_rows(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Rows for `findings`."""
    return [asdict(finding) for finding in findings]
