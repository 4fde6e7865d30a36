"""Small rows to Arrow and back: epoch seconds become UTC timestamps, hostile text becomes valid text."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from operator import attrgetter
from typing import Any

import numpy as np
import pyarrow as pa

from seqwatch_tui.model.alert import Alert, Evidence
from seqwatch_tui.model.evidence import Counts, Directory, Gap, Resume, Session, SourceState
from seqwatch_tui.model.snooze import Snooze
from seqwatch_tui.model.text import from_bytes
from seqwatch_tui.store.definition import Field
from seqwatch_tui.store.interface import SegmentRow, StoreError
from seqwatch_tui.store.schema import TableDef

_ARROW: dict[str, pa.DataType] = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "BOOLEAN": pa.bool_(),
    "VARCHAR": pa.string(),
    "VARCHAR[]": pa.list_(pa.string()),
    "TIMESTAMP": pa.timestamp("us"),
    "DATE": pa.date32(),
}
_PLAIN = frozenset(("BIGINT", "INTEGER", "BOOLEAN"))
"""Types whose values are taken as they are."""
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - the store keeps UTC without a zone
_FIRST, _LAST = ((each - _EPOCH) // dt.timedelta(microseconds=1) for each in (dt.datetime.min, dt.datetime.max))  # noqa: DTZ901
"""Microseconds that a datetime can be."""


def arrow_schema(table: TableDef) -> pa.Schema:
    """Return the Arrow schema of a table."""
    return pa.schema([pa.field(f.name, _ARROW[f.sql]) for f in table.fields])


def to_arrow(table: TableDef, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Build a table of `arrow_schema(table)`; absent columns are null, of rows with one key the last wins.

    Raises StoreError for a column that the table does not have.
    """
    names = {f.name for f in table.fields}
    unknown = {name for row in rows if not row.keys() <= names for name in row.keys() - names}
    if unknown:
        raise StoreError(f"the table {table.name} has no column {', '.join(sorted(unknown))}")
    kept = _last_by_key(table, rows)
    return pa.Table.from_arrays([_array(f, kept) for f in table.fields], schema=arrow_schema(table))


def _array(column: Field, rows: Sequence[Mapping[str, Any]]) -> pa.Array:
    name = column.name
    values = [row.get(name) for row in rows]
    quick = _QUICK.get(column.sql)
    found = quick(values) if quick else None
    if found is None:
        plains = values if column.sql in _PLAIN else [plain(column.sql, value) for value in values]
        found = pa.array(plains, _ARROW[column.sql])
    return found


def _texts(values: Sequence[Any]) -> pa.Array | None:
    """Texts as they are; null when one is no text, or not valid."""
    if not set(map(type, values)) <= {str, type(None)}:
        return None
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return None


def _instants(values: Sequence[Any]) -> pa.Array | None:
    """Epoch seconds; null when one is anything else, or beyond what a datetime can be."""
    if set(map(type, values)) != {float}:
        return None
    micros = np.rint(np.array(values) * 1_000_000)
    if not ((micros >= _FIRST) & (micros <= _LAST)).all():
        return None
    whole = pa.py_buffer(micros.astype(np.int64))  # pa.array would import more of numpy, which a sandbox cannot read
    return pa.Array.from_buffers(_ARROW["TIMESTAMP"], len(micros), [None, whole])


_QUICK: Mapping[str, Callable[[Sequence[Any]], pa.Array | None]] = {"VARCHAR": _texts, "TIMESTAMP": _instants}
"""Columns whose values are mostly what Arrow takes as it is."""


