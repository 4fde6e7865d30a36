"""How a console starts and ends: environment before the imports, exit status after, the terminal as it was found.

`run` is what `cli` calls. It imports Textual itself, late, so that `first_paint` has long drawn something.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Callable, MutableMapping
from pathlib import Path

from seqwatch_tui.console.first_paint import FirstPaint

_POLITE = {"TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0", "ESCDELAY": "25", "TEXTUAL_FPS": "240"}
"""Textual waits 1/FPS s after each repaint: at its 60, a key that meets a frame of the feed is seen 10 ms later."""
_DROPPED = (
    "TEXTUAL_DRIVER", "TEXTUAL_PRESS", "TEXTUAL_DEBUG", "TEXTUAL_LOG", "TEXTUAL", "TEXTUAL_FILTERS",
    "TEXTUAL_SCREENSHOT", "TEXTUAL_THEME",
)  # fmt: skip
_SWITCH_SECONDS = 0.0005
"""A key passes three threads on its way to the screen, and waits at each while the feed reads an answer."""
_SYSTEMS = ("auto", "standard", "256", "truecolor")
_PLAIN_TERMINALS = ("vt100", "vt102", "vt220", "dumb", "unknown", "")


def run(
    socket: Path, *, read_only: bool = False, theme: str | None = None,
    engine_child: Callable[[], int | None] | None = None, painted: FirstPaint | None = None, start: str = "overview",
    colourless: bool | None = None,
) -> int:  # fmt: skip
    """Show the console until the operator leaves; return the exit status.

    `engine_child` tells the status of an engine this process started (None while it runs); whoever started it ends it.
    `colourless` is what `load` returned, None when it was not called yet.
    0 left by key, 1 internal error, 2 unusable theme or no terminal, 129 hang-up, 143 terminated.
    """
    try:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return _refuse("the console needs a terminal; its commands work without: seqwatch events, alerts, sql")
        plain = load() if colourless is None else colourless
        from seqwatch_tui.console import theme as themes
        from seqwatch_tui.console.app import Console

        try:
            look = themes.load(theme or (themes.COLOURLESS if plain else themes.DEFAULT))
        except themes.ThemeError as error:
            if painted is not None:
                painted.restore()
            return _refuse(str(error))
        sys.setswitchinterval(_SWITCH_SECONDS)
        app = Console(socket, look, read_only=read_only, start=start, child=engine_child)
        if painted is not None:
            painted.hand_over()
        app.run(mouse=False)
        if app.return_code is not None and app.return_code >= 128:
            _let_go()
        return app.return_code or 0
    finally:
        if painted is not None:
            painted.restore()


def load() -> bool:
    """Import Textual and the console, without ssl; return whether the terminal, or NO_COLOR, asks for no colour."""
    colourless = prepare(os.environ)
    gc.disable()  # nothing to collect while modules load; 5 % of the time to the first screen
    with_ssl = _without_ssl()
    try:
        importlib.import_module("seqwatch_tui.console.app")
    finally:
        with_ssl()
        gc.enable()
    return colourless


def prepare(environ: MutableMapping[str, str]) -> bool:
    """Set what Textual reads at import; return whether the terminal, or NO_COLOR, asks for no colour."""
    for name in _DROPPED:
        environ.pop(name, None)
    environ.update(_POLITE)
    if environ.get("TEXTUAL_COLOR_SYSTEM", "auto") not in _SYSTEMS:
        del environ["TEXTUAL_COLOR_SYSTEM"]
    plain = environ.get("TERM", "") in _PLAIN_TERMINALS
    if plain:
        environ["TEXTUAL_COLOR_SYSTEM"] = "standard"
    return bool(environ.pop("NO_COLOR", "")) or plain


def _without_ssl() -> Callable[[], None]:
    """Keep `ssl` (25 ms, 4 MB) out of asyncio and http.client: a Unix socket needs none. Returns the undo."""
    if "ssl" in sys.modules or "asyncio" in sys.modules:
        return lambda: None
    sys.modules["ssl"] = None  # type: ignore[assignment]
    return _with_ssl


def _with_ssl() -> None:
    sys.modules.pop("ssl", None)


def _let_go() -> None:
    """The terminal may be gone: what is left in the buffers goes nowhere, and the exit status stays what it is."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for fd in (1, 2):
        os.dup2(nowhere, fd)
    os.close(nowhere)


def _refuse(reason: str) -> int:
    sys.stderr.write(f"seqwatch: {reason}\n")
    return 2
