"""The row above the footer: a message, or a line to type in (filter, command, reason, confirmation)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Input

from seqwatch_tui.console.cells import fit, width, wrap
from seqwatch_tui.console.desk import Desk
from seqwatch_tui.console.textual_private import act_at_once
from seqwatch_tui.console.widgets.drawn import Bar

_MOST = 3
"""Rows that a message or a label may take."""
_ROOM = 24
"""Cells for what is typed, below which the line has a row of its own, under its label."""


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
    proposed: bool = False
    """`value` is a proposal: the first character typed replaces it, a move keeps it."""


class Line(Input):
    """The input of the prompt; Tab completes, up, down and the page keys move what is behind it."""

    def __init__(self, scroll: Callable[[str], None], entered: Callable[[str], None]) -> None:
        super().__init__(id="line", compact=True, select_on_focus=False)
        self.cursor_blink = False
        self.question: Question | None = None
        self._scroll, self._entered = scroll, entered

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
        elif question is not None and event.key == "enter":
            event.stop()
            event.prevent_default()
            self._entered(self.value)
        elif not await act_at_once(self, event):
            await super()._on_key(event)


class Prompt(Container):
    """Holds the message bar and the input; one of them is shown. Nothing is cut that fits into a few rows."""

    def __init__(self, desk: Desk, scroll: Callable[[str], None]) -> None:
        super().__init__(id="prompt")
        self._label = Bar(desk, id="label")
        self._label.ground = "text"
        self._line = Line(scroll, self._enter)
        self._told: str | None = None
        """What the open question was last told of what is typed."""
        self._said = ("", "text")
        self._laid: tuple[object, ...] = ()

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
        return False if self.asking else self._lay(text, role)

    def label(self, text: str, role: str = "message") -> None:
        """Change the label of the open question: an error in what was typed, a count."""
        self._lay(text, role)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Keys that work while the question is open, and what they do."""
        question = self._line.question
        if question is None or question.keys:
            return [("Esc", "no")]
        return [
            ("Enter", "done"),
            ("Esc", "leave"),
            *([("Tab", "complete")] if question.complete else []),
            ("↑↓", "scroll"),
        ]

    def on_resize(self) -> None:
        """Another width breaks the text elsewhere."""
        self._lay(*self._said)

    def _lay(self, text: str, role: str) -> bool:
        """Show `text`, over as many rows as it needs; the line stands beside it or below. Return whether it changed."""
        cells, asking = self.app.size.width, self.asking
        self._said = (text, role)
        if self._laid == (text, role, cells, asking):
            return False
        self._laid = (text, role, cells, asking)
        free = _ROOM if asking and self._line.question and not self._line.question.keys else 1
        beside = asking and width(text) + 2 + free <= cells
        lines = [text] if beside else _rows(text, max(cells - 2, 1))
        self.set_class(asking and not beside, "stacked")
        self._label.styles.width = width(text) + 2 if beside else "1fr"
        self._label.styles.height = len(lines)
        self.styles.height = len(lines) + (asking and not beside)
        return self._label.show([[(f" {line} " if line else "", role)] for line in lines])

    def accept(self, text: str) -> None:
        """`text` is in force: when that is what stands on the line, the question has its own label again."""
        if self._line.question is not None and self._line.value == text:
            self.label(self._line.question.label)

    def ask(self, question: Question) -> None:
        """Open a question and put the keyboard there."""
        self._line.question, self._told = question, None
        self.label(question.label)
        self._line.value = question.value
        self._line.cursor_position = len(question.value)
        if question.proposed:
            self._line.select_all()
        self._line.display = True
        self.screen.set_focus(self._line)  # at once: Widget.focus is deferred, and typed-ahead keys would be lost

    def refuse(self, text: str) -> None:
        """What was typed is not taken: `text` says why, and the next character typed replaces it."""
        self._lay(text, "warn")
        self._line.select_all()

    def close(self) -> None:
        """End the question; its hooks are not called."""
        self._line.question = None
        self._line.display = False
        self._lay("", "text")

    def leave(self) -> None:
        """Esc: end the question and tell it."""
        question = self._line.question
        self.close()
        if question is not None:
            question.left()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell the question at every key."""
        event.stop()
        self._tell(self._line.value)

    def _tell(self, value: str) -> None:
        question = self._line.question
        if question is not None and value != self._told:
            self._told = value
            question.typed(value)

    def _enter(self, value: str) -> None:
        """Enter: the question hears what was typed, then the answer, before any key typed after it."""
        self._tell(value)
        if self._line.question is not None:
            self._line.question.answered(value)


def _rows(text: str, cells: int) -> list[str]:
    """`text` broken into at most _MOST rows; the last one says when there was more."""
    rows = wrap(text, cells)
    return rows if len(rows) <= _MOST else [*rows[: _MOST - 1], fit(" ".join(rows[_MOST - 1 :]), cells)]
