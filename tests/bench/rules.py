"""What more rules and more history cost: one batch of 1,000 events, warm, under 50 and under 1,000 rules of the raw trail.

The rules are SigmaHQ's (`SIGMA_RULES` names the folder of its auditd rules) and copies of them whose texts are changed, so
that each has literals of its own; without them, the rules of tests/detect/rules.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.detect import Detector, RuleSet, load_rules
from seqwatch_tui.detect.rule import Correlation
from seqwatch_tui.parse.auditd import AuditdParser
from tests.bench.site import Bench, Row

_EVENTS = 1000
_OWN = Path(__file__).parents[1] / "detect" / "rules"
_TEXT = re.compile(r"(?<=[ :\[-] )(['\"]?)(/[^'\"\],\s]+)\1")


def measure(bench: Bench) -> Iterator[Row]:
    """Best of many rounds each, the memory of values warm."""
    folder = Path(os.environ.get("SIGMA_RULES", str(_OWN)))
    few, many = _rules(folder, bench.folder / "few", 50), _rules(folder, bench.folder / "many", 1000)
    batches = _batches(Path(f"{bench.corpus(20_000)}.audit.log"))
    short, long = _best(few, batches[:2], 30), _best(many, batches[:2], 30)
    later = _best(many, batches, 3)
    yield Row(
        f"{len(many.rules):,} rules on a batch of {_EVENTS:,} events, warm", f"{long * 1e3:.1f} ms",
        f"{short * 1e3:.1f} ms with {len(few.rules)}", f"{long / short:.2f}x (goal <= 10 ms, 1.2x)",
    )  # fmt: skip
    yield Row(
        "the same after 20,000 events of history",
        f"{later * 1e3:.1f} ms",
        f"{long * 1e3:.1f} ms before",
        f"{later / long:.2f}x (goal flat)",
    )


def _rules(folder: Path, out: Path, count: int) -> RuleSet:
    """`count` rules: the files of a folder, and copies with other names and paths."""
    out.mkdir(parents=True, exist_ok=True)
    texts = [path.read_text() for path in sorted(folder.rglob("*.yml"))]
    documents = [each for text in texts for each in text.split("\n---\n") if "\ncorrelation:" not in f"\n{each}"]
    for number in range(count):
        text, turn = documents[number % len(documents)], number // len(documents)
        body = re.sub(r"(?m)^(id|name|custom):.*$", r"", text)
        (out / f"{number:04}.yml").write_text(_TEXT.sub(rf"\g<1>\g<2>{turn}\g<1>", body) if turn else body)
    return load_rules([out])


def _batches(log: Path) -> list[tuple[pa.Table, pa.Table]]:
    parser = AuditdParser("audit", "host")
    parser.feed(log.read_bytes(), 0)
    parsed = parser.take(final=True)
    found = []
    for at in range(0, parsed.events.num_rows - _EVENTS, _EVENTS):
        ids = parsed.records.column("event_id")
        mine = parsed.records.filter(pc.and_(pc.greater_equal(ids, at), pc.less(ids, at + _EVENTS)))
        found.append((parsed.events.slice(at, _EVENTS), mine.combine_chunks()))
    return found


def _best(rules: RuleSet, batches: list[tuple[pa.Table, pa.Table]], rounds: int) -> float:
    """Seconds for one batch when its values are known: the median over the last two rounds."""
    assert not any(isinstance(rule.body, Correlation) for rule in rules.rules)
    detector = Detector(rules, [], 1)
    times: list[float] = []
    for _ in range(rounds):
        for events, records in batches:
            began = time.perf_counter()
            detector.feed(events, records)
            times.append(time.perf_counter() - began)
    last = sorted(times[-len(batches) * 2 :])
    return last[len(last) // 2]
