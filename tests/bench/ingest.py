"""Raw auditd to stored, queryable, rules done, against `ausearch --format csv`; and disk per event."""

from __future__ import annotations

import json
import shutil
import statistics
from collections.abc import Iterator
from pathlib import Path

from tests.bench.site import Bench, Row, run, seqwatch, warm


def measure(bench: Bench) -> Iterator[Row]:
    """Alternate rounds of ingest into an empty site and of ausearch over the same file."""
    log = Path(f"{bench.corpus(bench.events)}.audit.log")
    ours, peer, config = [], [], None
    for _ in range(bench.rounds):
        if config is not None:
            shutil.rmtree(config.parent)
        config = bench.site("ingest")
        run(seqwatch(config, "rules"))  # a site is opened before it is filled: its rules are compiled
        warm(log)
        done = run(seqwatch(config, "ingest", str(log)))
        if done.status:
            raise RuntimeError(done.stderr.decode())
        summary = json.loads(done.stdout)
        ours.append(summary["events"] / done.wall)
        if shutil.which("ausearch"):
            warm(log)
            theirs = run(["ausearch", "-if", str(log), "--format", "csv"], stdout=bench.folder / "ausearch.csv")
            peer.append(bench.events / theirs.wall)
    assert config is not None
    mine = statistics.median(ours)
    theirs_text = f"{statistics.median(peer):,.0f}/s ausearch" if peer else "ausearch missing"
    ratio = f"{mine / statistics.median(peer):.1f}x (goal >= 2x)" if peer else "-"
    yield Row(
        f"raw auditd -> stored, queryable, rules done, {bench.events:,} events", f"{mine:,.0f}/s", theirs_text, ratio
    )
    state = config.parent / "state"
    store = sum(p.stat().st_size for p in state.glob("store.duckdb*"))
    ledger = sum(p.stat().st_size for p in (state / "ledger").rglob("*") if p.is_file())
    yield Row(
        "disk per event, store",
        f"{store / bench.events:.0f} bytes",
        f"raw log {log.stat().st_size / bench.events:,.0f}",
        "goal <= 60",
    )
    yield Row("disk per event, ledger segments (every raw line)", f"{ledger / bench.events:.0f} bytes", "", "")
    shutil.rmtree(config.parent)
    (bench.folder / "ausearch.csv").unlink(missing_ok=True)
