"""What a page is, and what may become of it: the words between the engine and the ways a page can go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from seqwatch_tui.model.alert import Level


@dataclass(frozen=True, slots=True)
class Page:
    """One message; every text is `safe_text` already. `when` is epoch seconds UTC."""

    title: str
    lines: tuple[str, ...]
    level: Level
    when: float
    number: str
    """Names the page, so that whoever gets it twice can tell: SITE-ALERT, or SITE-drill-ID."""
    payload: Mapping[str, Any]
    """The same for machines (docs/notify.md)."""


@dataclass(frozen=True, slots=True)
class Sent:
    """It was taken; `detail` is what the other side said."""

    detail: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """It was not; `again`: another attempt may succeed."""

    why: str
    again: bool


Delivery = Sent | NotSent


class Channel(Protocol):
    """One way to one place. `deliver` blocks for at most about TIMEOUT_SECONDS and raises nothing."""

    @property
    def label(self) -> str:
        """What people are shown: no path of a webhook, no secret."""

    def deliver(self, page: Page) -> Delivery:
        """Try once."""


TIMEOUT_SECONDS = 10.0
