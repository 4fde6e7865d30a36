"""A snooze: alerts an operator asked to keep quiet for a while. It ends by itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snooze:
    """As stored; times are epoch seconds UTC. At least one of rule, actor and dataset is given; null is any.

    The empty dataset stands for events outside every dataset.
    """

    snooze_id: int
    rule_id: str | None
    actor: str | None
    dataset: str | None
    begins: float
    ends: float
    operator: str
    uid: int
    reason: str
    cancelled_by: str | None = None

    @property
    def name(self) -> str:
        """What `alerts.suppressed_by` says."""
        return f"snooze {self.snooze_id}"
