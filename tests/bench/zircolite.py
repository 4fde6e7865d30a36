"""The same corpus with as many rules through Zircolite. Set ZIRCOLITE to its zircolite.py, ZIRCOLITE_PYTHON to a Python that can run it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.site import Bench, Row, run, seqwatch

EVENTS = 250_000
"""Zircolite needs minutes for more."""


def measure(bench: Bench) -> Iterator[Row]:
    """One run each."""
    program = os.environ.get("ZIRCOLITE")
    if not program:
        yield Row("against Zircolite with as many rules", "-", "ZIRCOLITE is not set", "goal >= 20x")
        return
    events = min(bench.events, EVENTS)
    log = f"{bench.corpus(events)}.audit.log"
    config = bench.site("zircolite")
    ours = run(seqwatch(config, "ingest", log))
    count = len(json.loads(run(seqwatch(config, "rules", "--format", "json")).stdout))
    shutil.rmtree(config.parent)
    home = Path(program).parent
    rules = json.loads((home / "rules" / "rules_linux.json").read_text())
    auditd = sorted(rules, key=lambda rule: "auditd" not in json.dumps(rule).lower())[:count]
    chosen = bench.folder / "zircolite-rules.json"
    chosen.write_text(json.dumps(auditd))
    theirs = run(
        [os.environ.get("ZIRCOLITE_PYTHON", sys.executable), program, "--events", log, "--ruleset", str(chosen), "--auditd",
         "--outfile", str(bench.folder / "zircolite-hits.json")],
        cwd=home,
    )  # fmt: skip
    if theirs.status:
        raise RuntimeError(f"Zircolite ended with {theirs.status}: {theirs.stderr.decode()[-400:]}")
    yield Row(
        f"the same against Zircolite, {count} rules each, {events:,} events", f"{events / ours.wall:,.0f}/s",
        f"{events / theirs.wall:,.0f}/s Zircolite", f"{theirs.wall / ours.wall:.0f}x (goal >= 20x)",
    )  # fmt: skip
