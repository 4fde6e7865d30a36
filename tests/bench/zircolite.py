"""The same corpus and the same rules through Zircolite. Set ZIRCOLITE to its zircolite.py, ZIRCOLITE_PYTHON to a Python that can
run it, and SIGMA_RULES to SigmaHQ's rules/linux/auditd: both sides run those; without it, as many of Zircolite's own.

What seqwatch finds is counted in a run of its own, a record each; docs/detection.md says where the two differ, and why.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from seqwatch_tui.detect.coded import Columns
from seqwatch_tui.detect.load import load_rules
from seqwatch_tui.detect.matching import Matching
from seqwatch_tui.detect.views import Past
from seqwatch_tui.parse.bulk import BulkAuditdParser
from tests.bench.site import Bench, Row, run, seqwatch

_PIECE = 16 << 20
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
    hub = os.environ.get("SIGMA_RULES", "")
    if hub:
        run(seqwatch(config, "rules", "import", hub))
    ours = run(seqwatch(config, "ingest", log))
    count = len(json.loads(run(seqwatch(config, "rules", "--format", "json")).stdout))
    shutil.rmtree(config.parent)
    home = Path(program).parent
    rules = json.loads((home / "rules" / "rules_linux.json").read_text())
    auditd = sorted(rules, key=lambda rule: "auditd" not in json.dumps(rule).lower())[:count]
    chosen = bench.folder / "zircolite-rules.json"
    chosen.write_text(json.dumps(auditd))
    ruleset, found = hub or str(chosen), bench.folder / "zircolite-hits.json"
    theirs = run(
        [os.environ.get("ZIRCOLITE_PYTHON", sys.executable), program, "--events", log, "--ruleset", ruleset, "--auditd",
         "--outfile", str(found)],
        cwd=home,
    )  # fmt: skip
    if theirs.status:
        raise RuntimeError(f"Zircolite ended with {theirs.status}: {theirs.stderr.decode()[-400:]}")
    yield Row(
        f"the same against Zircolite, {count} rules each, {events:,} events", f"{events / ours.wall:,.0f}/s",
        f"{events / theirs.wall:,.0f}/s Zircolite", f"{theirs.wall / ours.wall:.0f}x (goal >= 20x)",
    )  # fmt: skip
    if hub:
        mine, peer = (
            _matches(Path(log), Path(hub)),
            {each["title"]: each["count"] for each in json.loads(found.read_text())},
        )
        same = sum(mine[title] == peer.get(title) for title in mine)
        yield Row(
            "records found by those rules", f"{sum(mine.values())} in {len(mine)}", f"{sum(peer.values())} in {len(peer)}",
            f"{same} rules the same (docs/detection.md)",
        )  # fmt: skip


def _matches(log: Path, hub: Path) -> dict[str, int]:
    """Records by title of the rule that finds them, a piece of the log at a time."""
    rules = load_rules([hub])
    matching, past, parser, found = Matching(rules.rules), Past(), BulkAuditdParser("audit", "host"), dict[str, int]()
    with log.open("rb") as file:
        offset = 0
        while True:
            data = file.read(_PIECE)
            parser.feed(data, offset)
            offset += len(data)
            parsed = parser.take(final=not data)
            if parsed.events.num_rows:
                views = matching.views(parsed.events, parsed.records, Columns(parsed.events), past)
                for rule_id, hits in matching.match(views).items():
                    title = rules.by_id[rule_id].title
                    found[title] = found.get(title, 0) + len(hits.at)
            if not data:
                return found
