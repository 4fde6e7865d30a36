"""The console as a process of its own, for tests with a real terminal: `run_console SOCKET [--start SCREEN]`."""

from __future__ import annotations

import sys

from seqwatch_tui.console import first_paint

PAINTED = first_paint.paint("seqwatch  connecting")

import argparse  # noqa: E402
from pathlib import Path  # noqa: E402

from seqwatch_tui.console import launch  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("socket", type=Path)
    parser.add_argument("--theme")
    parser.add_argument("--start", default="overview")
    parser.add_argument("--read-only", action="store_true")
    given = parser.parse_args()
    return launch.run(given.socket, read_only=given.read_only, theme=given.theme, painted=PAINTED, start=given.start)


if __name__ == "__main__":
    sys.exit(main())
