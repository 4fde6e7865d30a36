"""A list of lines of any length of which a window is drawn: cursor, paging, and the terminal's own scrolling.

Textual sends a dirty widget again in full. These lists send the rows that changed, and let the terminal move the rest
with a scroll region (DECSTBM), which is right only while the list spans the full width and nothing lies above it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from textual import events
from textual.geometry import Region
from textual.strip import Strip

from seqwatch_tui.console.desk import Desk
from seqwatch_tui.console.textual_private import scroll
from seqwatch_tui.console.widgets.drawn import Drawn, Span


class Lines(Drawn, can_focus=True):
    """Lines `begin` .. `end - 1` by serial number, under `fixed` lines that do not scroll."""

    selectable = True
    """Whether there is a cursor; without one the keys scroll."""

    def __init__(self, desk: Desk, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(desk, id=id, classes=classes)
        self.top = 0
        self.cursor = 0
        self._cache: dict[tuple[int, int, str], Strip] = {}
        self._owed = False
        self._scroll: tuple[Region, tuple[int, int, int]] | None = None
        """First and last line of the terminal and by how much they move, with the paint of the rows that come into sight."""

    # What a kind of list says about itself
    def begin(self) -> int:
        """Serial number of the first line."""
        return 0

    def end(self) -> int:
        """Serial number after the last line."""
        raise NotImplementedError

    def draw(self, serial: int, cells: int, ground: str) -> Strip:
        """One line; `ground` is text, cursor or resting."""
        raise NotImplementedError

    def fixed(self) -> list[list[Span]]:
        """Lines above the list that do not scroll."""
        return []

    def text_of(self, serial: int) -> str:
        """The line as plain text, for search and copy."""
        raise NotImplementedError

    # Geometry
    @property
    def head(self) -> int:
        """How many fixed lines there are."""
        return len(self.fixed())

    @property
    def room(self) -> int:
        """How many lines of the list fit."""
        return max(self.size.height - self.head, 1)

    @property
    def shows_cursor(self) -> bool:
        """Whether the cursor is drawn now."""
        return self.selectable

    def _fit(self) -> None:
        first, last = self.begin(), max(self.end() - 1, self.begin())
        self.cursor = min(max(self.cursor, first), last)
        self.top = min(max(self.top, first), max(self.end() - self.room, first))
        if self.selectable:
            self.top = min(max(self.top, self.cursor - self.room + 1), self.cursor)

    # Moving
    def move(self, where: str) -> None:
        """Move by `up`, `down`, `pageup`, `pagedown`, `home` or `end`."""
        old = self.cursor if self.selectable else self.top
        page = max(self.room - 1, 1)
        steps = {"up": old - 1, "down": old + 1, "pageup": old - page, "pagedown": old + page}
        steps |= {"home": self.begin(), "end": self.end() - 1}
        self.go(steps[where])

    def go(self, serial: int) -> None:
        """Put the cursor (or, without one, the top) on a line and repaint what that changes."""
        before, top = self.cursor, self.top
        if self.selectable:
            self.cursor = serial
        else:
            self.top = serial
        self._fit()
        touched = {before, self.cursor} if self.selectable and before != self.cursor else set()
        self.scroll_from(top, touched)

    def scroll_from(self, old_top: int, touched: Iterable[int]) -> bool:
        """Repaint after `top` changed from `old_top`, and the lines `touched`; return whether anything was."""
        by, room, cells = self.top - old_top, self.room, self.size.width
        rows = {serial - self.top for serial in touched}
        if by and not self._scroll_terminal(by):
            self.refresh()
            return True
        if by:
            rows |= set(range(room - by, room)) if by > 0 else set(range(-by))
        regions = [Region(0, self.head + row, cells, 1) for row in sorted(rows) if 0 <= row < room]
        if regions:
            self.refresh(*regions)
        return bool(regions)

    def _scroll_terminal(self, by: int) -> bool:
        region, app = self.region, self.app
        first, last = region.y + self.head, region.y + region.height - 1
        unfit = self._owed or abs(by) >= self.room - 1 or region.width != app.size.width
        if unfit or len(app.screen_stack) > 1 or last >= app.size.height or app.is_headless:
            return False
        self._scroll = (region, (first, last, by))
        return True

    def find(self, matches: Iterable[int]) -> bool:
        """Go to the first serial of `matches`; False when there is none."""
        for serial in matches:
            self.go(serial)
            return True
        return False

    # Drawing
    def forget(self) -> None:
        """The content changed: draw everything again."""
        self._cache.clear()
        self._fit()
        self.refresh()

    def relook(self) -> None:
        """The theme changed."""
        self.forget()

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """As Widget.refresh; remembers that a paint is owed, during which the terminal must not scroll by itself."""
        self._owed = True
        if not regions:
            self._scroll = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_lines(self, crop: Region) -> list[Strip]:
        """As Widget.render_lines: the owed paint happens now, and first the terminal moves the rows that stay."""
        self._owed = False
        moved, self._scroll = self._scroll, None
        if moved is not None and moved[0] == self.region:
            scroll(self.app, *moved[1])
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """A fixed line, a line of the list, or an empty one."""
        cells, fixed = self.size.width, self.fixed()
        if y < len(fixed):
            return self.strip(fixed[y], cells, fixed[y][-1][1] if fixed[y] else "text")
        serial = self.top + y - len(fixed)
        if not self.begin() <= serial < self.end():
            return self.strip([], cells)
        ground = "text"
        if self.shows_cursor and serial == self.cursor:
            ground = "cursor" if self.has_focus else "resting"
        key = (serial, cells, ground)
        if key not in self._cache:
            if len(self._cache) > 2 * self.room:  # a strip takes about 2 KiB
                self._cache.clear()
            self._cache[key] = self.draw(serial, cells, ground)
        return self._cache[key]

    # Events
    def on_resize(self, _event: events.Resize) -> None:
        """Keep the cursor in sight; the paint that goes with the new size came before this event."""
        self.forget()

    def on_focus(self) -> None:
        """The title bar and the cursor look different with the focus."""
        self.refresh()

    def on_blur(self) -> None:
        """As on_focus."""
        self.refresh()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves like the keys."""
        event.stop()
        self.move("up")

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """As on_mouse_scroll_up."""
        event.stop()
        self.move("down")

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on the line."""
        if self.selectable and event.y >= self.head:
            self.go(self.top + event.y - self.head)
