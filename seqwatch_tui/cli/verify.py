"""`seqwatch verify DATASET`: check every file against the manifest, with progress; exit 1 when one is not ok."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from seqwatch_tui.cli.client import Client, part
from seqwatch_tui.cli.exits import CommandError, Exit
from seqwatch_tui.cli.session import engine_for
from seqwatch_tui.cli.settings import load_settings
from seqwatch_tui.cli.show import show_panel
from seqwatch_tui.model.text import safe_text

_BAD = ("changed", "missing", "extra", "unreadable", "changed during read")


def run(options: argparse.Namespace) -> int:
    """Verify in the engine, wait, report. Ctrl-C cancels the verification."""
    settings, config = load_settings(options)
    with engine_for(settings, config) as client:
        job = client.post("/v1/verify", {"dataset": options.dataset, "quick": options.quick})["job"]
        try:
            state = _wait(client, job)
        except KeyboardInterrupt:
            client.post(f"/v1/jobs/{job}", {"do": "cancel"})
            raise
        if state["state"] != "done":
            raise CommandError(
                Exit.FAILED, f"the verification of {options.dataset} is {state['state']}: {state['detail']}"
            )
        summary = client.get(f"/v1/datasets/{part(options.dataset)}")["integrity"]
        files = client.get(f"/v1/integrity/{part(options.dataset)}/files", verdict="not ok", limit=10_000)
    return _report(options, summary, files, state["detail"])


def _wait(client: Client, job: str) -> dict[str, Any]:
    while True:
        panel = client.get("/v1/jobs")
        state: dict[str, Any] = next(j for j in panel["jobs"] if j["id"] == job)
        if state["state"] not in ("running", "paused"):
            return state
        if sys.stderr.isatty():
            sys.stderr.write(
                f"\r\x1b[K{state['done_files']}/{state['total_files']} files  {state['done_bytes'] / 1e6:,.0f} MB"
            )
        time.sleep(0.1)


def _report(options: argparse.Namespace, summary: dict[str, Any], files: dict[str, Any], detail: str) -> int:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    if options.format == "json":
        rows = [dict(zip(files["columns"], row, strict=True)) for row in files["rows"]]
        print(json.dumps({**summary, "detail": detail, "files": rows}, indent=1))
    else:
        print(f"{options.dataset}: {summary['state']}: {safe_text(detail)}")
        if files["rows"]:
            show_panel(files, "table", ("verdict", "path", "size", "algorithm", "detail"))
    return int(
        Exit.FINDING
        if any(row[files["columns"].index("verdict")] in _BAD for row in files["rows"]) or summary["state"] != "pass"
        else Exit.OK
    )
