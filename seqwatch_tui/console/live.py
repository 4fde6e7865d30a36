"""What the feed brings becomes what the desk holds, and what the screen shows becomes what the feed is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from seqwatch_tui.console import when
from seqwatch_tui.console.client import Client, EngineError, Refused
from seqwatch_tui.console.feed import Feed, Fresh, Lost, Met, News, Rejected, Wanted
from seqwatch_tui.console.frames import Frames

if TYPE_CHECKING:
    from seqwatch_tui.console.app import Console

PACES = (2.0, 1.0, 0.5, 0.25)
"""Seconds between two frames that an operator may choose from."""


class Live:
    """Owns the feed, its question and the pace. `child` tells the exit status of an engine this console started."""

    def __init__(self, app: Console, client: Client, child: Callable[[], int | None] | None) -> None:
        self._app, self._child, self._read_only = app, child, app.desk.read_only
        self._feed = Feed(client, lambda news: app.deliver(lambda: self.hear(news)))
        self.frames = Frames(app, self._feed.drawn)
        self._wanted = Wanted()
        self._pace = len(PACES) - 1
        self.rejected = ""
        """Why the engine does not take the filter that was asked for last; empty while it does."""
        self.start, self.stop = self._feed.start, self._feed.stop

    def hear(self, news: News) -> None:
        """Take in what the feed says, and draw it."""
        desk = self._app.desk
        if isinstance(news, Fresh):
            self._show(news)
            return
        if isinstance(news, Met):
            desk.hello = news.hello
            desk.read_only = self._read_only or news.hello.read_only
            desk.zone = when.zone_of(news.hello.timezone)
        elif isinstance(news, Rejected):
            self._reject(news)
        elif isinstance(news, Lost):
            self._lose(news.error)
        self._app.redraw()

    def want(self, *, at_once: bool = False, filter: str | None = None) -> None:  # noqa: A002
        """Ask for what is on the screen now; with `filter`, for the newest rows it lets through, from scratch."""
        desk = self._app.desk
        changed = filter is not None
        self.rejected = "" if changed else self.rejected
        self._wanted = Wanted(
            events=max(self._app.size.height, 24) if desk.following or changed or desk.window.newest is None else 1,
            after=None if changed else desk.window.newest, rows=200 if desk.context == "alerts" else 60,
            filter=filter if filter is not None else desk.filter, number=self._wanted.number + changed,
        )  # fmt: skip
        self._feed.want(self._wanted, at_once=at_once)

    def follow(self, on: bool) -> None:
        """Follow the newest event, or stand still."""
        self._app.desk.following, self._app.desk.waiting = on, 0
        self._app.cursor.tail()
        self.want(at_once=True)
        self._app.redraw()

    def pace(self, step: int) -> None:
        """Draw more or less often."""
        self._pace = min(max(self._pace + step, 0), len(PACES) - 1)
        self._feed.interval = PACES[self._pace]
        self._app.say(f"draws at most {1 / PACES[self._pace]:g} times a second")

    def _show(self, news: Fresh) -> None:
        desk, status = self._app.desk, news.snapshot.status
        if desk.trouble:
            self._app.say("the engine answers again")
            self._app.view.fetch_again()
        desk.snapshot, desk.trouble, desk.since = news.snapshot, "", time.time()
        if desk.window.newest is not None and status.newest < desk.window.newest:
            self.want(at_once=True, filter=desk.filter)  # another store answers: its events have other numbers
        if news.wanted.number == self._wanted.number:
            self._take_events(news)
            self.want()
        self.frames.sent(self._app.redraw())

    def _take_events(self, news: Fresh) -> None:
        desk, panel, after = self._app.desk, news.snapshot.events, news.wanted.after
        if after is None:
            desk.filter = news.wanted.filter
            self._app.prompt.accept(desk.filter)
            desk.window.clear()
            desk.waiting = 0
        if desk.following or after is None:
            desk.window.feed(panel)
        elif after == desk.window.newest:
            sifted = bool(desk.filter)
            desk.waiting = panel.total if sifted else news.snapshot.status.newest - after
            desk.at_least = sifted and panel.cut

    def _lose(self, error: EngineError) -> None:
        self._app.desk.trouble = str(error)
        hint = " ".join(error.hint.split()) if isinstance(error, Refused) else self._advice()
        self._app.say(f"engine: {hint}; {error}", "fail")

    def _advice(self) -> str:
        """What to do when nobody answers: it depends on who started the engine, and whether it still runs."""
        if self._child is None:
            return "run: systemctl start seqwatch"
        code = self._child()
        if code is None:
            return "this console started it, and it still runs: wait, or leave (q) and start again"
        return f"this console started it, and it has ended (status {code}): leave (q) and start again"

    def _reject(self, news: Rejected) -> None:
        if news.wanted.number != self._wanted.number:
            return
        self.rejected = str(news.error)
        if self._app.prompt.asking:
            self._app.prompt.label(f"/ {news.error}", "warn")
        else:
            self._app.say(f"filter: {news.error}", "warn")
        self.want(at_once=True)
