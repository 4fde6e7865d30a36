"""What the API shows, as plain values: saved queries (queries/panels) joined with what only the engine knows."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from seqwatch_tui.engine.rule_facts import RuleFacts
from seqwatch_tui.engine.status import Verdict, alerts_verdict, evidence_verdict, share_verdict
from seqwatch_tui.model.text import from_bytes
from seqwatch_tui.store.filter import compile_filter
from seqwatch_tui.store.interface import Rows

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

Value = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventsRequest:
    """A window of events: newest `limit` that match, older than `before` or newer than `after`."""

    limit: int
    before: int | None
    after: int | None
    words: str


def hello(engine: Engine) -> Value:
    """Who this engine is."""
    return {
        "site": engine.settings.site, "host": socket.gethostname(), "pid": os.getpid(), "uid": os.geteuid(),
        "timezone": str(engine.settings.timezone), "demo": engine.demo,
    }  # fmt: skip


def as_panel(rows: Rows, total: int | None = None) -> Value:
    """Return an answer of the store as a panel of the API; timestamps become epoch seconds."""
    return {
        "columns": list(rows.columns),
        "rows": [[plain(v) for v in row] for row in rows.rows],
        "total": len(rows.rows) if total is None else total,
        "cut": rows.cut,
    }


def plain(value: Any) -> Any:
    """Return a value of the store as JSON has it: times as epoch seconds UTC, bytes as visible text."""
    import datetime as dt

    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=dt.UTC).timestamp()
    if isinstance(value, dt.date):
        return value.isoformat()
    return from_bytes(value) if isinstance(value, bytes) else value


def objects(panel: Value) -> list[Value]:
    """Return a panel's rows as objects."""
    return [dict(zip(panel["columns"], row, strict=True)) for row in panel["rows"]]


def panel(engine: Engine, name: str, limit: int = 1000, params: Mapping[str, Any] | None = None) -> Value:
    """Return the panel of one saved query."""
    return as_panel(engine.store.query(name, params or {}, limit, engine.clock.now()))


def status(engine: Engine) -> Value:
    """The header's facts (docs/api.md)."""
    sources = _sources(engine)
    totals = gap_totals(engine)
    lost, gaps = sum(t["lost"] for t in totals.values()), sum(t["gaps"] for t in totals.values())
    unparsed = sum(s["unparsed"] for s in sources)
    return {
        "now": engine.clock.now(), "site": engine.settings.site, "host": socket.gethostname(),
        "timezone": str(engine.settings.timezone), "started": engine.started, "rate": round(engine.meter.rate(), 1),
        "lag": _lag(engine, sources), "events": engine.meter.events, "newest": engine.meter.newest,
        "begins": engine.store.begins,
        "lost": lost, "unparsed": unparsed, "gaps": gaps,
        "verdicts": [asdict(v) for v in _verdicts(engine, lost, unparsed, gaps, sources)],
        "sources": sources, "paging": engine.paging.views(), "drill": engine.drills.view(),
        "jobs": engine.jobs.views(), "quarantined": sorted(engine.quarantined),
        **_quiet(engine),
        "errors": [*engine.unenforced, *engine.lookout.unanswered(), *engine.rejected, *_faults(engine), *engine.notes,
                   *engine.troubles],
    }  # fmt: skip


def _faults(engine: Engine) -> list[str]:
    """Rules that were set aside, and windows that had to give something up."""
    detector = engine.judge.detector
    said = [f"rule {f.rule_id} is set aside after {f.count} faults: {f.why}" for f in detector.faults if f.disabled]
    if detector.dropped:
        said.append(
            f"correlation windows gave up {detector.dropped} events to stay within bounds: their counts may be low"
        )
    return said


def gap_totals(engine: Engine) -> dict[str, Value]:
    """Gaps and known losses by source."""
    made = lambda: {row["source"]: row for row in objects(panel(engine, "gap_totals"))}  # noqa: E731
    found: dict[str, Value] = engine.kept.get("gap_totals", engine.meter.changes["gaps"], made)
    return found


