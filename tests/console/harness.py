"""A console without a terminal on a fake engine, and waiting for what it shows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from seqwatch_tui.console import theme
from seqwatch_tui.console.app import Console
from tests.console.fake_engine import FakeEngine, Site


@asynccontextmanager
async def console(
    folder: Path, site: Site, size: tuple[int, int] = (80, 24), *, look: str = "dark", start: str = "overview",
    read_only: bool = False,
) -> AsyncIterator[tuple[Console, object]]:  # fmt: skip
    """The running app and its pilot, after the first snapshot is on the screen."""
    with FakeEngine(folder / "engine.sock", site) as engine:
        app = Console(engine.socket, theme.load(look), start=start, read_only=read_only)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.desk.snapshot is not None)
            await pilot.pause()
            yield app, pilot


async def until(pilot, condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Let the app run until `condition` holds; AssertionError when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the screen never came to show it"
        await asyncio.sleep(0.01)
        await pilot.pause()


def screen_text(app: Console) -> str:
    """What is on the screen, as lines of text."""
    width, height = app.size
    strips = app.screen._compositor.render_strips() if app.size else []
    del width, height
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


async def shows(pilot, app: Console, text: str) -> None:
    """Wait until `text` is on the screen."""
    try:
        await until(pilot, lambda: text in screen_text(app))
    except AssertionError as error:
        raise AssertionError(f"{text!r} is not on the screen:\n{screen_text(app)}") from error
