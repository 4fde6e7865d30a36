"""What the console wears: the theme in force, and how it reaches Textual and the widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.theme import Theme as Sheet

from seqwatch_tui.console import theme
from seqwatch_tui.console.widgets.drawn import Drawn

if TYPE_CHECKING:
    from seqwatch_tui.console.app import Console


class Dress:
    """Puts the look on the desk onto the screen."""

    def __init__(self, app: Console) -> None:
        self._app = app

    def wear(self, name: str) -> None:
        """Switch the theme; without a name, say which there are."""
        app = self._app
        if not name:
            app.say(f"themes: {', '.join(theme.names())}; now {app.desk.look.name}")
            return
        try:
            app.desk.look = theme.load(name)
        except theme.ThemeError as error:
            app.say(str(error), "warn")
            return
        self.put_on()
        for widget in app.query(Drawn):
            widget.relook()

    def put_on(self) -> None:
        """Give Textual the colours of the look."""
        look = self._app.desk.look
        colours = {"background": look.background, "surface": look.background, "foreground": look.foreground}
        if look.colourless:
            colours = {}
        name = f"seqwatch-{look.name}"
        sheet = Sheet(name, primary=look.accent or "#808080", accent=look.accent or None, dark=look.dark, **colours)  # type: ignore[arg-type]
        self._app.register_theme(sheet)
        self._app.theme = name
