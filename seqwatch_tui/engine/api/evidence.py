"""Handlers about a window of time: how complete the evidence on a dataset is, and which sessions there were."""

from __future__ import annotations

import re

from aiohttp import web

from seqwatch_tui.engine.api.read import limit_of
from seqwatch_tui.engine.api.server import ENGINE, ApiError, answer, in_thread, known_dataset
from seqwatch_tui.engine.coverage import coverage as coverage_of
from seqwatch_tui.engine.hourly import unusual_rows
from seqwatch_tui.engine.views import panel, plain
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


async def sessions(request: web.Request) -> web.Response:
    """Who logged in, from where, until when, and what happened in each session."""
    engine = request.app[ENGINE]
    now = engine.clock.now()
    params = {
        "since": moment_of(request, "since", "-7d", now), "until": moment_of(request, "until", "now", now),
        "user": request.query.get("user") or None, "open": _truth(request, "open"),
    }  # fmt: skip
    return answer(await in_thread(panel, engine, "sessions", limit_of(request, 1000), params))


async def unusual(request: web.Request) -> web.Response:
    """Hours in which somebody did more than in the same hours of the weeks before, and compared with what."""
    engine = request.app[ENGINE]
    now = engine.clock.now()
    if request.query.get("dataset"):
        known_dataset(engine, request.query["dataset"])
    params = {
        "since": moment_of(request, "since", "-7d", now), "until": moment_of(request, "until", "now", now),
        "user": request.query.get("user") or None, "dataset": request.query.get("dataset") or None,
    }  # fmt: skip
    return answer(await in_thread(unusual_rows, engine, params))


def _truth(request: web.Request, name: str) -> bool:
    text = request.query.get(name, "no")
    if text not in ("yes", "no", "true", "false", ""):
        raise ApiError(400, f"{name}={text!r} is neither yes nor no", "see docs/api.md")
    return text in ("yes", "true")


def moment_of(request: web.Request, name: str, default: str, now: float) -> float:
    """Return a time of the query as epoch seconds: 24h (back from `now`), a UTC time or epoch seconds; 400 for others."""
    text = request.query.get(name) or default
    text = f"-{text}" if re.fullmatch(r"\d{1,6}[smhdw]", text) else text
    try:
        return float(plain(convert("timestamp", text, now)))
    except (ValueError, TypeError, OverflowError) as error:
        hint = "write 24h, -24h, 2026-11-22T03:00:00 (UTC) or epoch seconds"
        raise ApiError(400, f"{name}={text!r} is not a time", hint) from error
