"""Results as rows of the store's tables `keys` and `findings`. Times are epoch seconds UTC (float)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from seqwatch_tui.model.verdict import Finding, KeyRecord


def key_rows(keys: Iterable[KeyRecord]) -> list[dict[str, Any]]:
    """Rows for `keys`."""
    return [{**asdict(key), "datasets": list(key.datasets)} for key in keys]


def finding_rows(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Rows for `findings`."""
    return [asdict(finding) for finding in findings]
