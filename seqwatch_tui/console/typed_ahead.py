"""Keys in the order they were typed: a widget takes a key in a task of its own, while the app looks at the next one."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from textual.widget import Widget

_PATIENCE = 1.0
"""Seconds after which a widget that takes nothing is not waited for any more: it has failed, and the app must end."""


async def taken(widget: Widget) -> None:
    """Return when `widget` has dealt with every message it was sent so far."""
    done = asyncio.Event()
    if widget.call_later(done.set):
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await done.wait()
