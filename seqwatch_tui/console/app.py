"""The application: which view is on top, what a key means there, and when a frame may be drawn.

One frame is in flight at a time. After a frame the terminal is asked for its cursor position; the answer means that the
frame has arrived, and only then is the next snapshot asked for. A terminal that never answers is not paced.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import time
from collections.abc import Callable, Iterator
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
from textual.theme import Theme as Sheet

from seqwatch_tui.console import theme, when
from seqwatch_tui.console.acts import Acts
from seqwatch_tui.console.answers import Panel
from seqwatch_tui.console.client import Client, EngineError, Refused
from seqwatch_tui.console.commands.base import Command
from seqwatch_tui.console.commands.registry import COMMANDS, footer, named, of_key
from seqwatch_tui.console.desk import Desk
from seqwatch_tui.console.errands import Errand, Errands
from seqwatch_tui.console.feed import Feed, Fresh, Lost, Met, News, Rejected, Wanted
from seqwatch_tui.console.guard import Colourless, Guard
from seqwatch_tui.console.palette import CommandProvider
from seqwatch_tui.console.style import CSS
from seqwatch_tui.console.textual_private import QuietApp, write_raw
from seqwatch_tui.console.views.base import Asks, View
from seqwatch_tui.console.views.roots import LIGHT, help_view, root_view, saved_view
from seqwatch_tui.console.widgets.drawn import Drawn
from seqwatch_tui.console.widgets.events import EventList
from seqwatch_tui.console.widgets.footer import Footer
from seqwatch_tui.console.widgets.header import Header
from seqwatch_tui.console.widgets.lines import Lines
from seqwatch_tui.console.widgets.prompt import Prompt, Question
from seqwatch_tui.console.widgets.result import ResultTable
from seqwatch_tui.console.widgets.table import holds

T = TypeVar("T")
_FIRST_OF_ALL = frozenset({"escape", "ctrl+j", "f5", "f2", "f1", "ctrl+p"})
_PACES = (2.0, 1.0, 0.5, 0.25)
_MUTE_AFTER, _STALLED_AFTER = 2.0, 10.0
_OLDER = 200


_KEYS = sorted({key for command in COMMANDS for key in command.keys})
_BINDINGS: list[BindingType] = [
    Binding("ctrl+c", "interrupt", show=False, priority=True),
    *(Binding(key, f"press('{key}')", show=False, priority=key in _FIRST_OF_ALL) for key in _KEYS),
]


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
        super().__init__()
        self.desk = Desk(look, read_only)
        self.acts = Acts(self)
        self._read_only, self._start, self._child = read_only, start, child
        self._guards: tuple[LineFilter, LineFilter] = (Guard(), Colourless())
        self._errands = Errands(socket, self._deliver)
        self._feed = Feed(Client(socket), lambda news: self._deliver(lambda: self._hear(news)))
        self._roots: dict[str, View] = {}
        self._stack: list[View] = []
        self._wanted = Wanted()
        self._before = ""
        """The filter to go back to when the filter line is left by Esc."""
        self._words = ""
        self._message = ("", "text")
        self._frame_sent: float | None = None
        self._paced, self._ever_answered = True, False
        self._interrupted = -99.0
        self._fetching_older = False
        self._pace = len(_PACES) - 1

    # Life
    def get_line_filters(self) -> list[LineFilter]:
        """Textual's filters, then the guard, then, in a theme without colour, the one that takes colours out."""
        guard, colourless = self._guards
        return [*super().get_line_filters(), guard, *([colourless] if self.desk.look.colourless else [])]

    def compose(self) -> ComposeResult:
        """Two rows above, two below, the view between."""
        self.header, self.body = Header(self.desk), Container(id="body")
        self.prompt, self.footer = Prompt(self.desk, self.move), Footer(self.desk)
        yield from (self.header, self.body, self.prompt, self.footer)

    def on_mount(self) -> None:
        """Signals, the first view, the feed."""
        self._dress()
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGHUP, signal.SIGTERM):
                loop.add_signal_handler(number, self._hung_up, number)
        self._paced = not self.is_headless
        self.go(self._start)
        self._feed.start()
        self.set_interval(1.0, self._every_second)

    def on_unmount(self) -> None:
        """Hang up."""
        self._feed.stop()

    def _hung_up(self, number: int) -> None:
        self.exit(return_code=128 + number)

    def _deliver(self, hook: Callable[[], None]) -> None:
        """Have `hook` run in the application's own thread; called from any."""
        self.post_message(Deliver(hook))

    def on_deliver(self, message: Deliver) -> None:
        """Run what another thread handed over."""
        message.hook()

    def on_resize(self, _event: events.Resize) -> None:
        """Everything is drawn anew; the header's places depend on the width."""
        self.call_after_refresh(self.redraw)

    # Frames
    def _hear(self, news: News) -> None:
        if isinstance(news, Fresh):
            self._show(news)
            return
        if isinstance(news, Met):
            self.desk.hello = news.hello
            self.desk.read_only = self._read_only or news.hello.read_only
            self.desk.zone = when.zone_of(news.hello.timezone)
        elif isinstance(news, Rejected):
            self._reject(news)
        elif isinstance(news, Lost):
            self._lose(news.error)
        self.redraw()

    def _show(self, news: Fresh) -> None:
        desk = self.desk
        desk.snapshot, desk.trouble, desk.since = news.snapshot, "", time.time()
        if self._message[1] == "fail" and self._message[0].startswith("engine:"):
            self.say("the engine answers again")
        panel = news.snapshot.events
        if desk.window.newest is not None and news.snapshot.status.newest < desk.window.newest:
            self._want(at_once=True, filter=desk.filter)  # another store answers: its events have other numbers
        if news.wanted.number == self._wanted.number:
            if news.wanted.filter != desk.filter or news.wanted.after is None:
                desk.filter = news.wanted.filter
                self.prompt.accept(desk.filter)
                desk.window.clear()
                desk.waiting = 0
            if desk.following or news.wanted.after is None:
                desk.window.feed(panel)
            elif news.wanted.after == desk.window.newest:
                sifted = bool(desk.filter)
                desk.waiting = panel.total if sifted else news.snapshot.status.newest - news.wanted.after
                desk.at_least = sifted and panel.cut
        self._want()
        self._sent(self.redraw())

    def _sent(self, drawn: bool) -> None:
        """A frame was drawn (or not): let the feed go on once it has reached the terminal."""
        if not drawn:
            self._feed.drawn()
        elif not self._paced:
            self.call_after_refresh(self._feed.drawn)
        else:
            self._frame_sent = time.monotonic()
            self.call_after_refresh(write_raw, self, "\x1b[6n")

    def on_cursor_position(self, _event: events.CursorPosition) -> None:
        """The terminal has the last frame."""
        self._frame_sent, self._ever_answered = None, True
        self._feed.drawn()

    def _every_second(self) -> None:
        """Look after the pace, and while there is time, prepare the next screen that a key may ask for."""
        self._look_after_pace()
        missing = [name for name in LIGHT if name not in self._roots]
        if missing and self.desk.snapshot is not None and not self.prompt.asking:
            self._mount_root(missing[0])
            if len(missing) == 1:
                gc.freeze()  # what lives as long as the console is not looked at by the collector again

    def _mount_root(self, name: str) -> View:
        view = self._roots[name] = root_view(name, self)
        view.display = False
        self.body.mount(view)
        return view

    def _look_after_pace(self) -> None:
        if self._frame_sent is None:
            return
        silent = time.monotonic() - self._frame_sent
        if not self._ever_answered and silent > _MUTE_AFTER:
            self._paced = False
        if silent > (_STALLED_AFTER if self._ever_answered else _MUTE_AFTER):
            self._frame_sent = None
            self._feed.drawn()

    def redraw(self) -> bool:
        """Bring header, view and footer up to date; return whether anything was drawn."""
        desk = self.desk
        desk.context = self.view.context
        desk.crumbs = tuple(view.crumb for view in (self.root, *self._stack))
        desk.note = self._note()
        drawn = self.view.update()
        drawn = self.header.update() or drawn
        drawn = self.footer.update(footer(desk.context, read_only=desk.read_only)) or drawn
        return self.prompt.say(*self._message) or drawn

    def _note(self) -> str:
        if self.view.context in ("events", "overview"):
            window = self.desk.window
            if not self.desk.filter or window.matched is None:
                return ""
            return f"{window.matched} of {window.looked_at} match"
        hidden = self.view.hidden()
        return f"{hidden} hidden by filter" if hidden else ""

    def _want(self, *, at_once: bool = False, filter: str | None = None) -> None:  # noqa: A002
        desk = self.desk
        rows = max(self.size.height, 24) if desk.following or desk.window.newest is None else 1
        changed = filter is not None
        self._wanted = Wanted(
            events=rows, after=None if changed else desk.window.newest, rows=200 if desk.context == "alerts" else 60,
            filter=filter if filter is not None else desk.filter, number=self._wanted.number + changed,
        )  # fmt: skip
        self._feed.want(self._wanted, at_once=at_once)

    def _lose(self, error: EngineError) -> None:
        self.desk.trouble = str(error)
        code = self._child() if self._child is not None else None
        ended = f"; the engine this console started has ended with status {code}" if code is not None else ""
        hint = error.hint if isinstance(error, Refused) else "run: systemctl start seqwatch"
        self._message = (f"engine: {hint}; {error}{ended}", "fail")

    def _reject(self, news: Rejected) -> None:
        if news.wanted.number == self._wanted.number:
            self._wanted = Wanted(number=self._wanted.number)
            if self.prompt.asking:
                self.prompt.label(f"/ {news.error}", "warn")
            else:
                self.say(f"filter: {news.error}", "warn")
            self._want(at_once=True)

    # Views
    @property
    def root(self) -> View:
        """The screen underneath."""
        return self._roots[self._start]

    @property
    def view(self) -> View:
        """The view on top."""
        return self._stack[-1] if self._stack else self.root

    def go(self, name: str) -> None:
        """Show one of the six screens or the overview; everything that was drilled into is left."""
        self.close_prompt()
        for view in self._stack:
            view.remove()
        self._stack.clear()
        if name not in self._roots:
            self._mount_root(name)
        self._start = name
        self._message = ("", "text")
        self._raise()

    def push(self, view: View) -> None:
        """Drill into `view`."""
        self._stack.append(view)
        self.body.mount(view)
        self._raise()

    def back(self) -> None:
        """Leave the innermost thing that is open: question, running query, view, filter."""
        view = self.view
        if self.prompt.asking:
            self.prompt.leave()
            self._focus()
        elif isinstance(view, Asks) and view.cancel():
            self.say("the query was stopped")
        elif self._stack:
            self._stack.pop().remove()
            self._message = ("", "text")
            self._raise()
        elif self.filter_text:
            self.sift("")
        elif isinstance(view, Asks):
            view.leave_editor()
        else:
            self.say("nothing to leave here; q quits")

    def _raise(self) -> None:
        for view in (*self._roots.values(), *self._stack):
            view.display = view is self.view
        self.call_after_refresh(self._focus)
        self.call_after_refresh(self.redraw)

    def _focus(self) -> None:
        if self.prompt.asking:
            return
        widget = self.view.main()
        if widget is not None and (self.focused is None or self.view not in self.focused.ancestors):
            widget.focus()

    # Keys
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of the console sleep while the palette is open; while a question is, only Esc works."""
        if action != "press":
            return True
        return len(self.screen_stack) == 1 and (not self.prompt.asking or parameters == ("escape",))

    def action_press(self, key: str) -> None:
        """Run the command of a key."""
        command = of_key(key, self.view.context)
        if command is not None:
            self.perform(command, "")

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
            self.ask_command(f"{command.name} ")
        else:
            if not command.acts:
                self.say("")
            command.run(self, argument)

    # What commands do
    def move(self, where: str) -> None:
        """Move the list with the keyboard; up on the live list pauses it, the end follows again."""
        lines = self.view.lines()
        if isinstance(lines, EventList):
            if where == "end":
                self.follow(True)
                return
            if self.desk.following:
                if where in ("down", "pagedown"):
                    return
                self.follow(False)
        if lines is not None:
            lines.move(where)
            self._page_back(lines)
            self._moved()

    def slide(self, by: int) -> None:
        """Move over the columns of a wide table."""
        lines = self.view.lines()
        if isinstance(lines, ResultTable):
            lines.slide(by)

    def seek(self, states: tuple[str, ...], *, backwards: bool) -> None:
        """Go to the next row with one of `states`, or, without, with the words of the last filter."""
        lines = self.view.lines()
        if lines is None or (not states and not self._words):
            self.say("there is nothing to look for: / filters or searches", "warn")
            return
        if isinstance(lines, EventList) and self.desk.following:
            self.follow(False)
        start = lines.cursor if lines.selectable else lines.top
        order = range(start - 1, lines.begin() - 1, -1) if backwards else range(start + 1, lines.end())
        if not lines.find(self._matching(lines, order, states)):
            side = "earlier" if backwards else "later"
            self.say(f"no {side} row {'like that' if states else 'with ' + self._words} among those in memory", "warn")
        self._moved()

    def _matching(self, lines: Lines, order: range, states: tuple[str, ...]) -> Iterator[int]:
        words = " ".join(word.lstrip("!").rpartition("=")[2].strip("*") for word in self._words.split())
        for serial in order:
            if states:
                cells = getattr(lines, "cells_of", lambda _serial: ())(serial)
                if any(role in states for _, role in cells):
                    yield serial
            elif holds(lines.text_of(serial), words):
                yield serial

    def _moved(self) -> None:
        self.view.describe()

    def _page_back(self, lines: Lines) -> None:
        window = self.desk.window
        near = isinstance(lines, EventList) and lines.top <= window.first + 2
        if not near or window.reached_start or self._fetching_older or window.oldest is None:
            return
        self._fetching_older = True
        before, sifted, generation = window.oldest, self.desk.filter or None, window.generation

        def arrived(panel: Panel) -> None:
            self._fetching_older = False
            if generation == window.generation:
                window.prepend(panel)
                lines.forget()

        def failed(error: EngineError) -> None:
            self._fetching_older = False
            self.say(f"older events: {error}", "warn")

        self.errand(
            lambda client: client.get("/v1/events", Panel.of, limit=_OLDER, before=before, filter=sifted),
            arrived, failed=failed,
        )  # fmt: skip

    def follow(self, on: bool) -> None:
        """Follow the newest event, or stand still."""
        desk = self.desk
        desk.following, desk.waiting = on, 0
        for lines in self.query(EventList):
            lines.tail()
        self._want(at_once=True)
        self.redraw()

    @property
    def filter_text(self) -> str:
        """The filter of the present view."""
        if self.view.context in ("events", "overview"):
            return self.desk.filter
        return getattr(self.view.lines(), "words", "")

    def sift(self, words: str) -> None:
        """Filter the present view; events are filtered by the engine."""
        self._words = words or self._words
        if self.view.context in ("events", "overview"):
            self._want(at_once=True, filter=words)
        else:
            self.view.sift(words)
            self.redraw()

    def ask_filter(self, start: str) -> None:
        """Open the filter line; every key filters, Esc restores, Enter keeps."""
        self._before = self.filter_text

        def kept(words: str) -> None:
            self._words = words or self._words
            self.close_prompt()
            if not isinstance(self.view.lines(), (EventList,)) and words and not hasattr(self.view.lines(), "words"):
                self.seek((), backwards=False)

        self.ask(Question("/", kept, typed=self.sift, left=lambda: self.sift(self._before), value=start))

    def ask_command(self, start: str) -> None:
        """Open the command line."""
        self.ask(Question(":", self._typed_command, value=start, complete=self._complete))

    def _typed_command(self, line: str) -> None:
        self.close_prompt()
        name, _, argument = line.strip().partition(" ")
        if not name:
            return
        command = named(name)
        if command is None:
            self.say(f"there is no command {name!r}; ? lists them, Tab completes", "warn")
        else:
            self.perform(command, argument.strip())

    def _complete(self, line: str) -> str:
        name, space, argument = line.partition(" ")
        if not space:
            found = [command.name for command in COMMANDS if command.name.startswith(name)]
            return found[0] + " " if len(found) == 1 else _common(found) or line
        command = named(name)
        found = [choice for choice in command.choices(self) if choice.startswith(argument)] if command else []
        return f"{name} {_common(found) or argument}"

    def datasets(self) -> list[str]:
        """Names of the datasets in the panels, for completion."""
        panel = self.desk.snapshot.integrity if self.desk.snapshot else None
        if panel is None or "dataset" not in panel.columns:
            return []
        return sorted(str(row[panel.index("dataset")]) for row in panel.rows)

    def copy(self) -> None:
        """OSC 52: the text is already free of controls."""
        text = self.view.copy()
        self.copy_to_clipboard(text)
        self.say(f"copied {len(text)} characters" if text else "nothing to copy")

    def refresh_now(self) -> None:
        """Ask the engine at once; while following, for the whole window, whose rows may have become evidence since."""
        self.view.fetch_again()
        self._want(at_once=True, filter=self.desk.filter if self.desk.following else None)

    def pace(self, step: int) -> None:
        """Draw more or less often."""
        self._pace = min(max(self._pace + step, 0), len(_PACES) - 1)
        self._feed.interval = _PACES[self._pace]
        self.say(f"draws at most {1 / _PACES[self._pace]:g} times a second")

    def wear(self, name: str) -> None:
        """Switch the theme."""
        if not name:
            self.say(f"themes: {', '.join(theme.names())}; now {self.desk.look.name}")
            return
        try:
            self.desk.look = theme.load(name)
        except theme.ThemeError as error:
            self.say(str(error), "warn")
            return
        self._dress()
        for widget in self.query(Drawn):
            widget.relook()

    def _dress(self) -> None:
        look = self.desk.look
        colours = {"background": look.background, "surface": look.background, "foreground": look.foreground}
        if look.colourless:
            colours = {}
        name = f"seqwatch-{look.name}"
        sheet = Sheet(name, primary=look.accent or "#808080", accent=look.accent or None, dark=look.dark, **colours)  # type: ignore[arg-type]
        self.register_theme(sheet)
        self.theme = name

    def open_help(self) -> None:
        """The keys, those of the present view first."""
        if self.view.context != "help":
            self.push(help_view(self, self.view.context))

    def open_saved(self) -> None:
        """The saved queries."""
        if isinstance(self.view, Asks):
            self.push(saved_view(self, self.view))

    def run_query(self) -> None:
        """Run what the editor holds."""
        if isinstance(self.view, Asks):
            self.view.run_query()

    # What views ask
    def errand(
        self, call: Callable[[Client], T], done: Callable[[T], None], *,
        failed: Callable[[EngineError], None] | None = None, timeout: float = 20.0,
    ) -> Errand:  # fmt: skip
        """Ask the engine on a thread of its own; a failure without a hook becomes a message."""
        return self._errands.send(call, done, failed or self._errand_failed, timeout)

    def _errand_failed(self, error: EngineError) -> None:
        hint = f"; {error.hint}" if isinstance(error, Refused) and error.hint else ""
        self.say(f"{error}{hint}", "warn")

    def say(self, text: str, role: str = "message") -> None:
        """One sentence above the footer, until the next key."""
        self._message = (text, role)
        with suppress(AttributeError):  # before the first compose there is no prompt
            self.prompt.say(text, role)

    def ask(self, question: Question) -> None:
        """Ask above the footer."""
        self._message = ("", "text")
        self.prompt.ask(question)

    def label_prompt(self, text: str, role: str = "message") -> None:
        """Change the label of the open question."""
        self.prompt.label(text, role)

    def close_prompt(self) -> None:
        """End the question without an answer; the keyboard goes back to the view."""
        if self.prompt.asking:
            self.prompt.close()
            self._focus()


def _common(names: list[str]) -> str:
    """The longest beginning that all names share."""
    if not names:
        return ""
    low, high = min(names), max(names)
    same = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    return low[:same]
