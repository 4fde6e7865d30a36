"""Entry point: decide in milliseconds what was asked, paint first when it is the console, import the rest after."""

from __future__ import annotations

import sys


def main() -> int:
    """Run seqwatch with the process's arguments; return the exit status."""
    from seqwatch_tui.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
