"""What every widget of the console may look at: one object, written by the app alone, read by all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from seqwatch_tui.console.answers import Hello, Snapshot
from seqwatch_tui.console.theme import Theme
from seqwatch_tui.console.window import EventWindow


@dataclass
class Desk:
    """The state of the console. Times are epoch seconds."""

    look: Theme
    read_only: bool = False
    zone: tzinfo = UTC
    hello: Hello | None = None
    snapshot: Snapshot | None = None
    trouble: str = ""
    """Why the engine does not answer; empty while it does."""
    since: float | None = None
    """When it last answered."""
    window: EventWindow = field(default_factory=EventWindow)
    filter: str = ""
    following: bool = True
    waiting: int = 0
    """Rows that matched while paused."""
    at_least: bool = False
    """More than `waiting` may have matched: the engine did not look at all of them."""
    crumbs: tuple[str, ...] = ()
    context: str = "overview"
    note: str = ""
    """A short fact about the current view for the second header row: rows hidden by a filter."""

    @property
    def paused(self) -> str:
        """`paused, 412 new`, or with `+` when there may be more."""
        return f"paused, {self.waiting}{'+' if self.at_least else ''} new"

    @property
    def now(self) -> float:
        """The engine's clock at the last answer; 0 before the first."""
        return self.snapshot.status.now if self.snapshot else 0.0

    @property
    def datasets(self) -> list[str]:
        """Names of the datasets in the panels, for completion."""
        panel = self.snapshot.integrity if self.snapshot else None
        if panel is None or "dataset" not in panel.columns:
            return []
        return sorted(str(row[panel.index("dataset")]) for row in panel.rows)
