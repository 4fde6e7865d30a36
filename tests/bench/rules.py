"""What more rules and more history cost: one batch of 1,000 events, warm, under 50 and under 1,000 rules of the raw trail.

The rules are SigmaHQ's (`SIGMA_RULES` names the folder of its auditd rules) and copies of them whose texts are changed, so
that each has literals of its own; without them, the rules of tests/detect/rules.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from seqwatch_tui.detect import Detector, RuleSet, load_rules
from seqwatch_tui.detect.condition import And, Condition, Match, Not, Or
from seqwatch_tui.detect.rule import Correlation, Rule
from seqwatch_tui.parse.auditd import AuditdParser
from tests.bench.site import Bench, Row

_EVENTS = 1000
_OWN = Path(__file__).parents[1] / "detect" / "rules"
_TEXT, _FEW = ("eq", "startswith", "endswith", "contains"), ("type", "nametype", "SYSCALL")
"""Tests that copies are changed in, and fields that have few values, which copies ask for too."""


def measure(bench: Bench) -> Iterator[Row]:
    """CPU time, rounds alternating, the memory of values warm: what else the machine does is not measured."""
    folder = Path(os.environ.get("SIGMA_RULES", str(_OWN)))
    few, many = _rules(folder, 50), _rules(folder, 1000)
    batches = _batches(Path(f"{bench.corpus(20_000)}.audit.log"))
    detectors = Detector(few, [], 1), Detector(many, [], 1)
    short, long = _alternating(detectors, batches[:2], 30)
    for events, records in batches:
        detectors[1].feed(events, records)
    later = _alternating(detectors[1:], batches[:2], 10)[0]
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


def _rules(folder: Path, count: int) -> RuleSet:
    """`count` rules: those of a folder, and copies with literals of their own; of more rules, evenly spread ones.

    So that few rules look at all the kinds of records that many do, and that what is found is found by the same rules.
    """
    own = [rule for rule in load_rules([folder]).rules if not isinstance(rule.body, Correlation)]
    if count < len(own):
        own = [own[number * len(own) // count] for number in range(count)]
    return RuleSet(tuple(_copy(own[number % len(own)], number // len(own)) for number in range(count)))


def _copy(rule: Rule, turn: int) -> Rule:
    """A rule that looks for other texts in the same fields; the rule itself for turn 0."""
    assert not isinstance(rule.body, Correlation)
    if not turn:
        return rule
    name = f"{rule.rule_id}-{turn}"
    return replace(rule, rule_id=name, alert_as=name, body=_changed(rule.body, str(turn)))


def _changed(condition: Condition, mark: str) -> Condition:
    match condition:
        case Match(field, kind, str(value)) if kind in _TEXT and field not in _FEW:
            return replace(condition, value=mark + value if kind == "endswith" else value + mark)
        case Match():
            return condition
        case Not(part):
            return Not(_changed(part, mark))
        case And(parts):
            return And(tuple(_changed(part, mark) for part in parts))
        case Or(parts):
            return Or(tuple(_changed(part, mark) for part in parts))


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


def _alternating(
    detectors: Sequence[Detector], batches: list[tuple[pa.Table, pa.Table]], rounds: int
) -> tuple[float, ...]:
    """CPU seconds of each for one batch when its values are known: the median over the last half of the rounds."""
    times: list[list[float]] = [[] for _ in detectors]
    for _ in range(rounds):
        for mine, detector in zip(times, detectors, strict=True):
            for events, records in batches:
                began = time.thread_time()
                detector.feed(events, records)
                mine.append(time.thread_time() - began)
    return tuple(statistics.median(mine[len(mine) // 2 :]) for mine in times)
