"""`seqwatch init`: write a commented starter configuration for this host; never overwrites."""

from __future__ import annotations

import argparse
from pathlib import Path

from seqwatch_tui.cli.exits import CommandError, Exit, note


def run(options: argparse.Namespace) -> int:
    """Write the file and say what to do next."""
    from seqwatch_tui.config.starter import starter
    from seqwatch_tui.engine.host import host_facts

    path = options.output or Path("seqwatch.yaml")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(starter(host_facts()))
    except FileExistsError as error:
        raise CommandError(
            Exit.USAGE, f"{path} exists and is left as it is", "choose another name with --output"
        ) from error
    except OSError as error:
        raise CommandError(
            Exit.USAGE, f"{path} cannot be written: {error.strerror}", "choose another place with --output"
        ) from error
    more = [f"seqwatch --config {path} {command}".rstrip() for command in ("doctor", "audit-rules", "")]
    note("\n  ".join([f"wrote {path}\nnext: put your datasets into it, then", *more]))
    return int(Exit.OK)
