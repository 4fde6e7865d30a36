"""Alerts for the API: what one shows, and what operators make of it. Each word leaves a row in `actions`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from seqwatch_tui.detect.life import Said
from seqwatch_tui.detect.shown import rule_sql
from seqwatch_tui.engine.acts import action_row, carry_out_plan
from seqwatch_tui.engine.peers import Peer
from seqwatch_tui.engine.views import Value, objects, panel
from seqwatch_tui.engine.work import AlertChange
from seqwatch_tui.model.action import Outcome, Plan, Refused

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

_PATIENCE = 30.0


def change_alert(engine: Engine, alert_id: int, said: Said, reason: str, peer: Peer) -> Value | Refused | None:
    """Apply a word to an alert and return its row; Refused when it does not fit, null when there is no such alert."""
    stored = engine.store.alert(alert_id)
    if stored is None:
        return None
    row = action_row(engine, peer, said.word, str(alert_id), reason, outcome="done")
    change = AlertChange(stored, said, row)
    engine.judge.inbox.put(change)
    done = change.done.result(_PATIENCE)
    return done if isinstance(done, Refused) else alert_row(engine, alert_id)


def carry_out_and_contain(engine: Engine, made: Plan, peer: Peer) -> Outcome:
    """Carry out a plan; a quarantine that is done marks the open alerts on its dataset as contained."""
    outcome = carry_out_plan(engine, made, peer)
    if made.verb == "quarantine" and outcome.state == "done":
        sql = "select alert_id from alerts where dataset = ? and state in ('new', 'acknowledged') order by alert_id"
        for (alert_id,) in engine.store.query_sql(sql, [made.dataset]).rows:
            change_alert(engine, alert_id, Said("contain"), f"quarantine: {made.reason}", peer)
    return outcome


def alert_row(engine: Engine, alert_id: int) -> Value | None:
    """One row of `alerts`, times as epoch seconds."""
    found = objects(panel(engine, "alert", params={"alert_id": alert_id}))
    return found[0] if found else None


def alert(engine: Engine, alert_id: int) -> Value | None:
    """One alert with the reason it fired, its evidence, what was not seen, its incident and its history."""
    said = alert_row(engine, alert_id)
    if said is None:
        return None
    window = {"since": said["first_ts"], "until": said["last_ts"]}
    incident = {"incident": said["incident_id"]}
    return {
        "alert": said,
        "rule": rule(engine, said["rule_id"], said["rule_hash"]),
        "why": why(engine, alert_id),
        "events": panel(engine, "alert_events", 1000, {"alert_id": alert_id}),
        "gaps": objects(panel(engine, "gaps", params=window)),
        "incident": [] if said["incident_id"] is None else objects(panel(engine, "incident_alerts", params=incident)),
        "history": objects(panel(engine, "alert_history", params={"alert_id": alert_id})),
    }


def why(engine: Engine, alert_id: int) -> Value | None:
    """Why it fired, as of that moment; null for an alert of a version of seqwatch that did not write it down."""
    found = objects(panel(engine, "alert_reason", params={"alert_id": alert_id}))
    if not found:
        return None
    row = found[0]
    return {
        **row,
        **{name: json.loads(row[name]) if row[name] else None for name in ("facts", "risk_parts", "not_seen")},
    }


def rule(engine: Engine, rule_id: str, digest: str) -> Value | None:
    """The rule in the version that fired; what is not stored with a version (title, sql) is of the rule in force."""
    now = engine.rules.get(rule_id)
    then = objects(panel(engine, "rule_version", params={"hash": digest, "rule_id": rule_id}))
    if now is None and not then:
        return None
    version = then[0] if then else {}
    return {
        "id": rule_id, "title": version.get("title") or (now.title if now else rule_id),
        "description": now.description if now else "", "level": now.level if now else None,
        "tags": list(now.tags) if now else [], "text": version.get("text") or (now.text if now else ""),
        "hash": digest, "sql": rule_sql(now, engine.rules.by_id) if now else "",
        "false_positives": list(now.false_positives) if now else [],
        "file": version.get("file") or (now.file if now else ""),
        "in_force": now is not None and now.hash == digest,
    }  # fmt: skip
