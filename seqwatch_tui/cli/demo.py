"""`seqwatch demo`: a whole small site in a temporary folder, live traffic, an unfolding incident; console or summary."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pwd
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqwatch_tui.cli.client import Client
from seqwatch_tui.cli.exits import CommandError, Exit, note
from seqwatch_tui.cli.session import EngineChild

HEADLESS_SECONDS = 30.0


def run(options: argparse.Namespace) -> int:
    """Build the site, start traffic and engine, show the console (or wait and summarise)."""
    if not options.headless:
        if not sys.stdin.isatty() or not sys.stdout.isatty():
            raise CommandError(
                Exit.USAGE, "the demo's console needs a terminal", "or run: seqwatch demo --headless --seconds 30"
            )
        options.screen.paint("seqwatch demo  making a site")
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    from seqwatch_tui.demo.incident import LENGTH
    from seqwatch_tui.demo.site import Site
    from seqwatch_tui.demo.traffic import Traffic

    with _folder(options.folder) as folder:
        try:
            site = Site.create(folder, time.time(), _me())
        except FileExistsError as error:
            raise CommandError(
                Exit.USAGE, f"{folder} is not empty: {error}", "name a new folder with --folder"
            ) from error
        seconds = (options.seconds or HEADLESS_SECONDS) if options.headless else LENGTH
        pace = max(1.0, LENGTH / max(seconds - 5.0, 1.0))  # a short run tells the whole story all the same
        traffic = Traffic(site, rate=options.rate, pace=pace, clock=time.time)
        child = EngineChild(site.config, [])
        try:
            client = Client(site.state_dir / "engine.sock")
            child.wait_for(client)
            traffic.start()
            if options.headless:
                return _summarise(client, site, traffic, seconds)
            return int(options.screen.show(client.path, read_only=False, theme=options.theme, child=child.status))
        finally:
            traffic.stop()
            child.stop()


def _me() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


@contextlib.contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    """Yield the folder to build in; a temporary one is removed afterwards, quarantined parts and all."""
    if wanted is not None:
        yield wanted.absolute()
        note(f"the demo site is kept in {wanted}; watch it again with: seqwatch --config {wanted}/seqwatch.yaml")
        return
    from seqwatch_tui.demo.removal import remove

    path = Path(tempfile.mkdtemp(prefix="seqwatch-demo-"))
    try:
        yield path / "site"
    finally:
        remove(path)


def _summarise(client: Client, site: Any, traffic: Any, seconds: float) -> int:
    """Let it run, then say what was made and what was seen; exit 1 when they differ."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        time.sleep(min(left, 0.5))
    traffic.stop()
    truth = site.headless_summary()
    wanted = truth["accesses"]["events"]
    status = _settled(client, wanted)
    alerts = client.get("/v1/alerts", state="all", limit=1000)
    summary = {
        "seconds": seconds,
        "truth": truth,
        "seen": {k: status[k] for k in ("events", "unparsed", "gaps", "lost", "rate", "verdicts", "sources")},
        "alerts": [dict(zip(alerts["columns"], row, strict=True)) for row in alerts["rows"]],
        "traffic_error": traffic.error,
    }
    print(json.dumps(summary, indent=1))
    return int(Exit.OK if status["events"] == wanted and not traffic.error else Exit.FINDING)


def _settled(client: Client, wanted: int) -> dict[str, Any]:
    """Wait, at most five seconds, until everything written is stored."""
    deadline = time.monotonic() + 5.0
    while True:
        status: dict[str, Any] = client.get("/v1/status")
        if status["events"] >= wanted or time.monotonic() > deadline:
            return status
        time.sleep(0.1)
