"""Handlers of long answers: ad-hoc SQL in its own process, and back-fill with progress."""

from __future__ import annotations

import asyncio
import contextlib
import math
import tempfile
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
from aiohttp import web

from seqwatch_tui.engine import views
from seqwatch_tui.engine.acts import action_row
from seqwatch_tui.engine.api.server import ENGINE, PEER, ApiError, answer, body, in_long_thread, in_thread
from seqwatch_tui.engine.api.turns import TURNS
from seqwatch_tui.engine.ingest import Ingest
from seqwatch_tui.engine.peers import Peer
from seqwatch_tui.engine.readable import may_read
from seqwatch_tui.engine.sql import Asked, Finished, run_to_file, saved_queries
from seqwatch_tui.store.interface import Commit, StoreError
from seqwatch_tui.store.result import values_of
from seqwatch_tui.store.worker import SqlError

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

ARROW = "application/vnd.apache.arrow.stream"
_PROGRESS_SECONDS = 0.25
_HARD_LIMIT_SECONDS = 3600.0
_MOST_ROWS = 10**12
_MOST_JSON = 32 << 20
"""Bytes of an answer that is made JSON of: the engine holds about six times as much meanwhile. Arrow is passed on as it is."""


async def saved(_request: web.Request) -> web.Response:
    """The saved queries of queries/investigate."""
    return answer(saved_queries())


async def sql(request: web.Request) -> web.StreamResponse:
    """Run one statement; closing the connection cancels it."""
    asked = _asked(await body(request))
    with (
        request.app[TURNS].taken(request[PEER]),
        tempfile.TemporaryDirectory(prefix="sql-", dir=request.app[ENGINE].state_dir) as folder,
    ):
        return await _answered(request, asked, Path(folder))


async def _answered(request: web.Request, asked: Asked, folder: Path) -> web.StreamResponse:
    engine, out = request.app[ENGINE], folder / "answer.arrow"
    gone = threading.Event()
    watch = asyncio.create_task(watch_peer(request, gone))
    try:
        cancelled = partial(any_set, gone, engine.stopping)
        done = await in_long_thread(request, run_to_file, engine, asked, folder, out, cancelled)
    except SqlError as error:
        raise ApiError(400, str(error), error.excerpt) from error
    except StoreError as error:
        raise ApiError(
            400, str(error), "`seqwatch sql --name list` lists them; a value is given with --param NAME=VALUE"
        ) from error
    finally:
        watch.cancel()
    said = (asked.name or asked.query)[:200]
    row = action_row(engine, request[PEER], "sql", said, "", outcome="done", detail=f"{done.rows} rows")
    await in_thread(engine.submit, Commit(tables={"actions": [row]}))
    if ARROW in request.headers.get("Accept", ""):
        return await _as_arrow(request, out, done)
    if (size := out.stat().st_size) > _MOST_JSON:
        raise ApiError(
            413, f"the answer has {size >> 20} MB, more than is made JSON of ({_MOST_JSON >> 20} MB)",
            f"ask for fewer rows or columns, or for Arrow (Accept: {ARROW}), as `seqwatch sql` does",
        )  # fmt: skip
    return answer(await in_long_thread(request, _as_json, out, done))


def _asked(said: dict[str, Any]) -> Asked:
    query, name = said.get("query"), said.get("name")
    if not (isinstance(query, str) and query.strip()) and not isinstance(name, str):
        raise ApiError(400, "there is no query", 'send {"query": "select ..."} or {"name": "..."}')
    try:
        limit, timeout = int(said.get("limit", 10_000)), float(said.get("timeout", 30.0))
    except (TypeError, ValueError, OverflowError) as error:
        raise ApiError(
            400, f"limit or timeout cannot be used: {error}", "a whole number of rows (0 = all), and seconds"
        ) from error
    if not (0 <= limit <= _MOST_ROWS and math.isfinite(timeout)):
        raise ApiError(
            400, f"limit {limit} or timeout {timeout} cannot be used", "a whole number of rows (0 = all), and seconds"
        )
    parameters = said.get("parameters") or {}
    if not isinstance(parameters, dict) or not all(
        isinstance(v, str | int | float | bool | None) for v in parameters.values()
    ):
        raise ApiError(400, "parameters is not an object of plain values", '{"parameters": {"name": "value"}}')
    return Asked(query if isinstance(query, str) else "", name if isinstance(name, str) else None, parameters, max(limit, 0),
                 min(max(timeout, 0.1), _HARD_LIMIT_SECONDS))  # fmt: skip


