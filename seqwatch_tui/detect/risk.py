"""The risk score of an alert: a sum of few parts, each of which a person can check. Pure arithmetic (docs/alerts.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

LEVEL: Mapping[str, int] = {"informational": 5, "low": 15, "medium": 35, "high": 55, "critical": 75}
KIND: Mapping[str, int] = {"wgs": 10, "wes": 10, "panel": 5, "rna": 5, "other": 0}
CLINICAL, FACT, OVER = 5, 5, 10
"""Points for a clinical purpose, for each fact that weighs, and at most for a measure above its threshold."""


def risk_parts(
    level: str, kind: str | None, purpose: str | None, facts: Mapping[str, Any], actor_known: bool
) -> dict[str, int]:
    """Return the parts that are fixed when an alert fires; a fact that is not known (null) counts nothing.

    `facts` are the columns of the newest event that took part: business_hours, network_allowed, allowed, complete.
    """
    parts = {
        "level": LEVEL[level],
        "dataset": KIND.get(kind or "other", 0) + (CLINICAL if purpose == "clinical" else 0),
        "unattributed": 0 if actor_known else FACT,
        "outside hours": FACT if facts.get("business_hours") is False else 0,
        "outside networks": FACT if facts.get("network_allowed") is False else 0,
        "not allowed": FACT if facts.get("allowed") is False else 0,
        "certainty": -FACT if facts.get("complete") is False else 0,
    }
    return {name: points for name, points in parts.items() if points}


def over_threshold(measure: int | None, threshold: int | None) -> int:
    """Return the points for a measure: 0 at the threshold, 5 at twice, 10 from four times on."""
    if not measure or not threshold or measure <= threshold:
        return 0
    return min(OVER, int(OVER / 2 * math.log2(measure / threshold)))


def score(fixed: int, measure: int | None, threshold: int | None) -> int:
    """Return the risk, 0 to 100: the sum of the fixed parts and the points for the measure."""
    return max(0, min(100, fixed + over_threshold(measure, threshold)))
