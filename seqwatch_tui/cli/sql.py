"""`seqwatch sql`: one statement in the sandboxed worker, its rows to stdout or a file; notes go to stderr."""

from __future__ import annotations

import argparse
import http.client
import json
import sys
from pathlib import Path
from typing import Any

from seqwatch_tui.cli.client import Client
from seqwatch_tui.cli.exits import CommandError, Exit, note
from seqwatch_tui.cli.session import engine_for
from seqwatch_tui.cli.settings import load_settings

_ARROW = "application/vnd.apache.arrow.stream"
_BINARY = ("parquet", "arrow")


def run(options: argparse.Namespace) -> int:
    """Run the query, or list the saved ones (`--name list`)."""
    if bool(options.query) == bool(options.name):
        raise CommandError(
            Exit.USAGE, "give one query, or --name of a saved one", "seqwatch sql 'select ...'; --name list lists them"
        )
    if options.format in _BINARY and options.output is None and sys.stdout.isatty():
        raise CommandError(
            Exit.USAGE, f"{options.format} is not for a terminal", "add --output FILE, or send it into a pipe"
        )
    settings, config = load_settings(options)
    with engine_for(settings, config) as client:
        if options.name == "list":
            return _list(client)
        asked = {"query": options.query, "name": options.name, "parameters": _parameters(options.param), "limit": options.limit,
                 "timeout": options.timeout}  # fmt: skip
        answer = client.stream("/v1/sql", asked, _ARROW)
        rows = _write(answer, options.format, options.output)
    _notes(answer, rows, options.limit)
    return int(Exit.OK)


def _parameters(given: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    if bad := [name for name, equals, _ in pairs if not equals]:
        raise CommandError(Exit.USAGE, f"--param {bad[0]} has no value", "--param NAME=VALUE")
    return {name: value for name, _, value in pairs}


def _list(client: Client) -> int:
    for saved in client.get("/v1/saved"):
        needed = " ".join(f"{p['name']}={p['type']}" for p in saved["parameters"] if p["required"])
        print(f"{saved['name']:22} {saved['question']}" + (f"  (needs {needed})" if needed else ""))
    return int(Exit.OK)


def _write(answer: http.client.HTTPResponse, form: Any, output: Path | None) -> int:
    import pyarrow as pa

    from seqwatch_tui.store.result import write_result

    with pa.ipc.open_stream(answer) as reader:
        if output is None:
            return write_result(form, reader.schema, reader, sys.stdout.buffer)
        try:
            with output.open("wb") as out:
                return write_result(form, reader.schema, reader, out)
        except OSError as error:
            raise CommandError(
                Exit.USAGE, f"{output} cannot be written: {error.strerror}", "choose another place"
            ) from error


def _notes(answer: http.client.HTTPResponse, rows: int, limit: int) -> None:
    if answer.headers.get("X-Seqwatch-Cut") == "1":
        note(f"seqwatch: cut at {rows} rows; --limit 0 gives every row (--limit {limit} was asked)")
    for text in json.loads(answer.headers.get("X-Seqwatch-Notes") or "[]"):
        note(f"seqwatch: {text}")
    gaps = int(answer.headers.get("X-Seqwatch-Gaps") or 0)
    if gaps:
        note(f"seqwatch: {gaps} gaps in the evidence are known; the table gaps lists what was not seen")
