"""The two private names of Textual 8.2.8 that the console needs, in one place, held by a test.

`_driver`: bytes to the terminal that Textual has no call for (scroll region, cursor position request, mouse modes).
`_fatal_error`: the stock one prints local variables of every frame, where a passphrase or a subject id may stand.
"""

from __future__ import annotations

import traceback
from typing import TypeVar

from rich.text import Text
from textual.app import App

from seqwatch_tui.model.text import safe_text

Result = TypeVar("Result")


def write_raw(app: App[Result], data: str) -> None:
    """Send `data` to the terminal as it is; nothing happens when there is no driver (before start, after exit)."""
    driver = app._driver
    if driver is not None and not app.is_headless:
        driver.write(data)


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
