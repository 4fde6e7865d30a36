"""The application: what a key means, and what is drawn from the desk.

It holds the parts (stage, live, search, acts, command line) and passes between them; it decides nothing about data.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.containers import Container
from textual.filter import LineFilter
from textual.message import Message

from seqwatch_tui.console import theme
from seqwatch_tui.console.acts import Acts
from seqwatch_tui.console.client import Client, EngineError
from seqwatch_tui.console.command_line import CommandLine
from seqwatch_tui.console.commands.base import Command
from seqwatch_tui.console.commands.registry import COMMANDS, NOT_TYPED, elsewhere, footer, of_key
from seqwatch_tui.console.cursor import Cursor
from seqwatch_tui.console.desk import Desk
from seqwatch_tui.console.dress import Dress
from seqwatch_tui.console.errands import Errand, Errands
from seqwatch_tui.console.guard import Colourless, Guard
from seqwatch_tui.console.live import Live
from seqwatch_tui.console.palette import CommandProvider
from seqwatch_tui.console.search import Search
from seqwatch_tui.console.stage import Stage
from seqwatch_tui.console.style import CSS
from seqwatch_tui.console.textual_private import QuietApp, ThriftyDriver, forget
from seqwatch_tui.console.typed_ahead import taken
from seqwatch_tui.console.views.base import Asks, View
from seqwatch_tui.console.widgets.footer import Footer
from seqwatch_tui.console.widgets.header import Header
from seqwatch_tui.console.widgets.prompt import Prompt, Question

T = TypeVar("T")
_SETTLED = 0.1
"""Seconds after a new size until nothing is drawn for the old one any more."""


_KEYS = sorted({key for command in COMMANDS for key in command.keys})
_BINDINGS: list[BindingType] = [
    Binding("ctrl+c", "interrupt", show=False, priority=True),
    *(Binding(key, f"press('{key}')", show=False, priority=True) for key in _KEYS),
]
"""All of priority: they run before the next key is looked at, so what a slow link delivers at once (`:snoozes`) is
typed into the line that its first key opens."""


class Deliver(Message, bubble=False):
    """Something another thread wants done in the application's own."""

    def __init__(self, hook: Callable[[], None]) -> None:
        super().__init__()
        self.hook = hook


