"""The row above the footer: a message, or a line to type in (filter, command, reason, confirmation)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from seqwatch_tui.console.desk import Desk
from seqwatch_tui.console.widgets.drawn import Bar, Span


def _nothing(_text: str) -> None:
    """The default of a question's hooks."""


@dataclass(frozen=True)
class Question:
    """What is asked on the line, and who hears the answer. Esc calls `left`, every change calls `typed`."""

    label: str
    answered: Callable[[str], None]
    typed: Callable[[str], None] = _nothing
    left: Callable[[], None] = lambda: None
    value: str = ""
    complete: Callable[[str], str] | None = None
    """Tab: returns the completed text."""
    keys: str = ""
    """Non-empty: a single key of these answers at once; any other key means no."""


class Line(Input):
    """The input of the prompt; Tab completes, up, down and the page keys move what is behind it."""

    def __init__(self, scroll: Callable[[str], None]) -> None:
        super().__init__(id="line", compact=True, select_on_focus=False)
        self.cursor_blink = False
        self.question: Question | None = None
        self._scroll = scroll

    async def _on_key(self, event: events.Key) -> None:
        question = self.question
        if question is not None and question.keys and event.key != "escape":
            event.stop()
            event.prevent_default()
            question.answered(event.character if event.character and event.character in question.keys else "")
        elif question is not None and event.key in ("up", "down", "pageup", "pagedown"):
            event.stop()
            event.prevent_default()
            self._scroll(event.key)
        elif question is not None and event.key == "tab":
            event.stop()
            event.prevent_default()
            if question.complete is not None:
                self.value = question.complete(self.value)
                self.cursor_position = len(self.value)
        else:
            await super()._on_key(event)


class Prompt(Horizontal):
    """Holds the message bar and the input; one of them is shown."""

    def __init__(self, desk: Desk, scroll: Callable[[str], None]) -> None:
        super().__init__(id="prompt")
        self._label = Bar(desk, id="label")
        self._label.ground = "text"
        self._line = Line(scroll)

    def compose(self) -> ComposeResult:
        """The label (or message) and the line."""
        yield self._label
        yield self._line

    def on_mount(self) -> None:
        """Nothing is asked at first."""
        self._line.display = False

    @property
    def asking(self) -> bool:
        """Whether a question is open."""
        return self._line.question is not None

    def say(self, text: str, role: str) -> bool:
        """Show a message unless a question is open; return whether anything was drawn."""
        if self.asking:
            return False
        return self._label.show([[(f" {text}" if text else "", role)]])

    def label(self, text: str, role: str = "message") -> None:
        """Change the label of the open question: an error in what was typed, a count."""
        spans: list[Span] = [(f" {text} ", role)]
        self._label.styles.width = len(text) + 2
        self._label.show([spans])

    def accept(self, text: str) -> None:
        """`text` is in force: when that is what stands on the line, the question has its own label again."""
        if self._line.question is not None and self._line.value == text:
            self.label(self._line.question.label)

    def ask(self, question: Question) -> None:
        """Open a question and put the keyboard there."""
        self._line.question = question
        self.label(question.label)
        self._line.value = question.value
        self._line.cursor_position = len(question.value)
        self._line.display = True
        self.screen.set_focus(self._line)  # at once: Widget.focus is deferred, and typed-ahead keys would be lost

    def close(self) -> None:
        """End the question; its hooks are not called."""
        self._line.question = None
        self._line.display = False
        self._label.styles.width = "1fr"
        self._label.show([[]])

    def leave(self) -> None:
        """Esc: end the question and tell it."""
        question = self._line.question
        self.close()
        if question is not None:
            question.left()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell the question at every key."""
        event.stop()
        if self._line.question is not None:
            self._line.question.typed(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: end the question and hand over the answer."""
        event.stop()
        question = self._line.question
        if question is not None:
            question.answered(event.value)
