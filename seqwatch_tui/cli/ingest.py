"""`seqwatch ingest FILE...`: back-fill through the engine, progress on stderr, a JSON summary on stdout."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from seqwatch_tui.cli.exits import CommandError, Exit, note
from seqwatch_tui.cli.session import engine_for
from seqwatch_tui.cli.settings import load_settings
from seqwatch_tui.engine.reader import WORTH_BYTES


def run(options: argparse.Namespace) -> int:
    """Ingest the files; exit 3 when one could not be read to its end."""
    settings, config = load_settings(options)
    wanted = {"paths": [str(p.absolute()) for p in options.files], "format": _format(options.format)}
    with engine_for(settings, config, back_fill=_large(wanted["paths"])) as client:
        summary = None
        for said in client.lines("/v1/ingest", wanted):
            if "progress" in said:
                _progress(said["progress"])
            elif "error" in said:
                raise CommandError(Exit.FAILED, said["error"], said.get("hint", ""))
            else:
                summary = said["summary"]
    if summary is None:
        raise CommandError(
            Exit.FAILED,
            "the engine ended before the files did",
            "run the same command again: it goes on where it stopped",
        )
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    print(json.dumps(summary))
    for failure in [*summary["failures"], *summary["notes"]]:
        note(f"seqwatch: {failure}")
    return int(Exit.FAILED if summary["failures"] else Exit.OK)


def _large(paths: Iterable[str]) -> str:
    """The first file that is worth a process of its own, if there is one."""
    return next((p for p in paths if Path(p).is_file() and Path(p).stat().st_size >= WORTH_BYTES), "")


def _format(name: str) -> str:
    """A mapping's file by its whole path: the engine has another working directory."""
    return str(Path(name).absolute()) if Path(name).suffix in (".yaml", ".yml") else name


def _progress(p: dict[str, Any]) -> None:
    if not sys.stderr.isatty():
        return
    part = f"{100 * p['bytes'] / p['size']:3.0f} %" if p.get("size") else f"{p['bytes'] / 1e6:.0f} MB"
    sys.stderr.write(f"\r\x1b[K{part}  {p['events']:,} events  {p['rate']:,.0f}/s")
    sys.stderr.flush()
