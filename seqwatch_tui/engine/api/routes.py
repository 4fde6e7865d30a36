"""Every route in one table: method, path, role needed, handler. docs/api.md is held to it by a test."""

from __future__ import annotations

import seqwatch_tui.engine.api.act as act
import seqwatch_tui.engine.api.adhoc as adhoc
import seqwatch_tui.engine.api.read as read
from seqwatch_tui.engine.api.server import Handler
from seqwatch_tui.engine.peers import Role

ROUTES: tuple[tuple[str, str, Role | None, Handler], ...] = (
    ("GET", "/v1/hello", None, read.hello),
    ("GET", "/v1/status", "viewer", read.status),
    ("GET", "/v1/snapshot", "viewer", read.snapshot),
    ("GET", "/v1/events", "viewer", read.events),
    ("GET", "/v1/events/{id}", "viewer", read.event),
    ("GET", "/v1/alerts", "viewer", read.alerts),
    ("GET", "/v1/alerts/{id}", "viewer", read.alert),
    ("POST", "/v1/alerts/{id}", "responder", act.alert_state),
    ("GET", "/v1/datasets", "viewer", read.datasets),
    ("GET", "/v1/datasets/{id}", "viewer", read.dataset),
    ("GET", "/v1/encryption", "viewer", read.panel("encryption")),
    ("GET", "/v1/keys", "viewer", read.panel("keys")),
    ("GET", "/v1/integrity", "viewer", read.integrity),
    ("GET", "/v1/integrity/{id}/files", "viewer", read.integrity_files),
    ("GET", "/v1/gaps", "viewer", read.panel("gaps")),
    ("GET", "/v1/sources", "viewer", read.panel("sources")),
    ("GET", "/v1/actions", "viewer", read.panel("actions")),
    ("GET", "/v1/sessions", "viewer", read.panel("sessions")),
    ("GET", "/v1/rules", "viewer", read.rules),
    ("GET", "/v1/jobs", "viewer", read.jobs),
    ("GET", "/v1/ledger", "viewer", read.ledger),
    ("GET", "/v1/saved", "viewer", adhoc.saved),
    ("GET", "/metrics", "viewer", read.metrics),
    ("POST", "/v1/verify", "responder", act.verify),
    ("POST", "/v1/jobs/{id}", "responder", act.job),
    ("POST", "/v1/survey", "responder", act.survey),
    ("POST", "/v1/plans", "responder", act.plan),
    ("POST", "/v1/plans/{id}", "responder", act.carry_out),
    ("POST", "/v1/sql", "auditor", adhoc.sql),
    ("POST", "/v1/ingest", "responder", adhoc.ingest),
    ("POST", "/v1/reload", "approver", act.reload),
)