def _sources(engine: Engine) -> list[Value]:
    live = {i.state.name: i.state for i in engine.intakes}
    stored = {s.name: s for s in engine.store.sources()}
    gaps = gap_totals(engine)
    found = []
    for name, state in {**stored, **live}.items():
        kept = stored.get(name, state)
        offset = state.resume.offset if state.resume else 0
        found.append({
            "name": name, "type": state.type, "path": state.path, "state": state.state, "reason": state.reason,
            **{k: v for k, v in asdict(kept.counts).items() if k != "bytes"},
            "stored": kept.counts.stored, "held": kept.held, "balance": kept.balance,
            "gaps": int(gaps.get(name, {}).get("gaps", 0)), "lost": int(gaps.get(name, {}).get("lost", 0) or 0),
            "offset": offset, "size": state.size, "last_ts": state.last_ts,
            "lag": None if state.state in ("failed", "waiting") else engine.meter.delay,
        })  # fmt: skip
    return found


def _lag(engine: Engine, sources: list[Value]) -> float | None:
    if any(s["state"] == "failed" for s in sources):
        return None
    return round(engine.meter.lag(), 3)


def _verdicts(engine: Engine, lost: int, unparsed: int, gaps: int, sources: list[Value]) -> Iterator[Verdict]:
    configured = {s.name for s in engine.settings.sources}
    posture = objects(encryption(engine))
    yield evidence_verdict(lost, unparsed, gaps, [s for s in sources if s["name"] in configured])
    yield alerts_verdict(_open_levels(engine))
    yield share_verdict("encryption", [p["state"] for p in posture if p["kind"] == "dataset"], "not looked")
    yield share_verdict("keys", [p["state"] for p in posture if p["kind"] == "key"], "no register")
    yield share_verdict("integrity", [p["state"] for p in objects(integrity(engine))], "no dataset")


def _open_levels(engine: Engine) -> dict[str, int]:
    """Open alerts by level."""
    sql = "select level, count(*) from alerts where state not in ('closed', 'suppressed') group by level"
    found: dict[str, int] = engine.kept.get(
        "levels", engine.meter.changes["alerts"], lambda: dict(engine.store.query_sql(sql).rows)
    )
    return found


def _quiet(engine: Engine) -> dict[str, int]:
    """Snoozes in force, and alerts that are suppressed by whatever."""
    from seqwatch_tui.engine.snoozes import live

    sql = "select count(*) from alerts where state = 'suppressed'"
    made = lambda: int(engine.store.query_sql(sql).rows[0][0])  # noqa: E731
    return {"snoozes": live(engine), "suppressed": engine.kept.get("suppressed", engine.meter.changes["alerts"], made)}


def snapshot(engine: Engine, request: EventsRequest) -> Value:
    """Everything the overview draws."""
    return {
        "status": status(engine),
        "panels": {
            "events": events(engine, request), "alerts": alerts(engine, "open", 100),
            "encryption": encryption(engine), "integrity": integrity(engine),
        },
    }  # fmt: skip


def events(engine: Engine, request: EventsRequest) -> Value:
    """A window of events, oldest first."""
    wanted = compile_filter(request.words, engine.clock.now())
    page = engine.store.events(request.limit, before=request.before, after=request.after, wanted=wanted)
    rows = Rows(page.columns, page.rows, page.cut)
    return {
        **as_panel(rows, page.matched), "newest": page.newest, "matched": page.matched, "looked_at": page.looked_at,
        "begins": engine.store.begins,
    }  # fmt: skip


