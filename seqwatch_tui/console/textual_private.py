"""The private names of Textual 8.2.8 that the console needs, in one place, held by a test.

`_driver`: bytes to the terminal that Textual has no call for (scroll region, cursor position request, mouse modes).
`LinuxDriver` (textual.drivers): what all bytes to the terminal pass through.
`_bindings`: the keys of a widget itself. Textual runs them when the key has bubbled up to the app, where keys typed after
it have overtaken it.
`_fatal_error`: the stock one prints local variables of every frame, where a passphrase or a subject id may stand.
"""

from __future__ import annotations

import traceback
from typing import TypeVar

from rich.text import Text
from textual import events
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.widget import Widget

from seqwatch_tui.console.mirror import Mirror
from seqwatch_tui.model.text import safe_text

Result = TypeVar("Result")


class ThriftyDriver(LinuxDriver):
    """The driver of a Linux terminal, which sends the cells that change instead of every cell that is drawn."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.mirror = Mirror()

    def write(self, data: str) -> None:
        """Send what of `data` the terminal does not show yet."""
        if sent := self.mirror.squeeze(data):
            super().write(sent)

    def scroll(self, first: int, last: int, by: int) -> None:
        """Have the terminal move the lines `first` to `last` (from 0) up by `by`."""
        super().write(self.mirror.scroll(first, last, by))


def write_raw(app: App[Result], data: str) -> None:
    """Send `data` to the terminal as it is; nothing happens when there is no driver (before start, after exit)."""
    driver = app._driver
    if driver is not None and not app.is_headless:
        driver.write(data)


def scroll(app: App[Result], first: int, last: int, by: int) -> None:
    """Have the terminal move whole lines by itself; nothing happens where it is not known to do so."""
    if isinstance(app._driver, ThriftyDriver):
        app._driver.scroll(first, last, by)


def forget(app: App[Result], width: int | None = None) -> None:
    """Take nothing on the terminal for known: it has another width, or others may have written to it."""
    if isinstance(app._driver, ThriftyDriver):
        app._driver.mirror.forget(width)


async def act_at_once(widget: Widget, event: events.Key) -> bool:
    """Do what a key means to `widget` itself (backspace to a line) before any key typed after it; False without one."""
    for binding in widget._bindings.key_to_bindings.get(event.key, ()):
        if await widget.app.run_action(binding.action, widget):
            event.stop()
            event.prevent_default()
            return True
    return False


class QuietApp(App[Result]):
    """An app whose crash report holds file names and line numbers, and never a value."""

    def _fatal_error(self) -> None:
        lines = [safe_text(line.rstrip("\n")) for entry in traceback.format_exc().splitlines() for line in [entry]]
        frames = [line for line in lines if line.startswith("  File ")][-6:]
        kind = lines[-1].partition(":")[0] if lines else "error"
        report = "\n".join(
            ["seqwatch: the console stopped on an internal error; the engine keeps collecting.", kind, *frames]
        )
        self._exit_renderables.append(Text(report, no_wrap=True, overflow="ignore"))
        self._close_messages_no_wait()
