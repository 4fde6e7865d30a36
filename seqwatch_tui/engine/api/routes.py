"""Every route in one table: method, path, role needed, handler. docs/api.md is held to it by a test."""

from __future__ import annotations

from seqwatch_tui.engine.api.act import carry_out, drill, job, plan, reload, survey, verify
from seqwatch_tui.engine.api.adhoc import ingest, saved, sql
from seqwatch_tui.engine.api.alerts import alert, alerts, change, incidents, snooze, snoozes, unsnooze
from seqwatch_tui.engine.api.evidence import coverage, sessions, unusual
from seqwatch_tui.engine.api.read import (
    dataset,
    datasets,
    event,
    events,
    hello,
    integrity,
    integrity_files,
    jobs,
    ledger,
    metrics,
    panel,
    rules,
    snapshot,
    status,
)
from seqwatch_tui.engine.api.rules import import_rules, switch
from seqwatch_tui.engine.api.server import Handler
from seqwatch_tui.engine.api.whatif import backtest
from seqwatch_tui.engine.peers import Role

ROUTES: tuple[tuple[str, str, Role | None, Handler], ...] = (
    ("GET", "/v1/hello", None, hello),
    ("GET", "/v1/status", "viewer", status),
    ("GET", "/v1/snapshot", "viewer", snapshot),
    ("GET", "/v1/events", "viewer", events),
    ("GET", "/v1/events/{id}", "viewer", event),
    ("GET", "/v1/alerts", "viewer", alerts),
    ("GET", "/v1/alerts/{id}", "viewer", alert),
    ("POST", "/v1/alerts/{id}", "responder", change),
    ("GET", "/v1/incidents", "viewer", incidents),
    ("GET", "/v1/snoozes", "viewer", snoozes),
    ("POST", "/v1/snoozes", "responder", snooze),
    ("POST", "/v1/snoozes/{id}", "responder", unsnooze),
    ("GET", "/v1/quiet", "viewer", panel("quiet")),
    ("GET", "/v1/datasets", "viewer", datasets),
    ("GET", "/v1/datasets/{id}", "viewer", dataset),
    ("GET", "/v1/datasets/{id}/coverage", "viewer", coverage),
    ("GET", "/v1/encryption", "viewer", panel("encryption")),
    ("GET", "/v1/keys", "viewer", panel("keys")),
    ("GET", "/v1/integrity", "viewer", integrity),
    ("GET", "/v1/integrity/{id}/files", "viewer", integrity_files),
    ("GET", "/v1/gaps", "viewer", panel("gaps")),
    ("GET", "/v1/sources", "viewer", panel("sources")),
    ("GET", "/v1/actions", "viewer", panel("actions")),
    ("GET", "/v1/sessions", "viewer", sessions),
    ("GET", "/v1/unusual", "viewer", unusual),
    ("GET", "/v1/rules", "viewer", rules),
    ("POST", "/v1/rules/backtest", "auditor", backtest),
    ("POST", "/v1/rules/import", "approver", import_rules),
    ("POST", "/v1/rules/{id}", "responder", switch),
    ("GET", "/v1/jobs", "viewer", jobs),
    ("GET", "/v1/ledger", "viewer", ledger),
    ("GET", "/v1/saved", "viewer", saved),
    ("GET", "/metrics", "viewer", metrics),
    ("POST", "/v1/verify", "responder", verify),
    ("POST", "/v1/jobs/{id}", "responder", job),
    ("POST", "/v1/survey", "responder", survey),
    ("POST", "/v1/drill", "responder", drill),
    ("POST", "/v1/plans", "responder", plan),
    ("POST", "/v1/plans/{id}", "responder", carry_out),
    ("POST", "/v1/sql", "auditor", sql),
    ("POST", "/v1/ingest", "approver", ingest),
    ("POST", "/v1/reload", "approver", reload),
)
