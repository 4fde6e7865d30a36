"""What a view may ask of the application: the port between views and `app`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from seqwatch_tui.console.client import Client, EngineError
from seqwatch_tui.console.desk import Desk
from seqwatch_tui.console.errands import Errand
from seqwatch_tui.console.widgets.prompt import Question

if TYPE_CHECKING:
    from seqwatch_tui.console.views.base import View

T = TypeVar("T")


class Host(Protocol):
    """The application as a view sees it."""

    desk: Desk

    def errand(
        self, call: Callable[[Client], T], done: Callable[[T], None], *,
        failed: Callable[[EngineError], None] | None = None, timeout: float = 20.0,
    ) -> Errand:  # fmt: skip
        """Ask the engine something; a failure without a hook becomes a message."""
        ...

    def push(self, view: View) -> None:
        """Drill into a view."""
        ...

    def back(self) -> None:
        """Leave the present view."""
        ...

    def say(self, text: str, role: str = "message") -> None:
        """Show one sentence above the footer."""
        ...

    def ask(self, question: Question) -> None:
        """Ask on the line above the footer."""
        ...

    def close_prompt(self) -> None:
        """End the question."""
        ...