class Console(QuietApp[None]):
    """The console. `socket` is the engine's; `start` the first screen."""

    CSS = CSS
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {CommandProvider}
    BINDINGS: ClassVar[list[BindingType]] = _BINDINGS

    def __init__(
        self, socket: Path, look: theme.Theme, *, read_only: bool = False, start: str = "overview",
        child: Callable[[], int | None] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(driver_class=ThriftyDriver)
        self.desk = Desk(look, read_only)
        self._start = start
        self._guards: tuple[LineFilter, LineFilter] = (Guard(), Colourless())
        self._errands = Errands(socket, self.deliver)
        self._message = ("", "text")
        self._interrupted = -99.0
        self.stage = Stage(self, start)
        self.live = Live(self, Client(socket), child)
        self.search = Search(self)
        self.acts = Acts(self)
        self.line = CommandLine(self)
        self.cursor, self.dress = Cursor(self), Dress(self)

    # Life
    def get_line_filters(self) -> list[LineFilter]:
        """Textual's filters, then the guard, then, in a theme without colour, the one that takes colours out."""
        guard, colourless = self._guards
        return [*super().get_line_filters(), guard, *([colourless] if self.desk.look.colourless else [])]

    def compose(self) -> ComposeResult:
        """Two rows above, two below, the view between."""
        self.header, self.body = Header(self.desk), Container(id="body")
        self.prompt, self.footer = Prompt(self.desk, self.cursor.move), Footer(self.desk)
        yield from (self.header, self.body, self.prompt, self.footer)

    def on_mount(self) -> None:
        """Signals, the first view, the feed."""
        self.dress.put_on()
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGHUP, signal.SIGTERM):
                loop.add_signal_handler(number, self._hung_up, number)
        self.go(self._start)
        self.live.start()
        self.set_interval(1.0, self._every_second)

    def on_unmount(self) -> None:
        """Hang up."""
        self.live.stop()

    def _hung_up(self, number: int) -> None:
        self.exit(return_code=128 + number)

    def deliver(self, hook: Callable[[], None]) -> None:
        """Have `hook` run in the application's own thread; called from any."""
        self.post_message(Deliver(hook))

    def on_deliver(self, message: Deliver) -> None:
        """Run what another thread handed over."""
        message.hook()

    def on_cursor_position(self, _event: events.CursorPosition) -> None:
        """The terminal has the last frame."""
        self.live.frames.arrived()

    def _every_second(self) -> None:
        self.live.frames.look_after()
        if self.desk.snapshot is not None and not self.prompt.asking:
            self.stage.prepare()

    def on_resize(self, event: events.Resize) -> None:
        """Everything is drawn anew; the header's places depend on the width."""
        forget(self, event.size.width)
        self.call_after_refresh(self.redraw)
        self.set_timer(_SETTLED, self._draw_all)

    def _draw_all(self) -> None:
        """Once more after a new size: a frame of the old one may have reached the new terminal, at rows it has not."""
        if self.screen_stack:  # not on the way out
            forget(self, self.size.width)
            self.screen.refresh()

    # Drawing
    def redraw(self) -> bool:
        """Bring header, view and footer up to date; return whether anything was drawn."""
        desk, view = self.desk, self.view
        if not view.is_mounted:  # still being built: draw when it is
            self.set_timer(0.01, self.redraw)
            return False
        desk.context, desk.crumbs, desk.note = view.context, self.stage.crumbs, self._note()
        drawn = view.update()
        drawn = self.header.update() or drawn
        drawn = self.tell_keys() or drawn
        return self.prompt.say(*self._message) or drawn

    def tell_keys(self) -> bool:
        """The keys that work now, in the footer: those of the question, of the editor, or of the view."""
        desk, view = self.desk, self.view
        told = footer(view.context, read_only=desk.read_only, typing=view.is_mounted and view.typing)
        return self.footer.update(self.prompt.pairs if self.prompt.asking else told)

    def on_descendant_focus(self) -> None:
        """Another part has the keyboard: other keys work."""
        with suppress(AttributeError):  # before the first compose there is no prompt
            self.tell_keys()

    def _note(self) -> str:
        window = self.desk.window
        if self.view.context in ("events", "overview"):
            known = self.desk.filter and window.matched is not None
            return f"{window.matched} of {window.looked_at} match" if known else ""
        hidden = self.view.hidden()
        return f"{hidden} hidden by filter" if hidden else ""

    # Views
    @property
    def view(self) -> View:
        """The view on top."""
        return self.stage.view

    def go(self, name: str) -> None:
        """Show one of the six screens or the overview."""
        self.close_prompt()
        self._message = ("", "text")
        self.stage.go(name)

    def push(self, view: View) -> None:
        """Drill into `view`; the list it came from keeps its row."""
        self.view.hold()
        self.stage.push(view)

    def focus_view(self) -> None:
        """The keyboard to the view on top, unless a question has it."""
        if not self.prompt.asking:
            self.stage.focus()

    def back(self) -> None:
        """Leave the innermost thing that is open: question, running query, view, filter."""
        view = self.view
        if self.prompt.asking:
            self.prompt.leave()
            self.tell_keys()
            self.focus_view()
        elif isinstance(view, Asks) and view.cancel():
            self.say("the query was stopped")
        elif self.search.text:
            self.search.sift("")
        elif self.stage.drilled:
            self._message = ("", "text")
            self.stage.pop()
        elif isinstance(view, Asks):
            view.leave_editor()
        else:
            self.say("nothing to leave here; q quits")

    # Keys
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of the console sleep while the palette is open; while a question is, only Esc works; in the editor, those
        that type nothing."""
        if action != "press":
            return True
        if len(self.screen_stack) > 1 or self.prompt.asking:
            return len(self.screen_stack) == 1 and parameters == ("escape",)
        return not self.view.typing or parameters[0] in NOT_TYPED

    def action_press(self, key: str) -> None:
        """Run the command of a key; one of other screens says where it works."""
        command = of_key(key, self.view.context)
        if command is not None:
            self.perform(command, "")
        else:
            self.say(elsewhere(key), "warn")

    async def on_event(self, event: events.Event) -> None:
        """A key is looked at when the one before it has had its effect: a link may deliver many at once."""
        typed = isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded
        if typed:
            await self.stage.settle()
        await super().on_event(event)
        if typed and self.focused is not None and (self.prompt.asking or self.view.typing):
            await taken(self.focused)

    def on_key(self, event: events.Key) -> None:
        """A key that nobody wanted says so."""
        if event.is_printable and event.character and len(self.screen_stack) == 1 and not self.prompt.asking:
            self.say(f"{event.character} is no key of the console; ? lists them", "warn")

    def action_interrupt(self) -> None:
        """Ctrl+C: leaves a question; twice within two seconds leaves the console."""
        now = time.monotonic()
        if now - self._interrupted < 2.0:
            self.exit(return_code=0)
        self._interrupted = now
        if self.prompt.asking:
            self.back()
        self.say("Ctrl+C again quits; q quits as well")

    def perform(self, command: Command, argument: str, *, chosen: bool = False) -> None:
        """Run a command; one `chosen` by name that needs an argument opens the command line."""
        if command.acts and self.desk.read_only:
            self.say(f"read-only: {command.name} is switched off here", "warn")
        elif chosen and command.argument and not argument and not command.keys:
            self.line.ask(f"{command.name} ")
        else:
            if not command.acts:
                self.say("")
            command.run(self, argument)

    # What commands do
    def copy(self) -> None:
        """OSC 52: the text is already free of controls."""
        text = self.view.copy()
        self.copy_to_clipboard(text)
        self.say(f"copied {len(text)} characters" if text else "nothing to copy")

    def refresh_now(self) -> None:
        """Draw all of the screen, and ask the engine at once; while following, for the whole window, whose rows may
        have become evidence since."""
        forget(self)
        self.screen.refresh()
        self.view.fetch_again()
        self.live.want(at_once=True, filter=self.desk.filter if self.desk.following else None)

    # What views ask
    def errand(
        self, call: Callable[[Client], T], done: Callable[[T], None], *,
        failed: Callable[[EngineError], None] | None = None, timeout: float = 20.0,
    ) -> Errand:  # fmt: skip
        """Ask the engine on a thread of its own; a failure without a hook becomes a message."""
        return self._errands.send(call, done, failed or self._errand_failed, timeout)

    def _errand_failed(self, error: EngineError) -> None:
        self.say(error.told, "warn")

    def say(self, text: str, role: str = "message") -> None:
        """One sentence above the footer, until the next key."""
        self._message = (text, role)
        with suppress(AttributeError):  # before the first compose there is no prompt
            self.prompt.say(text, role)

    def ask(self, question: Question) -> None:
        """Ask above the footer; the list keeps the row that is asked about."""
        self.view.hold()
        self._message = ("", "text")
        self.prompt.ask(question)
        self.tell_keys()

    def label_prompt(self, text: str, role: str = "message") -> None:
        """Change the label of the open question."""
        self.prompt.label(text, role)

    def refuse(self, text: str) -> None:
        """Say why the answer is not taken; the question stays open."""
        self.prompt.refuse(text)

    def close_prompt(self) -> None:
        """End the question without an answer; the keyboard goes back to the view."""
        if self.prompt.asking:
            self.prompt.close()
            self.tell_keys()
            self.focus_view()
