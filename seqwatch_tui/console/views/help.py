"""The help: every command of the registry, those that work where the operator came from first."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult

from seqwatch_tui.console.commands.registry import COMMANDS
from seqwatch_tui.console.host import Host
from seqwatch_tui.console.views.base import View
from seqwatch_tui.console.widgets.pager import Pager, Paragraph

GROUPS = ("Screens", "Move", "View", "Act", "Alerts", "SQL", "Console")
SIGNS = "ok pass    !  warning    !! failure    ?? not known, not checked    .  low"


class HelpView(View):
    """One page of keys."""

    context, crumb = "help", "Help"

    def __init__(self, host: Host, came_from: str) -> None:
        super().__init__(host)
        self._from = came_from
        self.pager = Pager(self.desk)

    def compose(self) -> ComposeResult:
        """The text."""
        yield self.pager

    def on_mount(self) -> None:
        """Fill it."""
        self.pager.show(self._paragraphs())

    def copy(self) -> str:
        """All of it."""
        return self.pager.whole()

    def _paragraphs(self) -> Iterable[Paragraph]:
        yield "", SIGNS, "dim"
        for group in GROUPS:
            commands = [command for command in COMMANDS if command.group == group]
            yield "", "", "text"
            yield "", group, "heading"
            for command in sorted(commands, key=lambda command: not command.applies(self._from)):
                typed = f":{command.name}{' ' + command.argument if command.argument else ''}"
                here = command.applies(self._from)
                away = "" if here else "  (on other screens)"
                key = command.shown or typed
                how = f"{command.help()}  {typed if command.shown and command.argument else ''}".rstrip()
                yield key, how + away, "text" if here else "dim"