def event(engine: Engine, event_id: int) -> Value | None:
    """One event with its raw lines, its alerts, and what was not seen around it."""
    found = objects(panel(engine, "event", params={"event_id": event_id}))
    if not found:
        return None
    around = {"since": found[0]["ts"] - 60.0, "until": found[0]["ts"] + 60.0}
    return {
        "event": found[0],
        "records": [
            {"seq": r.seq, "type": r.type, "raw": from_bytes(r.raw), "position": r.position}
            for r in engine.ledger.records_of(event_id)
        ],
        "alerts": [a["alert_id"] for a in objects(panel(engine, "event_alerts", params={"event_id": event_id}))],
        "gaps": objects(panel(engine, "gaps", params=around)),
    }


def alerts(engine: Engine, which: str, limit: int, incident: int | None = None) -> Value:
    """Alerts, the most urgent first; `incident` only those of it."""
    key = (engine.meter.changes["alerts"], which, limit, incident)
    wanted = {"state": which, "incident": incident}
    shown: Value = engine.kept.get("alerts", key, lambda: panel(engine, "alerts", limit, wanted))
    return {**shown, "total": sum(_open_levels(engine).values())} if which == "open" and incident is None else shown


def rules(engine: Engine) -> Value:
    """The rules in force and those that did not load or were set aside."""
    columns = ["id", "title", "level", "raises", "file", "line", "hash", "state", "source", "hits"]
    failed = [{"file": f.file, "line": f.line, "why": f.why} for f in engine.rules.failures]
    faults = [{"file": f.file, "line": 1, "why": f.why} for f in engine.judge.detector.faults if f.disabled]
    shown, about = engine.rules.rules, RuleFacts.of(engine)
    rows = [[r.rule_id, r.title, r.level, r.raises, r.file, r.line, r.hash, *about.row(r)] for r in shown]
    return {
        "columns": columns, "rows": rows, "total": len(shown), "cut": False, "failed": failed + faults,
    }  # fmt: skip


def encryption(engine: Engine) -> Value:
    """Datasets and keys together, what fails first."""
    shown: Value = engine.kept.get("encryption", engine.meter.changes["small"], lambda: panel(engine, "encryption"))
    return shown


def integrity(engine: Engine) -> Value:
    """One row a dataset; a running job is named in it."""
    running = {j["dataset"]: j["id"] for j in engine.jobs.views() if j["state"] in ("running", "paused")}
    minute = int(engine.clock.now() // 60)  # ages move too
    shown: Value = engine.kept.get(
        "integrity", (engine.meter.changes["small"], minute), lambda: panel(engine, "integrity")
    )
    dataset, job = shown["columns"].index("dataset"), shown["columns"].index("job")
    rows = [
        [running.get(row[dataset]) if place == job else value for place, value in enumerate(row)]
        for row in shown["rows"]
    ]
    return {**shown, "rows": rows}


def integrity_files(engine: Engine, dataset_id: str, verdict: str | None, limit: int) -> Value:
    """Files of one dataset."""
    return panel(engine, "integrity_files", limit, {"dataset": dataset_id, "verdict": verdict})


def datasets(engine: Engine) -> Value:
    """The datasets as they stand."""
    return panel(engine, "datasets")


def dataset(engine: Engine, dataset_id: str) -> Value | None:
    """One dataset with all that is known of it."""
    found = [d for d in objects(datasets(engine)) if d["dataset"] == dataset_id]
    if not found:
        return None
    return {
        "dataset": found[0],
        "grants": objects(panel(engine, "dataset_grants", params={"dataset": dataset_id})),
        "findings": objects(panel(engine, "findings", params={"dataset": dataset_id})),
        "integrity": next((i for i in objects(integrity(engine)) if i["dataset"] == dataset_id), None),
        "alerts": [a for a in objects(alerts(engine, "open", 1000)) if a["dataset"] == dataset_id],
        "quarantined": dataset_id in engine.quarantined,
    }


def ledger(engine: Engine) -> Value:
    """Segments, and the newest chain value."""
    return {"segments": objects(panel(engine, "checkpoints", 5)), "folder": str(engine.state_dir / "ledger")}
