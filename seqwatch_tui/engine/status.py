"""The header's facts: rate, lag, losses, sources, and one verdict word per concern. Unknown is never a pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqwatch_tui.model.verdict import State

_WORST: tuple[State, ...] = ("fail", "unknown", "warn", "pass", "n/a")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One word of the header: what it is about, its state, at most a dozen characters of text."""

    name: str
    state: State
    text: str


def worst(states: Iterable[State]) -> State:
    """The most serious of some states; `n/a` of none."""
    return min(states, key=_WORST.index, default="n/a")


def evidence_verdict(lost: int, unparsed: int, gaps: int, sources: Sequence[dict[str, Any]]) -> Verdict:
    """How complete the evidence is: a source that cannot be read, known losses, lines that did not parse."""
    wrong = [s["name"] for s in sources if s.get("balance")]
    if wrong:
        return Verdict("evidence", "fail", f"{len(wrong)} !! sums")
    failed = [s["name"] for s in sources if s["state"] == "failed"]
    waiting = [s["name"] for s in sources if s["state"] == "waiting"]
    if failed:
        return Verdict("evidence", "fail", f"{len(failed)} source" + ("s" if len(failed) > 1 else "") + " failed")
    if lost:
        return Verdict("evidence", "fail", f"{lost} lost")
    if waiting:
        return Verdict("evidence", "warn", f"{len(waiting)} waiting")
    if unparsed or gaps:
        return Verdict("evidence", "warn", f"{gaps} gaps" if gaps else f"{unparsed} unparsed")
    return Verdict("evidence", "pass" if sources else "unknown", "0 lost" if sources else "no source")


def alerts_verdict(levels: Mapping[str, int]) -> Verdict:
    """Open alerts by level: any high or critical one is a fail."""
    if not levels:
        return Verdict("alerts", "pass", "0 alerts")
    state: State = "fail" if {"high", "critical"} & levels.keys() else "warn"
    return Verdict("alerts", state, f"{(count := sum(levels.values()))} alert" + ("s" if count > 1 else ""))


def share_verdict(name: str, states: Sequence[State], none: str) -> Verdict:
    """Of several judged things how many pass, and the worst of them."""
    judged = [s for s in states if s != "n/a"]
    if not judged:
        return Verdict(name, "unknown", none)
    return Verdict(name, worst(judged), f"{sum(s == 'pass' for s in judged)}/{len(judged)}")
