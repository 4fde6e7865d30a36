"""The command palette (ctrl+p): the same commands as everywhere, searchable by name and help."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from seqwatch_tui.console.commands.base import Command
from seqwatch_tui.console.commands.registry import COMMANDS

if TYPE_CHECKING:
    from seqwatch_tui.console.app import Console


class CommandProvider(Provider):
    """Offers every command that may run now."""

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for command in self._offered():
            yield DiscoveryHit(self._label(command), self._runner(command), help=command.help())

    async def search(self, query: str) -> Hits:
        """Those whose name or help matches."""
        matcher = self.matcher(query)
        for command in self._offered():
            score = max(matcher.match(command.name), matcher.match(command.help()) * 0.7)
            if score > 0:
                yield Hit(score, matcher.highlight(self._label(command)), self._runner(command), help=command.help())

    def _offered(self) -> list[Command]:
        read_only = cast("Console", self.app).desk.read_only
        return [command for command in COMMANDS if not (read_only and command.acts)]

    def _label(self, command: Command) -> str:
        return f"{command.name}  ({command.shown})" if command.shown else command.name

    def _runner(self, command: Command) -> Callable[[], None]:
        return partial(cast("Console", self.app).perform, command, "", chosen=True)
