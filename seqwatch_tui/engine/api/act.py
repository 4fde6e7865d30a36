"""Handlers that change something: verifications, plans (alerts are in `alerts`). Each leaves a row in `actions`."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path

from aiohttp import web

from seqwatch_tui.engine.api.server import (
    ENGINE,
    PEER,
    ApiError,
    answer,
    body,
    in_long_thread,
    in_thread,
    known_dataset,
)
from seqwatch_tui.engine.plans import ASK_AGAIN
from seqwatch_tui.model.action import Refused


def text_of(value: object, name: str) -> str:
    """Return a text of the body; 400 when it is missing."""
    if not isinstance(value, str) or not value.strip():
        raise ApiError(400, f"{name} is missing", f'send {{"{name}": "..."}}')
    return value


async def verify(request: web.Request) -> web.Response:
    """Start a verification in the background; one that runs already is returned."""
    from seqwatch_tui.engine.acts import start_verification

    engine, said = request.app[ENGINE], await body(request)
    dataset = text_of(said.get("dataset"), "dataset")
    known_dataset(engine, dataset)
    job = await in_thread(start_verification, engine, dataset, bool(said.get("quick")), request[PEER])
    return answer({"job": job.job_id})


async def job(request: web.Request) -> web.Response:
    """Pause, resume or cancel a job."""
    engine, said = request.app[ENGINE], await body(request)
    found = engine.jobs.get(request.match_info["id"])
    if found is None:
        raise ApiError(404, f"there is no job {request.match_info['id']!r}", "see GET /v1/jobs")
    what = said.get("do")
    if what not in ("pause", "resume", "cancel"):
        raise ApiError(400, f"{what!r} cannot be done to a job", "pause, resume or cancel")
    found.do(what)
    return answer(found.view())


async def survey(request: web.Request) -> web.Response:
    """Look at encryption and keys anew, now."""
    from seqwatch_tui.engine.surveys import survey_all

    await in_long_thread(request, survey_all, request.app[ENGINE])
    return answer({"done": True})


async def drill(request: web.Request) -> web.Response:
    """Read the canary and follow it to the page; the answer comes when that is over."""
    engine = request.app[ENGINE]
    try:
        report = await asyncio.shield(in_long_thread(request, engine.drills.run, request[PEER]))
    except ValueError as error:
        raise ApiError(409, str(error), "docs/drill.md says how to make a canary") from error
    if report is None:
        raise ApiError(409, "a drill is running already", "wait for its end; it is a row in actions")
    return answer({"passed": report.passed, "said": report.said, **asdict(report)})


async def plan(request: web.Request) -> web.Response:
    """Make a plan, or say why there is none."""
    from seqwatch_tui.engine.acts import make_plan

    engine, said = request.app[ENGINE], await body(request)
    verb = said.get("verb")
    if verb not in ("quarantine", "release"):
        raise ApiError(400, f"{verb!r} is not a verb", "quarantine or release")
    dataset = text_of(said.get("dataset"), "dataset")
    known_dataset(engine, dataset)
    made = await in_long_thread(request, make_plan, engine, verb, dataset, str(said.get("reason") or ""), request[PEER])
    if isinstance(made, Refused):
        raise ApiError(409, made.reason, made.advice)
    return answer(made)


async def carry_out(request: web.Request) -> web.Response:
    """Carry out a plan whose dataset name was typed."""
    from seqwatch_tui.engine.acts import silent
    from seqwatch_tui.engine.alerts import carry_out_and_contain

    engine, said = request.app[ENGINE], await body(request)
    made = engine.plans.find(request.match_info["id"])
    if made is None:
        raise ApiError(
            404,
            f"there is no plan {request.match_info['id']!r}: it was carried out, is too old, or the engine was started anew",
            ASK_AGAIN,
        )
    if isinstance(made, Refused):
        raise ApiError(409, made.reason, made.advice)
    if said.get("typed") != made.dataset:
        raise ApiError(
            409, f"what was typed is not {made.dataset}; nothing was changed", "type the dataset's name exactly"
        )
    if refused := await in_thread(silent, engine, made.dataset, Path(made.path)):
        raise ApiError(409, refused.reason, refused.advice)
    return answer(await asyncio.shield(in_long_thread(request, carry_out_and_contain, engine, made, request[PEER])))


async def reload(request: web.Request) -> web.Response:
    """Read configuration and rules again; what does not load changes nothing."""
    from seqwatch_tui.engine.reload import reload_engine

    problems = await in_thread(reload_engine, request.app[ENGINE])
    if problems:
        raise ApiError(409, "; ".join(problems), "the old configuration and rules are still in force")
    return answer({"reloaded": True, "rules": [asdict(f) for f in request.app[ENGINE].rules.failures]})
