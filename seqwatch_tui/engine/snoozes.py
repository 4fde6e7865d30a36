"""Snoozes as operators make, list and cancel them. Each ends by itself; each change is a row of `actions`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from seqwatch_tui.detect.quiet import Quiet
from seqwatch_tui.engine.acts import action_row
from seqwatch_tui.engine.peers import Peer
from seqwatch_tui.engine.views import Value, panel
from seqwatch_tui.model.action import Refused
from seqwatch_tui.model.snooze import Snooze
from seqwatch_tui.store.interface import Commit

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

LONGEST = 7 * 86400.0
"""Seconds a snooze may last; what should stay quiet for longer belongs into the configuration."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to keep quiet for `seconds` from now on; null is any."""

    rule_id: str | None
    actor: str | None
    dataset: str | None
    seconds: float
    reason: str


def snooze(engine: Engine, asked: Asked, peer: Peer) -> Snooze | Refused:
    """Keep quiet what is asked, from now on."""
    if not (asked.rule_id or asked.actor or asked.dataset is not None):
        return Refused("a snooze of everything is not made", "name a rule, an actor, a dataset, or an alert")
    if not 0 < asked.seconds <= LONGEST:
        return Refused("a snooze lasts up to seven days", "plan what is quiet for longer in the configuration")
    with engine.snoozing:
        known, now = engine.store.snoozes(), engine.clock.now()
        number = max((each.snooze_id for each in known), default=0) + 1
        made = Snooze(number, asked.rule_id, asked.actor, asked.dataset, now, now + asked.seconds, peer.name, peer.uid,
                      asked.reason)  # fmt: skip
        row = action_row(engine, peer, "snooze", made.name, asked.reason, outcome="done",
                         detail=f"{_scope(made)} for {asked.seconds:.0f} s")  # fmt: skip
        _store(engine, made, row)
    return made


def cancel(engine: Engine, number: int, reason: str, peer: Peer) -> Snooze | Refused | None:
    """End a snooze now; null when there is none of that number, Refused when it has ended."""
    with engine.snoozing:
        found = next((each for each in engine.store.snoozes() if each.snooze_id == number), None)
        if found is None:
            return None
        now = engine.clock.now()
        if found.ends <= now:
            return Refused(f"snooze {number} has ended", "there is nothing to cancel")
        ended = replace(found, ends=now, cancelled_by=peer.name)
        row = action_row(engine, peer, "unsnooze", ended.name, reason, outcome="done", detail=_scope(found))
        _store(engine, ended, row)
    return ended


def snoozes(engine: Engine, which: str) -> Value:
    """The snoozes: `live` or `all`, with how much each has kept quiet so far."""
    return panel(engine, "snoozes", params={"now": engine.clock.now(), "state": which})


def live(engine: Engine) -> int:
    """How many snoozes are in force now."""
    now = engine.clock.now()
    known: list[Snooze] = engine.kept.get("snoozes", engine.meter.changes["small"], engine.store.snoozes)
    return sum(each.begins <= now < each.ends for each in known)


def _store(engine: Engine, made: Snooze, row: Value) -> None:
    engine.submit(Commit(tables={"snoozes": [asdict(made)], "actions": [row]}))
    engine.judge.detector.quiet = Quiet.of(engine.settings, engine.store.snoozes())


def _scope(made: Snooze) -> str:
    parts = (("rule", made.rule_id), ("actor", made.actor), ("dataset", made.dataset))
    return ", ".join(f"{name} {value or 'none'}" for name, value in parts if value is not None)
