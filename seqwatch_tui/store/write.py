"""One transaction in, or nothing: how a Commit becomes rows. Knows DuckDB's costs, not what the rows mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from seqwatch_tui.model.alert import Alert, Evidence
from seqwatch_tui.parse.schema import EVENT_SCHEMA
from seqwatch_tui.store import buckets, old, rows
from seqwatch_tui.store.alert_tables import ALERTS, EVIDENCE
from seqwatch_tui.store.definition import TableDef
from seqwatch_tui.store.interface import Commit, LedgerMark, StoreError
from seqwatch_tui.store.prepared import MOST_ROWS, Prepared
from seqwatch_tui.store.site_tables import ACTIONS, CHECKPOINTS
from seqwatch_tui.store.state_tables import STATE_TABLES
from seqwatch_tui.store.trail_tables import DIRECTORIES, GAPS, SESSIONS, SOURCES

_BY_NAME = {t.name: t for t in STATE_TABLES}
_OWN_FIELDS = frozenset({"alerts", "alert_evidence", "gaps", "sources", "sessions", "checkpoints"})
_CHANGING = ("alert_id", "level", "src_ip", "first_ts", "last_ts", "count", "measure", "summary", "state",
             "verdict", "owner", "incident_id", "risk", "suppressed_by")  # fmt: skip
"""What of an alert moves while it is open; rule, actor, dataset and tags never do."""
_FEW = 8


def _update(table: TableDef, names: Sequence[str]) -> str:
    """Return the statement that gives rows known by the table's first column their new values."""
    key, changes = table.fields[0].name, ", ".join(f'"{name}" = v."{name}"' for name in names)
    return f"update {table.name} set {changes} from incoming_{table.name} v where {table.name}.{key} = v.{key}"  # noqa: S608


_ALERT_UPDATE = _update(ALERTS, _CHANGING[1:])
_SOURCE_UPDATE = _update(SOURCES, [f.name for f in SOURCES.fields[1:]])


@dataclass(frozen=True, slots=True)
class Position:
    """What the writer keeps in mind between transactions; replaced as a whole when one has been committed."""

    buckets: tuple[str, ...] = ()
    event_id: int = 0
    alert_id: int = 0
    gap_id: int = 0
    action_id: int = 0
    sources: frozenset[str] = field(default_factory=frozenset)
    mark: LedgerMark | None = None
    begins: int | None = None
    """The first month (YYYYMM) of which all events are there; None while none have left."""


def load_position(con: duckdb.DuckDBPyConnection) -> Position:
    """Read the position from the store."""
    names = tuple(buckets.existing(con))
    dropped = _scalar(con, "select value from store_meta where name = 'dropped_event_id'")
    marks = con.execute("select segment, batch from ledger_mark").fetchall()
    return Position(
        names,
        max(buckets.highest_id(con, names), dropped),
        _scalar(con, "select max(alert_id) from alerts"),
        _scalar(con, "select max(gap_id) from gaps"),
        _scalar(con, "select max(action_id) from actions"),
        frozenset(name for (name,) in con.execute("select name from sources").fetchall()),
        LedgerMark(*marks[0]) if marks else None,
        old.begin_of(con),
    )


