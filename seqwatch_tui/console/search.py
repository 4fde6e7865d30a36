"""Finding rows: the filter line, stepping to matches, and paging back into the store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from seqwatch_tui.console.answers import Panel
from seqwatch_tui.console.client import EngineError
from seqwatch_tui.console.widgets.events import EventList
from seqwatch_tui.console.widgets.lines import Lines
from seqwatch_tui.console.widgets.prompt import Question
from seqwatch_tui.console.widgets.table import holds

if TYPE_CHECKING:
    from seqwatch_tui.console.app import Console

_OLDER = 200


class Search:
    """Filters what the engine shows, or what a table holds; remembers the words for `n` and `N`."""

    def __init__(self, app: Console) -> None:
        self._app = app
        self.words = ""
        self._fetching_older = False

    @property
    def text(self) -> str:
        """The filter of the present view."""
        if self._app.view.context in ("events", "overview"):
            return self._app.desk.filter
        return getattr(self._app.view.lines(), "words", "")

    def sift(self, words: str) -> None:
        """Filter the present view; events are filtered by the engine."""
        self.words = words or self.words
        if self._app.view.context in ("events", "overview"):
            self._app.live.want(at_once=True, filter=words)
        else:
            self._app.view.sift(words)
            self._app.redraw()

    def ask(self, start: str) -> None:
        """Open the filter line; every key filters, Esc restores, Enter keeps."""
        before = self.text

        def kept(words: str) -> None:
            if self._app.view.context in ("events", "overview") and self._app.live.rejected:
                return  # the label says why; closing would leave the part of it in force that was a filter
            self.words = words or self.words
            self._app.close_prompt()
            if (
                not isinstance(self._app.view.lines(), (EventList,))
                and words
                and not hasattr(self._app.view.lines(), "words")
            ):
                self.seek((), backwards=False)

        self._app.ask(Question("/", kept, typed=self.sift, left=lambda: self.sift(before), value=start))

    def seek(self, states: tuple[str, ...], *, backwards: bool) -> None:
        """Go to the next row with one of `states`, or, without, with the words of the last filter."""
        lines = self._app.view.lines()
        if lines is None or (not states and not self.words):
            self._app.say("there is nothing to look for: / filters or searches", "warn")
            return
        if isinstance(lines, EventList) and self._app.desk.following:
            self._app.live.follow(False)
        start = lines.cursor if lines.selectable else lines.top
        order = range(start - 1, lines.begin() - 1, -1) if backwards else range(start + 1, lines.end())
        if not lines.find(self._matching(lines, order, states)):
            side = "earlier" if backwards else "later"
            self._app.say(
                f"no {side} row {'like that' if states else 'with ' + self.words} among those in memory", "warn"
            )
        self._app.view.describe()

    def page_back(self, lines: Lines) -> None:
        """Fetch older events when the cursor comes near the oldest in memory."""
        window = self._app.desk.window
        near = isinstance(lines, EventList) and lines.top <= window.first + 2
        if not near or window.reached_start or self._fetching_older or window.oldest is None:
            return
        self._fetching_older = True
        before, sifted, generation = window.oldest, self._app.desk.filter or None, window.generation

        def arrived(panel: Panel) -> None:
            self._fetching_older = False
            if generation == window.generation:
                window.prepend(panel)
                lines.forget()

        def failed(error: EngineError) -> None:
            self._fetching_older = False
            self._app.say(f"older events: {error}", "warn")

        self._app.errand(
            lambda client: client.get("/v1/events", Panel.of, limit=_OLDER, before=before, filter=sifted),
            arrived, failed=failed,
        )  # fmt: skip

    def _matching(self, lines: Lines, order: range, states: tuple[str, ...]) -> Iterator[int]:
        words = " ".join(word.lstrip("!").rpartition("=")[2].strip("*") for word in self.words.split())
        for serial in order:
            if states:
                cells = getattr(lines, "cells_of", lambda _serial: ())(serial)
                if any(role in states for _, role in cells):
                    yield serial
            elif holds(lines.text_of(serial), words):
                yield serial
