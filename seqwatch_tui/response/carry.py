"""Carrying out a plan, and finishing what a crash left half done with the same code.

Order: the intent with the whole undo record is durable before the first right is taken; then the steps, each
idempotent, each followed by its line; then the probe; then the outcome. If we die before the intent is whole, nothing
has happened. If we die anywhere after it, `recover` runs the steps again: what is done already is found done. If a
line cannot be made durable, nothing more is done until a restart.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace

from seqwatch_tui.model.action import Outcome, Plan
from seqwatch_tui.response.act import Act, Clock
from seqwatch_tui.response.inode import inspect, open_absolute, opened
from seqwatch_tui.response.journal import Journal, Pen
from seqwatch_tui.response.lock import is_shut
from seqwatch_tui.response.planning import plan_id
from seqwatch_tui.response.probe import Asked, Probe, attempt
from seqwatch_tui.response.state import Intent, quarantines, unfinished
from seqwatch_tui.response.survey import survey


def carry_out(
    plan: Plan, journal: Journal, clock: Clock, probe: Probe = attempt, *, offender: str | None = None
) -> Outcome:
    """Do what `plan` says; `clock` returns epoch seconds, `offender` is the account to prove it on, if one is known.

    Raises JournalBusy, JournalDamaged, JournalFailed.
    """
    with journal.writing() as pen:
        started = clock()
        try:
            root = open_absolute(plan.path)
        except OSError as error:
            return _never(plan, f"{plan.path}: {error.strerror}", pen, started)
        try:
            intent = _ready(_Order(plan, root, pen, started, probe, offender))
            if isinstance(intent, str):
                return _never(plan, intent, pen, started)
            return Act(intent, root, pen, clock, probe, fresh=True).finish(started)
        finally:
            os.close(root)


def recover(journal: Journal, clock: Clock, probe: Probe = attempt) -> list[Outcome]:
    """Finish every act that has an intent and no outcome; an engine calls this before it accepts plans.

    An act whose directory cannot be opened stays unfinished and is not in the list: it is tried again next time.
    Raises as `carry_out`.
    """
    if not unfinished(journal.entries()):
        return []
    outcomes = []
    with journal.writing() as pen:
        for intent in unfinished(pen.entries):
            try:
                with opened(intent.plan.path) as root:
                    outcomes.append(_finished(intent, root, pen, clock, probe))
            except OSError:
                continue
    return outcomes


def _finished(intent: Intent, root: int, pen: Pen, clock: Clock, probe: Probe) -> Outcome:
    started = clock()
    if inspect(root).identity != intent.root.identity:
        return _never(
            intent.plan, f"{intent.plan.path}: another directory stands in its place", pen, started, begun=True
        )
    return Act(intent, root, pen, clock, probe, fresh=False).finish(started)


@dataclass(frozen=True, slots=True)
class _Order:
    """A plan to begin, on the descriptor `root`, at `now`."""

    plan: Plan
    root: int
    pen: Pen
    now: float
    probe: Probe
    offender: str | None


def _ready(order: _Order) -> Intent | str:
    """The intent, durable; or why nothing will be done."""
    try:
        if why := _stale(order.plan, order.root, order.pen):
            return why
        intent = _release(order) if order.plan.verb == "release" else _quarantine(order)
    except OSError as error:
        return f"{order.plan.path}: {error.strerror}"
    order.pen.append("intent", order.now, intent.to_json())
    return intent


def _stale(plan: Plan, root: int, pen: Pen) -> str | None:
    """Why a plan that was good when it was shown is not any more."""
    if any(act.plan.dataset == plan.dataset for act in unfinished(pen.entries)):
        return "an interrupted act on it has to be finished first; restart seqwatch"
    if any(entry.kind == "intent" and entry.body["plan_id"] == plan.plan_id for entry in pen.entries):
        return "this plan was carried out already; plan again"
    if plan_id(plan, inspect(root)) != plan.plan_id:
        return f"{plan.path} is not the directory the plan was made for, or the plan was changed; plan again"
    held = quarantines(pen.entries).get(plan.dataset)
    if plan.verb == "release" and held is None:
        return f"{plan.dataset} is not quarantined any more"
    if plan.verb == "quarantine" and held and is_shut(inspect(root), privileged=held.privileged):
        return f"{plan.dataset} was quarantined since the plan was made"
    return None


def _never(plan: Plan, why: str, pen: Pen, now: float, *, begun: bool = False) -> Outcome:
    """An outcome for a plan of which nothing was done; it ends an act in the journal only if there was an intent."""
    steps = (replace(plan.steps[0], state="failed", detail=why), *plan.steps[1:])
    outcome = Outcome(plan.plan_id, plan.verb, plan.dataset, "failed", steps, "not tried", "unknown", now, now)
    pen.append("outcome" if begun else "refused", now, asdict(outcome))
    return outcome


def _release(order: _Order) -> Intent:
    """A release gives back from the quarantine's record; its own intent repeats none of it."""
    held = quarantines(order.pen.entries)[order.plan.dataset]
    return replace(held, plan=order.plan)


def _quarantine(order: _Order) -> Intent:
    """The state of every inode, and what an attempt gives before.

    A quarantine that is no longer in force is put in force again; then what it recorded stays what is given back.
    """
    found, held = survey(order.root), quarantines(order.pen.entries).get(order.plan.dataset)
    if held and held.root.identity == found.root.identity:
        record = {item.inode.identity: held.record.get(item.inode.identity, item) for item in found.inodes}
        return replace(held, plan=order.plan, privileged=os.geteuid() == 0, record=record)
    record = {item.inode.identity: item for item in found.inodes}
    before = order.probe(Asked(order.offender, found.root.uid), order.root, found.samples)
    return Intent(order.plan, found.root, os.geteuid() == 0, order.offender, before, found.samples, record)
