"""Handlers about the evidence itself: how complete it is for a dataset, within a window of time."""

from __future__ import annotations

import re

from aiohttp import web

from seqwatch_tui.engine.api.server import ENGINE, ApiError, answer, in_thread, known_dataset
from seqwatch_tui.engine.coverage import coverage as coverage_of
from seqwatch_tui.engine.views import plain
from seqwatch_tui.store.saved import convert


async def coverage(request: web.Request) -> web.Response:
    """How complete the evidence on a dataset is in a window."""
    engine, dataset_id = request.app[ENGINE], request.match_info["id"]
    known_dataset(engine, dataset_id)
    now = engine.clock.now()
    since, until = moment_of(request, "since", "-24h", now), min(moment_of(request, "until", "now", now), now)
    if since >= until:
        raise ApiError(400, "the window ends before it begins", "give a `since` that is before `until` and before now")
    return answer(await in_thread(coverage_of, engine, dataset_id, since, until))


def moment_of(request: web.Request, name: str, default: str, now: float) -> float:
    """Return a time of the query as epoch seconds: 24h (back from `now`), a UTC time or epoch seconds; 400 for others."""
    text = request.query.get(name) or default
    text = f"-{text}" if re.fullmatch(r"\d{1,6}[smhdw]", text) else text
    try:
        return float(plain(convert("timestamp", text, now)))
    except (ValueError, TypeError, OverflowError) as error:
        hint = "write 24h, -24h, 2026-11-22T03:00:00 (UTC) or epoch seconds"
        raise ApiError(400, f"{name}={text!r} is not a time", hint) from error
