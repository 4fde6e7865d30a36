"""Gather what ad-hoc SQL may read (sealed segments, the unsealed slice, the small tables) and run it in its process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from seqwatch_tui.engine import views
from seqwatch_tui.model.assets import asset_dir
from seqwatch_tui.store.saved import load_queries
from seqwatch_tui.store.worker import SqlError, SqlRequest, stream_sql

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

KEPT_FREE = 1 << 30
"""Bytes that no answer takes of the state folder's disk: what is not stored for want of room is what the engine is for."""
_LOOK_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Asked:
    """One statement: text, or the name of a saved one; limit 0 = all rows, timeout in seconds."""

    query: str
    name: str | None
    parameters: dict[str, Any]
    limit: int
    timeout: float


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of it; the rows are in the file."""

    rows: int
    types: tuple[str, ...]
    cut: bool
    seconds: float
    notes: tuple[str, ...]
    gaps: int
    """Declared evidence gaps of the site: what was not seen cannot be in the answer."""


def run_to_file(engine: Engine, asked: Asked, folder: Path, out: Path, cancelled: Callable[[], bool]) -> Finished:
    """Run a statement and write its rows to `out` (Arrow stream). SqlError, StoreError (no such saved query)."""
    sql, parameters = _statement(engine, asked)
    request = _readable(engine, folder, sql, parameters, asked)
    rows, unlooked = 0, 0
    with stream_sql(request, cancelled) as stream:
        with pa.OSFile(str(out), "wb") as sink, pa.ipc.new_stream(sink, stream.schema) as writer:
            for batch in stream:
                rows, unlooked = rows + batch.num_rows, unlooked + batch.nbytes
                if unlooked > _LOOK_BYTES:
                    unlooked = _room_left(folder)
                writer.write_batch(batch)
        gaps = int(views.objects(views.panel(engine, "counters"))[0]["gaps"])
        return Finished(rows, stream.types, stream.cut, stream.seconds, stream.notes, gaps)


def _room_left(folder: Path) -> int:
    """Return 0 while there is room for more; SqlError when there is not."""
    if (free := shutil.disk_usage(folder).free) < KEPT_FREE:
        text = f"the answer was stopped: {free >> 20} MB are left on the engine's disk; ask for fewer rows or columns"
        raise SqlError("size", text)
    return 0


def _statement(engine: Engine, asked: Asked) -> tuple[str, dict[str, Any]]:
    if asked.name is None:
        return asked.query, asked.parameters
    saved = engine.store.saved(asked.name)
    return saved.sql, saved.bind(asked.parameters, engine.clock.now())


def _readable(engine: Engine, folder: Path, sql: str, parameters: dict[str, Any], asked: Asked) -> SqlRequest:
    state = engine.store.export_state(folder / "state")
    now = engine.ledger.snapshot()
    events = [s.events_path for s in now.segments]
    records = [s.records_path for s in now.segments]
    if now.events.num_rows or now.records.num_rows:
        for name, table, paths in (("events", now.events, events), ("records", now.records, records)):
            path = folder / f"hot-{name}.parquet"
            pq.write_table(table, path, compression="zstd", compression_level=1)
            paths.append(path)
    return SqlRequest(
        sql, parameters, tuple(events), tuple(records), state, asked.limit, asked.timeout, memory_mb=1024,
    )  # fmt: skip


def saved_queries() -> list[dict[str, Any]]:
    """The saved queries for investigations, as the API lists them."""
    return [
        {
            "name": q.name,
            "title": q.title,
            "question": q.question,
            "sql": q.sql,
            "parameters": [asdict(p) for p in q.parameters],
        }
        for q in load_queries(asset_dir("queries") / "investigate").values()
    ]
