"""Which view is on top: the screens, and what was drilled into from them."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from seqwatch_tui.console.views.base import View
from seqwatch_tui.console.views.roots import LIGHT, root_view

if TYPE_CHECKING:
    from seqwatch_tui.console.app import Console


class Stage:
    """Owns the views that are mounted in the body of the screen."""

    def __init__(self, app: Console, start: str) -> None:
        self._app, self._name = app, start
        self._roots: dict[str, View] = {}
        self._stack: list[View] = []

    @property
    def view(self) -> View:
        """The view on top."""
        return self._stack[-1] if self._stack else self._roots[self._name]

    @property
    def drilled(self) -> bool:
        """Whether there is a view to come back from."""
        return bool(self._stack)

    @property
    def crumbs(self) -> tuple[str, ...]:
        """The way from the screen to the view on top."""
        return tuple(view.crumb for view in (self._roots[self._name], *self._stack))

    def go(self, name: str) -> None:
        """Show one of the six screens or the overview; everything that was drilled into is left."""
        for view in self._stack:
            view.remove()
        self._stack.clear()
        if name not in self._roots:
            self._mount(name)
        self._name = name
        self._raise()

    def push(self, view: View) -> None:
        """Drill into `view`."""
        self._stack.append(view)
        self._app.body.mount(view)
        self._raise()

    def pop(self) -> None:
        """Leave the view on top."""
        self._stack.pop().remove()
        self._raise()
        self.view.seen_again()

    def prepare(self) -> None:
        """Mount the screens that a key may ask for, in one go (one repaint); called when there is time."""
        missing = [name for name in LIGHT if name not in self._roots]
        for name in missing:
            self._mount(name)
        if missing:
            gc.freeze()  # what lives as long as the console is not looked at by the collector again

    def focus(self) -> None:
        """Give the keyboard to the view on top, unless a part of it has it."""
        widget, focused = self.view.main(), self._app.focused
        if widget is None or (focused is not None and self.view in focused.ancestors):
            return
        if widget.is_attached:
            widget.screen.set_focus(widget)  # at once: Widget.focus comes later, and took the keys of the next question
        else:
            widget.focus()

    def _mount(self, name: str) -> None:
        view = self._roots[name] = root_view(name, self._app)
        view.display = False
        self._app.body.mount(view)

    def _raise(self) -> None:
        for view in (*self._roots.values(), *self._stack):
            view.display = view is self.view
        self._app.call_after_refresh(self._app.focus_view)
        self._app.call_after_refresh(self._app.redraw)
