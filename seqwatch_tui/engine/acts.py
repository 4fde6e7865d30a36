"""What operators do to datasets: verifications, plans (alerts are in `alerts`). Each leaves a row in `actions`, done or not."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqwatch_tui.engine.jobs import Job
from seqwatch_tui.engine.lookout import NoAnswer, subject
from seqwatch_tui.engine.peers import Peer
from seqwatch_tui.integrity.rows import file_rows, from_row, verification_row
from seqwatch_tui.integrity.verify import Verification
from seqwatch_tui.model.action import Outcome, Plan, Refused, Verb
from seqwatch_tui.response.carry import carry_out, recover
from seqwatch_tui.response.planning import Facts, plan
from seqwatch_tui.store.interface import Commit

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine


def action_row(engine: Engine, peer: Peer, verb: str, subject: str, reason: str, **more: Any) -> dict[str, Any]:
    """Return a row of `actions` as of now."""
    return {
        "ts": engine.clock.now(),
        "operator": peer.name,
        "uid": peer.uid,
        "verb": verb,
        "subject": subject,
        "reason": reason,
        **more,
    }


def start_verification(engine: Engine, dataset_id: str, quick: bool, peer: Peer) -> Job:
    """Verify a dataset in the background; its verdicts are stored when it ends, cancelled or not."""
    settings = next(d for d in engine.settings.datasets if d.id == dataset_id)
    known = engine.store.query_sql("select * from files where dataset = ?", [dataset_id])
    previous = {row["path"]: from_row(row) for row in (dict(zip(known.columns, r, strict=True)) for r in known.rows)}
    work = Verification(
        dataset_id, Path(settings.path), settings.manifest, previous, quick, engine.clock.now,
        apart=engine.settings.inside(settings),
    )  # fmt: skip
    run = f"{dataset_id}-{round(engine.clock.now() * 1000)}"

    def finish(result: Any) -> str:
        row = action_row(engine, peer, "verify", dataset_id, "", outcome=result.state, detail=run)
        tables = {
            "files": file_rows(result),
            "verifications": [verification_row(result, run, peer.name)],
            "findings": [asdict(finding) for finding in result.findings],
            "actions": [row],
        }
        engine.submit(Commit(tables=tables))
        counts = {k.replace("_", " "): v for k, v in asdict(result.totals).items() if v}
        said = ", ".join(f"{n} {word}" for word, n in counts.items()) or "no files"
        return "; ".join([said, *result.problems[:3]])

    return engine.jobs.start(work, finish)


def make_plan(engine: Engine, verb: Verb, dataset_id: str, reason: str, peer: Peer) -> Plan | Refused:
    """Make a plan and keep it until it is carried out, too old, or the engine stops."""
    root = next(Path(d.path) for d in engine.settings.datasets if d.id == dataset_id)
    facts = Facts(engine.state_dir, engine.config)
    made = silent(engine, dataset_id, root) or plan(
        verb, dataset_id, root, reason, peer.name, engine.clock.now(), facts
    )
    if isinstance(made, Plan):
        engine.plans.add(made)
    else:
        row = action_row(engine, peer, verb, dataset_id, reason, outcome="refused", detail=made.reason)
        engine.submit(Commit(tables={"actions": [row]}))
    return made


def silent(engine: Engine, dataset_id: str, root: Path) -> Refused | None:
    """Refuse what concerns a dataset whose file system does not answer: the act would hold the journal and never end."""
    seen = engine.lookout.look(subject(dataset_id, root), partial(os.path.lexists, root))
    if isinstance(seen, NoAnswer):
        return Refused(
            f"the file system of {root} does not answer; nothing was changed", "see to its mount, then ask again"
        )
    return None


def carry_out_plan(engine: Engine, made: Plan, peer: Peer) -> Outcome:
    """Carry out a plan; the journal has it first, `actions` when it is over."""
    with engine.plans.carrying(made):
        outcome = carry_out(made, engine.journal, engine.clock.now, offender=offender(engine, made.dataset))
    record_outcome(engine, made, outcome, peer)
    return outcome


def finish_acts(engine: Engine) -> None:
    """Finish what a crash left half done, before anybody can ask for more."""
    for outcome in recover(engine.journal, engine.clock.now):
        engine.notes.append(
            f"{outcome.verb} of {outcome.dataset} was interrupted and is {outcome.state} now: {outcome.probe}"
        )
        row = {"ts": engine.clock.now(), "operator": "seqwatch", "uid": os.geteuid(), "verb": outcome.verb, "subject": outcome.dataset,
               "reason": "finished after an interruption", "outcome": outcome.state, "detail": outcome.probe}  # fmt: skip
        engine.submit(Commit(tables={"actions": [row], "datasets": engine.dataset_rows()}))


def record_outcome(engine: Engine, made: Plan, outcome: Outcome, peer: Peer) -> None:
    """Store what became of a plan."""
    row = action_row(
        engine, peer, made.verb, made.dataset, made.reason, outcome=outcome.state, detail=outcome.probe,
        plan=json.dumps(asdict(made), ensure_ascii=False),
    )  # fmt: skip
    engine.submit(Commit(tables={"actions": [row], "datasets": engine.dataset_rows()}))


def offender(engine: Engine, dataset_id: str) -> str | None:
    """Return the account of the newest open alert on a dataset: the one to prove a quarantine on."""
    found = engine.store.query_sql(
        "select actor from alerts where dataset = ? and state not in ('closed', 'suppressed') and actor <> 'unattributed' "
        "order by last_ts desc limit 1",
        [dataset_id],
    )
    return found.rows[0][0] if found.rows else None
