"""All commands, and what derives from them: the command of a key, the footer's pairs, the lines of the help."""

from __future__ import annotations

from seqwatch_tui.console.commands import act, alert, go, look, move
from seqwatch_tui.console.commands.base import Command

COMMANDS: tuple[Command, ...] = (
    go.Overview(), go.Events(), go.Alerts(), go.Keys(), go.Integrity(), go.Sql(), go.System(), go.Sessions(), go.Unusual(),
    go.Open(), go.Back(), go.Next(), move.Up(), move.Down(), move.PageUp(), move.PageDown(), look.Space(),
    move.Home(), move.End(), move.Left(), move.Right(), move.NextMatch(), move.PreviousMatch(), move.NextCritical(),
    move.PreviousCritical(), move.NextWarning(), move.PreviousWarning(),
    look.Filter(), look.Inverse(), look.Since(), look.Follow(), look.Detail(), look.Copy(), look.Refresh(),
    look.Faster(), look.Slower(),
    alert.Acknowledge(), alert.Contain(), alert.Close(), alert.Reopen(), alert.Assign(), alert.Note(), alert.Snooze(),
    alert.Unsnooze(), alert.Incidents(), alert.Snoozes(), alert.QuietList(), alert.Rules(), alert.Backtest(),
    act.Quarantine(), act.Release(), act.Verify(), act.Pause(), act.Cancel(), act.Confirm(),
    look.RunQuery(), look.Saved(), look.CommandLine(), look.Palette(), look.Theme(), look.Help(), go.Quit(),
)  # fmt: skip

NOT_TYPED = frozenset({"escape", "ctrl+j", "f5", "f2", "f1", "ctrl+p", "tab"})
"""Keys that work while somebody writes in the editor."""
PLACES = ("overview", "events", "alerts", "keys", "integrity", "system", "sql")
"""Contexts of the screens that a digit opens."""


def of_key(key: str, context: str) -> Command | None:
    """The command of a key in a context; one with a `where` of its own goes before one for everywhere."""
    found = [command for command in COMMANDS if key in command.keys and command.applies(context)]
    return min(found, key=lambda command: not command.where, default=None)


def elsewhere(key: str) -> str:
    """Where the command of a key works, for somebody who pressed it where it does not."""
    command = next(command for command in COMMANDS if key in command.keys)
    if isinstance(command, go.Open):
        return "there is nothing to open here"
    roots = [place for place in PLACES if place in command.where]
    where = ", ".join(roots or sorted(command.where))
    return f"{command.shown.split()[0]} ({command.name}) does nothing here: it is for {where}"


def named(name: str) -> Command | None:
    """The command called `name`, or the only one that begins so."""
    exact = [command for command in COMMANDS if command.name == name]
    near = [command for command in COMMANDS if name and command.name.startswith(name)]
    return exact[0] if exact else near[0] if len(near) == 1 else None


def footer(context: str, *, read_only: bool, typing: bool = False) -> list[tuple[str, str]]:
    """Key and word of what works in `context`, the most important first, `?` help always among the first. While somebody
    is `typing`, the keys that type nothing."""
    if typing:
        return _typing(context)
    found = [
        command for command in COMMANDS
        if command.word and (not command.where or context in command.where) and not (read_only and command.acts)
        and (not command.told or context in command.told)
        and (command.group != "Screens" or (context in PLACES and command.name != context))
    ]  # fmt: skip
    ordered = sorted(found, key=lambda command: command.rank)
    return [(command.shown.split()[0], command.word) for command in ordered]


def _typing(context: str) -> list[tuple[str, str]]:
    found = []
    for command in COMMANDS:
        keys = zip(command.keys, command.shown.split(), strict=False)
        shown = next((shown for key, shown in keys if key in NOT_TYPED), "")
        if shown and command.word and command.applies(context):
            word = "leave the editor" if isinstance(command, go.Back) else command.word
            found.append((command.rank, shown, word))
    return [(shown, word) for _, shown, word in sorted(found)]