def any_set(*events: threading.Event) -> bool:
    """Return whether one of the events is set."""
    return any(event.is_set() for event in events)


async def watch_peer(request: web.Request, gone: threading.Event) -> None:
    """Set `gone` when the peer has hung up."""
    while request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(0.1)
    gone.set()


async def _as_arrow(request: web.Request, out: Path, done: Finished) -> web.StreamResponse:
    headers = {
        "X-Seqwatch-Cut": str(int(done.cut)), "X-Seqwatch-Seconds": f"{done.seconds:.3f}",
        "X-Seqwatch-Gaps": str(done.gaps),
        "X-Seqwatch-Notes": msgspec.json.encode(done.notes).decode("ascii", "backslashreplace"),
    }  # fmt: skip
    response = web.StreamResponse(headers={"Content-Type": ARROW, **headers})
    await response.prepare(request)
    with out.open("rb") as file:
        while piece := await in_thread(file.read, 1 << 20):
            await response.write(piece)
    await response.write_eof()
    return response


def _as_json(out: Path, done: Finished) -> dict[str, Any]:
    with pa.OSFile(str(out)) as file, pa.ipc.open_stream(file) as reader:
        names = reader.schema.names
        rows = [list(row) for batch in reader for row in zip(*(values_of(c) for c in batch.columns), strict=True)]
    return {
        "columns": names, "types": list(done.types), "rows": [[_json(v) for v in row] for row in rows], "cut": done.cut,
        "seconds": done.seconds, "gaps": done.gaps, "notes": list(done.notes),
    }  # fmt: skip


def _json(value: Any) -> Any:
    """A value as JSON has it; whatever JSON does not know, as text."""
    shown = views.plain(value)
    return shown if isinstance(shown, str | int | float | bool | list | dict | None) else str(shown)


async def ingest(request: web.Request) -> web.StreamResponse:
    """Back-fill files; progress lines, then the summary. Closing the connection stops it where it is."""
    engine, said = request.app[ENGINE], await body(request)
    paths, kind = said.get("paths"), said.get("format", "auto")
    if not isinstance(paths, list) or not paths or not all(isinstance(p, str) and p.startswith("/") for p in paths):
        raise ApiError(400, "paths is not a list of absolute paths", '{"paths": ["/var/log/audit/audit.log.1"]}')
    await in_thread(_may_have_read, engine, request[PEER], [Path(p) for p in paths])
    work = Ingest(engine, [Path(p) for p in paths], str(kind), reader=engine.take_reader())
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    running = asyncio.create_task(in_long_thread(request, work.run))
    try:
        while not running.done():
            await asyncio.wait([running], timeout=_PROGRESS_SECONDS)
            if engine.stopping.is_set():
                work.stop()
            await response.write(msgspec.json.encode({"progress": work.progress()}) + b"\n")
        await response.write(msgspec.json.encode(_last(running)) + b"\n")
    except (ConnectionError, asyncio.CancelledError):
        work.stop()
        with contextlib.suppress(Exception):
            await running
        raise
    await response.write_eof()
    return response


def _may_have_read(engine: Engine, peer: Peer, paths: list[Path]) -> None:
    for path in paths:
        if not may_read(path, peer, engine.settings.sources):
            raise ApiError(
                403, f"{peer.name} may not read {path}, or it does not exist; the engine does not read it for {peer.name}",
                "let them read the file (mode or group), name a log of a configured source, or have root ingest it",
            )  # fmt: skip


def _last(running: asyncio.Task[dict[str, Any]]) -> dict[str, Any]:
    error = running.exception()
    return (
        {"summary": running.result()}
        if error is None
        else {"error": f"the back-fill stopped: {error}", "hint": "run it again: it goes on there"}
    )