def _scalar(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    found = con.execute(sql).fetchall()
    return int(found[0][0] or 0) if found else 0


def write(con: duckdb.DuckDBPyConnection, commit: Commit, position: Position, prepared: Prepared) -> Position:
    """Write `commit` in the open transaction and return the position that holds once it is committed."""
    _check(commit)
    names, event_id = position.buckets, position.event_id
    if commit.events is not None and commit.events.num_rows:
        names, event_id = _write_events(con, commit.events, names, prepared)
    for name in commit.replace:
        con.execute(f"delete from {_BY_NAME[name].name}")  # noqa: S608
    _write_alerts(con, commit.alerts, position.alert_id, prepared)
    _write_evidence(con, commit.evidence, prepared)
    put(con, GAPS, rows.gap_rows(commit.gaps, position.gap_id + 1))
    put(con, SESSIONS, rows.session_rows(commit.sessions))
    put(con, CHECKPOINTS, rows.segment_rows(commit.segments))
    sources = _write_sources(con, commit, position.sources, prepared)
    action_id = _write_tables(con, commit.tables, position.action_id)
    _write_mark(con, commit.ledger, position.mark)
    return Position(
        names,
        max(event_id, position.event_id),
        max((position.alert_id, *(a.alert_id for a in commit.alerts))),
        position.gap_id + len(commit.gaps),
        action_id,
        sources,
        commit.ledger or position.mark,
        position.begins,
    )


def _check(commit: Commit) -> None:
    if commit.events is not None and commit.events.schema.names != EVENT_SCHEMA.names:
        raise StoreError("the events of a commit have other columns than EVENT_SCHEMA; build them with event_table")
    unknown = {*commit.tables, *commit.replace} - _BY_NAME.keys() | commit.tables.keys() & _OWN_FIELDS
    if unknown:
        raise StoreError(f"a commit cannot write the table {', '.join(sorted(unknown))} by name")


def _write_events(
    con: duckdb.DuckDBPyConnection, events: pa.Table, names: tuple[str, ...], prepared: Prepared
) -> tuple[tuple[str, ...], int]:
    parts = list(buckets.split(events))
    missing = [name for name, _ in parts if name not in names]
    for name in missing:
        buckets.create(con, name)
    if missing:
        names = tuple(sorted((*names, *missing)))
        buckets.create_views(con, names)
    for name, part in parts:
        if part.num_rows > MOST_ROWS or missing:
            insert(con, name, part)
        else:
            prepared.run(name, f"insert into {name} by name select * from incoming_{name}", part)  # noqa: S608
    ids = events.column("event_id")
    return names, int(max(ids[0].as_py(), ids[-1].as_py()))


def _write_alerts(con: duckdb.DuckDBPyConnection, alerts: Sequence[Alert], known: int, prepared: Prepared) -> None:
    """A few alerts that have changed are updated in place, at half the cost of replacing them."""
    latest = {alert.alert_id: alert for alert in alerts}
    if len(latest) > _FEW or max(latest, default=0) > known:
        put(con, ALERTS, rows.alert_rows(list(latest.values())))
    elif latest:
        prepared.run(ALERTS.name, _ALERT_UPDATE, rows.to_arrow(ALERTS, rows.alert_rows(list(latest.values()))))


def _write_evidence(con: duckdb.DuckDBPyConnection, evidence: Sequence[Evidence], prepared: Prepared) -> None:
    if len(evidence) > MOST_ROWS:
        insert(con, EVIDENCE.name, rows.evidence_table(evidence))
    elif evidence:
        sql = f"insert into {EVIDENCE.name} by name select * from incoming_{EVIDENCE.name}"  # noqa: S608
        prepared.run(EVIDENCE.name, sql, rows.evidence_table(evidence))


def _write_sources(
    con: duckdb.DuckDBPyConnection, commit: Commit, known: frozenset[str], prepared: Prepared
) -> frozenset[str]:
    latest = {source.name: rows.source_row(source) for source in commit.sources}
    put(con, SOURCES, [row for name, row in latest.items() if name not in known])
    if changed := [row for name, row in latest.items() if name in known]:
        prepared.run(SOURCES.name, _SOURCE_UPDATE, rows.to_arrow(SOURCES, changed))
    return known | latest.keys()


def _write_tables(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, Sequence[Mapping[str, Any]]], action_id: int
) -> int:
    for name, given in tables.items():
        if name == ACTIONS.name:
            numbered, action_id = _numbered(given, action_id)
            put(con, ACTIONS, numbered)
        else:
            put(con, _BY_NAME[name], given)
        if name == DIRECTORIES.name:
            con.execute("delete from directories where path is null")
    return action_id


def _numbered(actions: Sequence[Mapping[str, Any]], last: int) -> tuple[list[Mapping[str, Any]], int]:
    out: list[Mapping[str, Any]] = []
    for action in actions:
        number = action.get("action_id")
        last = max(last, number) if number is not None else last + 1
        out.append(action if number is not None else {**action, "action_id": last})
    return out, last


def _write_mark(con: duckdb.DuckDBPyConnection, mark: LedgerMark | None, last: LedgerMark | None) -> None:
    if mark is None:
        return
    sql = "insert into ledger_mark values (?, ?)" if last is None else "update ledger_mark set segment = ?, batch = ?"
    con.execute(sql, [mark.segment, mark.batch])


def put(con: duckdb.DuckDBPyConnection, table: TableDef, given: Sequence[Mapping[str, Any]]) -> None:
    """Add rows to a small table; those with the same key go first."""
    if not given:
        return
    con.register("incoming", rows.to_arrow(table, given))
    if table.key:
        con.execute(_delete(table))
    con.execute(f"insert into {table.name} by name select * from incoming")  # noqa: S608
    con.unregister("incoming")


@cache
def _delete(table: TableDef) -> str:
    """Return the statement that removes the rows of `incoming`; without an optimizer only IN is not a cross product."""
    if len(table.key) == 1:
        return f"delete from {table.name} where {table.key[0]} in (select {table.key[0]} from incoming)"  # noqa: S608
    same = " and ".join(f"{table.name}.{k} is not distinct from incoming.{k}" for k in table.key)
    return f"delete from {table.name} using incoming where {same}"  # noqa: S608


def insert(con: duckdb.DuckDBPyConnection, table: str, incoming: pa.Table) -> None:
    """Append an Arrow table, columns by name (a migrated table has the newer ones last); the caller has checked them.

    After an error nothing is unregistered: that would hide the error behind "transaction is aborted", and the next
    `register` takes the name over.
    """
    con.register("incoming", incoming)
    con.execute(f"insert into {table} by name select * from incoming")  # noqa: S608
    con.unregister("incoming")