def _last_by_key(table: TableDef, rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    if not table.key or len(rows) == 1:
        return rows
    if len(table.key) == 1:
        key = table.key[0]
        return list({row.get(key): row for row in rows}.values())
    return list({tuple([row.get(k) for k in table.key]): row for row in rows}.values())


def plain(sql: str, value: Any) -> Any:
    """Return a value as the Python value that Arrow and DuckDB take for the SQL type."""
    if value is None:
        return None
    if sql == "TIMESTAMP":
        return timestamp(value)
    if sql == "VARCHAR":
        return valid_text(str(value))
    if sql == "VARCHAR[]":
        return [valid_text(str(v)) for v in (sorted(value) if isinstance(value, Set) else value)]
    if sql == "DATE" and isinstance(value, str):
        return dt.date.fromisoformat(value)
    return value


def valid_text(text: str) -> str:
    """Return `text` with lone surrogates written as `\\udcXX`, which neither Arrow nor DuckDB takes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def timestamp(value: float | dt.datetime) -> dt.datetime:
    """Return epoch seconds or an aware or naive UTC datetime as a naive UTC datetime (microseconds)."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    return _EPOCH + dt.timedelta(microseconds=round(value * 1_000_000))


def epoch(value: dt.datetime | None) -> float | None:
    """Return a naive UTC datetime as epoch seconds."""
    return None if value is None else (value - _EPOCH) / dt.timedelta(seconds=1)


def valid_events(events: pa.Table | None) -> pa.Table | None:
    """Return the events with every byte of their texts that is not UTF-8 written as `\\xNN`; slow, for the odd batch."""
    if events is None:
        return None
    columns = [_valid_column(column) for column in events.columns]
    return pa.Table.from_arrays(columns, schema=events.schema)


def _valid_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    coded = pa.types.is_dictionary(kind)
    if not (pa.types.is_string(kind) or coded):
        return column
    texts = column.cast(kind.value_type) if coded else column
    raw = texts.cast(pa.binary()).to_pylist()
    clean = pa.array([None if b is None else from_bytes(b) for b in raw], pa.string())
    return pa.chunked_array([clean.dictionary_encode().cast(kind) if coded else clean])


def as_rows(values: Iterable[Any]) -> list[dict[str, Any]]:
    """Return frozen model values of one kind (FileCheck, KeyRecord, Finding, Alert, SegmentRow) as rows by field name."""
    found = list(values)
    names = [f.name for f in dataclasses.fields(found[0])] if found else []
    if len(names) < 2:
        return [{name: getattr(value, name) for name in names} for value in found]
    held = attrgetter(*names)
    return [dict(zip(names, held(value), strict=True)) for value in found]


def alert_rows(alerts: Sequence[Alert]) -> list[dict[str, Any]]:
    """Return alerts as rows of `alerts`."""
    return as_rows(alerts)


def evidence_table(evidence: Sequence[Evidence]) -> pa.Table:
    """Return evidence as a table of `alert_evidence`."""
    columns = {"alert_id": [e.alert_id for e in evidence], "event_id": [e.event_id for e in evidence]}
    return pa.table(columns, schema=pa.schema([(name, pa.int64()) for name in columns]))


def segment_rows(segments: Sequence[SegmentRow]) -> list[dict[str, Any]]:
    """Return sealed segments as rows of `checkpoints`."""
    return as_rows(segments)


def gap_rows(gaps: Sequence[Gap], first_id: int) -> list[dict[str, Any]]:
    """Return gaps as rows of `gaps`, numbered from `first_id`."""
    return [
        {
            "gap_id": first_id + i, "source": g.source, "kind": g.kind, "first_ts": g.start, "last_ts": g.end,
            "count": g.count, "certainty": g.certainty, "detail": g.detail,
        }
        for i, g in enumerate(gaps)
    ]  # fmt: skip


def session_rows(sessions: Sequence[Session]) -> list[dict[str, Any]]:
    """Return logins as rows of `sessions`."""
    return as_rows(sessions)


def source_row(source: SourceState) -> dict[str, Any]:
    """Return a source as a row of `sources`."""
    resume = source.resume
    return {
        "name": source.name, "type": source.type, "path": source.path, "state": source.state, "reason": source.reason,
        **dataclasses.asdict(source.counts), "held": source.held,
        "resume_identity": resume.identity if resume else None, "resume_offset": resume.offset if resume else None,
        "resume_done": list(resume.done) if resume else None, "size": source.size, "last_ts": source.last_ts,
    }  # fmt: skip


def source_state(row: Mapping[str, Any]) -> SourceState:
    """Return a row of `sources` as the value it was made of."""
    resume = None
    if row["resume_offset"] is not None:
        resume = Resume(row["resume_identity"] or "", row["resume_offset"], tuple(row["resume_done"] or ()))
    known = {**row, "read": row["records"]} if row["read"] is None else row  # stored before lines were counted
    counts = Counts(**{f.name: known[f.name] or 0 for f in dataclasses.fields(Counts)})
    return SourceState(
        row["name"], row["type"], row["path"], row["state"], row["reason"], counts, resume, row["size"],
        epoch(row["last_ts"]), row["held"] or 0,
    )  # fmt: skip


def alert(row: Mapping[str, Any]) -> Alert:
    """Return a row of `alerts` as the value it was made of."""
    times = {"first_ts": epoch(row["first_ts"]), "last_ts": epoch(row["last_ts"])}
    return Alert(**{**row, **times, "tags": tuple(row["tags"] or ()), "risk": row["risk"] or 0})


def snooze(row: Mapping[str, Any]) -> Snooze:
    """Return a row of `snoozes` as the value it was made of."""
    return Snooze(**{**row, "begins": epoch(row["begins"]) or 0.0, "ends": epoch(row["ends"]) or 0.0})


def gap(row: Mapping[str, Any]) -> Gap:
    """Return a row of `gaps` as the value it was made of."""
    start, end = epoch(row["first_ts"]) or 0.0, epoch(row["last_ts"]) or 0.0
    return Gap(row["source"], row["kind"], start, end, row["count"], row["certainty"], row["detail"])


def session(row: Mapping[str, Any]) -> Session:
    """Return a row of `sessions` as the value it was made of."""
    times = {"opened": epoch(row["opened"]) or 0.0, "ended": epoch(row["ended"])}
    return Session(**{**row, **times, "host": row["host"] or ""})


def directory(row: Mapping[str, Any]) -> Directory:
    """Return a row of `directories` as the value it was made of."""
    return Directory(**{**row, "seen": epoch(row["seen"]) or 0.0})
