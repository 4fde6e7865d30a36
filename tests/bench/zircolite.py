"""The same corpus and the same rules through Zircolite. Set ZIRCOLITE to its zircolite.py, ZIRCOLITE_PYTHON to a Python that can
run it, and SIGMA_RULES to SigmaHQ's rules/linux/auditd.

Zircolite runs rules over a log and lists the hits: `seqwatch scan` is that use. `ingest` stores every event and line besides.
Hits are compared one by one, as (rule, line of the log); docs/detection.md says where the two differ, and why.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.bench.site import Bench, Ran, Row, run, seqwatch

Hits = set[tuple[str, int]]
"""Title of the rule, and number of the line (from 1)."""


@dataclass(slots=True)
class _Times:
    """What ran, by round."""

    scan: list[Ran] = field(default_factory=list)
    ingest: list[Ran] = field(default_factory=list)
    beside: list[Ran] = field(default_factory=list)
    peer: list[Ran] = field(default_factory=list)


def measure(bench: Bench) -> Iterator[Row]:
    """Alternating rounds; one run of each in every one."""
    program, rules = os.environ.get("ZIRCOLITE"), os.environ.get("SIGMA_RULES")
    if not program or not rules:
        yield Row("against Zircolite with the same rules", "-", "ZIRCOLITE, SIGMA_RULES: not set", "goal >= 50x")
        return
    log = Path(f"{bench.corpus(bench.events)}.audit.log")
    times, found, output = _Times(), b"", bench.folder / "zircolite-hits.json"
    for _ in range(bench.rounds):
        scanned = _done(
            run([sys.executable, "-m", "seqwatch_tui", "scan", str(log), "--rules", rules, "--format", "json"])
        )
        times.scan.append(scanned)
        found = scanned.stdout
        times.peer.append(_zircolite(Path(program), log, rules, output))
        times.ingest.append(_ingest(bench, log, None))
        times.beside.append(_ingest(bench, log, rules))
    peer, peer_cpu = _median(times.peer)
    document = json.loads(found)
    count = sum(1 for _ in Path(rules).rglob("*.yml"))
    for what, mine, goal in (
        ("hits listed (scan)", times.scan, "50x"),
        ("ingest with as many: the shipped ones", times.ingest, "20x"),
        ("ingest with both", times.beside, "20x"),
    ):
        wall, cpu = _median(mine)
        yield Row(
            f"{count} auditd rules over {bench.events:,} events, {what}", f"{bench.events / wall:,.0f}/s",
            f"{bench.events / peer:,.0f}/s Zircolite", f"{peer / wall:.0f}x (goal >= {goal}), CPU {peer_cpu / cpu:.0f}x",
        )  # fmt: skip
    yield _compared(log, document, json.loads(output.read_text()))


def _median(ran: list[Ran]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    return statistics.median(each.wall for each in ran), statistics.median(each.cpu for each in ran)


def _done(ran: Ran) -> Ran:
    if ran.status not in (0, 1):
        raise RuntimeError(f"ended with {ran.status}: {ran.stderr.decode()[-400:]}")
    return ran


def _zircolite(program: Path, log: Path, rules: str, output: Path) -> Ran:
    python = os.environ.get("ZIRCOLITE_PYTHON", sys.executable)
    command = [python, str(program), "--events", str(log), "--ruleset", rules, "--auditd", "--outfile", str(output)]
    ran = run(command, cwd=program.parent)
    if ran.status:
        raise RuntimeError(f"Zircolite ended with {ran.status}: {ran.stderr.decode()[-400:]}")
    return ran


def _ingest(bench: Bench, log: Path, rules: str | None) -> Ran:
    """A back-fill with the shipped rules, and these beside them."""
    config = bench.site("zircolite")
    try:
        _done(run(seqwatch(config, "rules", *(["import", rules] if rules else []))))
        return _done(run(seqwatch(config, "ingest", str(log))))
    finally:
        shutil.rmtree(config.parent)


def _compared(log: Path, ours: dict[str, list[dict[str, object]]], theirs: list[dict[str, object]]) -> Row:
    """Hit by hit: which rules find the very same lines."""
    mine = _by_line(log, ours["hits"])
    peer: Hits = {(str(rule["title"]), int(hit["row_id"])) for rule in theirs for hit in rule["matches"]}  # type: ignore[attr-defined]
    titles = {title for title, _ in mine | peer}
    alike = sum(
        {hit for hit in mine if hit[0] == title} == {hit for hit in peer if hit[0] == title} for title in titles
    )
    return Row(
        "lines found by those rules, compared one by one", f"{len(mine)} in {len({t for t, _ in mine})} rules",
        f"{len(peer)} in {len({t for t, _ in peer})}, {len(peer - mine)} of them ours not", f"{alike} of {len(titles)} rules the same",
    )  # fmt: skip


def _by_line(log: Path, hits: list[dict[str, object]]) -> Hits:
    ends: list[int] = []
    with log.open("rb") as file:
        at = 0
        while block := file.read(16 << 20):
            ends += (np.flatnonzero(np.frombuffer(block, np.uint8) == 10) + at).tolist()
            at += len(block)
    return {(str(hit["rule"]), bisect_right(ends, int(str(hit["position"]))) + 1) for hit in hits}
