"""A command line without the quotes that `events` puts in: Sigma's CommandLine is the arguments with spaces between.

`events.command_line` is written so that a shell would read it back (shlex.join): single quotes, and `'"'"'` for one that
is meant. Taken away by text alone, so that SQL can say the same.
"""

from __future__ import annotations

_MEANT, _HELD = "'\"'\"'", "\x01"


def unquoted(command_line: str) -> str:
    """Return the arguments of a command line with a space between them."""
    if "'" not in command_line:
        return command_line
    return command_line.replace(_MEANT, _HELD).replace("'", "").replace(_HELD, "'")


def unquoted_sql(column: str) -> str:
    """Return the same as a SQL expression."""
    meant = "'" + _MEANT.replace("'", "''") + "'"
    return f"replace(replace(replace({column}, {meant}, chr(1)), '''', ''), chr(1), '''')"
