"""Which view is on top: the screens, and what was drilled into from them."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from textual.widget import AwaitMount

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
        self._built: AwaitMount | None = None
        """The view on top, while it is being built."""
        self._raised = False
        """Another view is on top, and has not the keyboard yet."""

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
            self._built = self._mount(name)
        self._name = name
        self._raise()

    def push(self, view: View) -> None:
        """Drill into `view`."""
        self._stack.append(view)
        self._built = self._app.body.mount(view)
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
        screen = self._app.body.screen
        widget = self.view.main() if self.view.is_mounted else None
        if widget is not None and (screen.focused is None or self.view not in screen.focused.ancestors):
            screen.set_focus(widget)  # at once: Widget.focus is deferred, and typed-ahead keys would be lost

    async def settle(self) -> None:
        """Return when the view on top is built, has its rows and the keyboard: what is typed from then on is meant for it."""
        raised, self._raised, built, self._built = self._raised, False, self._built, None
        if built is not None:
            await built
        if raised:
            self._app.focus_view()
            self._app.redraw()

    def _mount(self, name: str) -> AwaitMount:
        view = self._roots[name] = root_view(name, self._app)
        view.display = False
        return self._app.body.mount(view)

    def _raise(self) -> None:
        for view in (*self._roots.values(), *self._stack):
            view.display = view is self.view
        screen, body = self._app.body.screen, self._app.body
        if screen.focused and body in screen.focused.ancestors and self.view not in screen.focused.ancestors:
            screen.set_focus(None)  # before it is hidden: a hidden widget takes the keyboard from the next one
        self._raised = True
        self._app.call_after_refresh(self.settle)
        self._app.call_after_refresh(self._app.redraw)
