"""What can be said about a dataset in a window: which sources watched when, what is missing, what nobody could see.

"Nobody else read it" may only be said where some source watched all the time and nothing is known to be lost. Gaps are
taken by what they are certain of, not by their kind: whatever learns to declare one is counted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqwatch_tui.engine.audit_host import Kernel, ask_kernel
from seqwatch_tui.engine.audit_rule import parse_listing
from seqwatch_tui.engine.blindness import cannot_see
from seqwatch_tui.engine.retention import KIND as RETENTION
from seqwatch_tui.engine.spans import Span, joined, seconds, spoken, within, without
from seqwatch_tui.engine.views import objects, panel

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

Value = dict[str, Any]
_KEPT = frozenset({"unparsed", "oversize"})
"""Kinds of gaps whose lines are kept: nothing is missing, but what they say is not understood."""
_BEHIND_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Reach:
    """A source as it stands: from its first to its last event ever, and whether it is read right now."""

    name: str
    type: str
    state: str
    configured: bool
    live: bool
    first: float | None
    last: float | None


@dataclass(frozen=True, slots=True)
class Losses:
    """Records that are missing: by number, at least so many, and how often without a number; lines kept unread."""

    known: int = 0
    possible: int = 0
    uncounted: int = 0
    kept: int = 0


def coverage(engine: Engine, dataset: str, since: float, until: float) -> Value:
    """The whole answer for one configured dataset (docs/coverage.md); times are epoch seconds."""
    around = {"since": since, "until": until}
    seen = {
        row["source"]: row for row in objects(panel(engine, "coverage_seen", params={"dataset": dataset, **around}))
    }
    gaps = objects(panel(engine, "gaps", 100_000, around))
    kernel = _kernel_has_uring()
    sources = [
        _source(reach, seen.get(reach.name, {}), [g for g in gaps if g["source"] == reach.name], (since, until), kernel)
        for reach in _reaches(engine)
        if reach.configured or seen.get(reach.name, {}).get("on_dataset")
    ]
    mine = {source["name"] for source in sources}
    counted = [gap for gap in gaps if gap["source"] in mine or gap["kind"] == RETENTION]
    return {"dataset": dataset, **summary(sources, counted, (since, until)), "sources": sources, "gaps": counted}


def _reaches(engine: Engine) -> list[Reach]:
    live = {i.state.name: i.state.state == "live" for i in engine.intakes}
    configured = {s.name: s.type for s in engine.settings.sources}
    behind, begins = engine.meter.lag() > _BEHIND_SECONDS, engine.store.begins
    stored = {row["source"]: row for row in objects(panel(engine, "coverage_sources"))}
    found = []
    for name in sorted({*stored, *configured}):
        row = stored.get(name, {})
        kind = str(row.get("type") or configured.get(name, ""))
        state = str(row.get("state") or "waiting")
        watching = live.get(name, False) and not behind
        first = row.get("first")
        if first is not None and begins is not None:  # older events that are still there show open alerts, no more
            first = max(first, begins)
        found.append(Reach(name, kind, state, name in configured, watching, first, row.get("last")))
    return found


def _source(reach: Reach, seen: Mapping[str, Any], gaps: Sequence[Value], window: Span, kernel: str) -> Value:
    spans = watched(reach, gaps, window)
    # The trail shows that the rule was there; this kernel speaks for its own sources only.
    uring = "loaded" if seen.get("io_uring") else kernel if reach.configured else "unknown"
    return {
        "name": reach.name, "type": reach.type, "state": reach.state, "configured": reach.configured,
        "watched": [list(span) for span in spans], "unseen_seconds": window[1] - window[0] - seconds(spans),
        "events": seen.get("events", 0), "on_dataset": seen.get("on_dataset", 0), "reads": seen.get("reads", 0),
        "first_on_dataset": seen.get("first_on_dataset"), "last_on_dataset": seen.get("last_on_dataset"),
        "unattributed": seen.get("unattributed", 0), "unresolved": seen.get("unresolved", 0),
        "io_uring": uring, "cannot_see": cannot_see(reach.type, uring),
    }  # fmt: skip


def watched(reach: Reach, gaps: Iterable[Value], window: Span) -> list[Span]:
    """When a source watched: from its first event on, to now where it is read and else to its last, without its gaps."""
    if reach.first is None or reach.last is None:
        return []
    end = max(window[1], reach.last) if reach.live else reach.last
    holes = [(gap["first_ts"], gap["last_ts"]) for gap in gaps if gap["kind"] not in _KEPT]
    return without(within([(reach.first, end)], window), holes)


def summary(sources: Sequence[Value], gaps: Iterable[Value], window: Span) -> Value:
    """The window as a whole: a time is seen when at least one source watched."""
    seen = joined((start, end) for source in sources for start, end in source["watched"])
    unseen = without([window], seen)
    losses = losses_of(gaps)
    unresolved = sum(source["unresolved"] for source in sources)
    missing = _missing(unseen, losses, unresolved, window)
    clean = not missing
    closing = (
        "'nobody else read it' can be said, as far as these sources can see"
        if clean
        else "'nobody else read it' cannot be said"
    )
    return {
        "since": window[0], "until": window[1], "complete": clean,
        "verdict": "; ".join([*(missing or ["nothing is known to be missing"]), closing]),
        "unseen_seconds": seconds(unseen), "unseen": [list(span) for span in unseen],
        "known_lost": losses.known, "possibly_lost": losses.possible, "uncounted_losses": losses.uncounted,
        "not_understood": losses.kept, "unresolved": unresolved,
    }  # fmt: skip


def _missing(unseen: Sequence[Span], losses: Losses, unresolved: int, window: Span) -> list[str]:
    said = []
    if unseen:
        said.append(f"{spoken(seconds(unseen))} of {spoken(window[1] - window[0])} unseen")
    if losses.known:
        said.append(f"{_count(losses.known, 'record')} known lost")
    if losses.possible:
        said.append(f"{losses.possible} more possibly lost")
    if losses.uncounted:
        said.append(f"{_count(losses.uncounted, 'loss', 'losses')} without a number")
    if losses.kept:
        said.append(f"{_count(losses.kept, 'line')} not understood")
    if unresolved:
        said.append(f"{_count(unresolved, 'access', 'accesses')} under names that could not be resolved")
    return said


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def losses_of(gaps: Iterable[Value]) -> Losses:
    """What gaps say is missing. A number that is `at_least` may be more, or records that a rule excluded."""
    known = possible = uncounted = kept = 0
    for gap in gaps:
        count = gap["count"]
        if gap["kind"] in _KEPT:
            kept += count or 0
        elif count is None:
            uncounted += 1
        elif gap["certainty"] == "exact":
            known += count
        else:
            possible += count
    return Losses(known, possible, uncounted, kept)


def _kernel_has_uring() -> str:
    """Whether this host's kernel has the rule for io_uring: a key of blindness.URING."""
    kernel = ask_kernel()
    if not isinstance(kernel, Kernel):
        return "unknown"
    actions = {rule.action for rule in parse_listing(kernel.listing) if rule.listed == "io_uring"}
    return "loaded" if actions == {"always"} else "missing"
