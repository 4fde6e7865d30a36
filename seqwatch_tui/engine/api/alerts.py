"""Handlers of alerts, incidents and snoozes: lists, one in full, and an operator's word."""

from __future__ import annotations

from typing import Any, get_args

from aiohttp import web

from seqwatch_tui.engine import views
from seqwatch_tui.engine.api.act import text_of
from seqwatch_tui.engine.api.read import found_or_404, id_of, limit_of, one_of, whole
from seqwatch_tui.engine.api.server import ENGINE, PEER, ApiError, answer, body, in_thread
from seqwatch_tui.model.action import Refused
from seqwatch_tui.model.alert import AlertState

_OF_STATE = {"acknowledged": "acknowledge", "contained": "contain", "closed": "close"}
"""`{"state": ...}` instead of `{"do": ...}`, as the first version of the API had it."""


async def alerts(request: web.Request) -> web.Response:
    """Open alerts, the most urgent first; `state=all` shows the others too, `incident=N` those of one incident."""
    incident = whole(request, "incident")
    which = one_of(request, "state", ("open", "all", *get_args(AlertState))) or ("open" if incident is None else "all")
    return answer(await in_thread(views.alerts, request.app[ENGINE], which, limit_of(request, 200), incident))


async def alert(request: web.Request) -> web.Response:
    """One alert with rule, reason, evidence, gaps, incident and history."""
    from seqwatch_tui.engine.alerts import alert as full

    return answer(found_or_404(await in_thread(full, request.app[ENGINE], id_of(request)), "alert", request))


async def incidents(request: web.Request) -> web.Response:
    """Incidents with an open alert, the most urgent first; `state=all` shows closed ones too."""
    which = one_of(request, "state", ("open", "all", *get_args(AlertState))) or "open"
    params = {"state": which}
    return answer(
        await in_thread(views.panel, request.app[ENGINE], "incidents", limit_of(request, 200), params)
    )  # fmt: skip


async def change(request: web.Request) -> web.Response:
    """An operator's word on an alert, with a reason."""
    from seqwatch_tui.engine.alerts import change_alert

    engine, said = request.app[ENGINE], await body(request)
    alert_id, reason = id_of(request), text_of(said.get("reason"), "reason")
    done = await in_thread(change_alert, engine, alert_id, _said(said), reason, request[PEER])
    if done is None:
        raise ApiError(404, f"there is no alert {alert_id}", "`seqwatch alerts --all` lists them")
    return answer(_or_refused(done))


async def snoozes(request: web.Request) -> web.Response:
    """Live snoozes; `state=all` shows ended ones too."""
    from seqwatch_tui.engine.snoozes import snoozes as listed

    which = one_of(request, "state", ("live", "all")) or "live"
    return answer(await in_thread(listed, request.app[ENGINE], which))


async def snooze(request: web.Request) -> web.Response:
    """Keep alerts quiet for a while."""
    from seqwatch_tui.engine.snoozes import Asked
    from seqwatch_tui.engine.snoozes import snooze as make

    engine, said = request.app[ENGINE], await body(request)
    parts = {name: said.get(name) for name in ("rule_id", "actor", "dataset")}
    if bad := [
        name
        for name, value in parts.items()
        if not isinstance(value, str | None) or (value == "" and name != "dataset")
    ]:
        raise ApiError(400, f"{bad[0]} is not a text", f'{{"{bad[0]}": "..."}}, or leave it out')
    seconds = said.get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ApiError(400, "seconds is missing", '{"seconds": 14400}')
    asked = Asked(**parts, seconds=float(seconds), reason=text_of(said.get("reason"), "reason"))
    return answer(_or_refused(await in_thread(make, engine, asked, request[PEER])))


async def unsnooze(request: web.Request) -> web.Response:
    """End a snooze before its time."""
    from seqwatch_tui.engine.snoozes import cancel

    engine, said = request.app[ENGINE], await body(request)
    if said.get("do") != "cancel":
        raise ApiError(400, f"{said.get('do')!r} cannot be done to a snooze", "cancel")
    reason = text_of(said.get("reason"), "reason")
    done = await in_thread(cancel, engine, id_of(request), reason, request[PEER])
    return answer(_or_refused(found_or_404(done, "snooze", request)))


def _or_refused(done: Any) -> Any:
    if isinstance(done, Refused):
        raise ApiError(409, done.reason, done.advice)
    return done


def _said(body: dict[str, Any]) -> Any:
    from seqwatch_tui.detect.life import VERDICTS, WORDS, Said

    word = body.get("do") or _OF_STATE.get(str(body.get("state")), body.get("state"))
    if word not in WORDS:
        raise ApiError(400, f"{word!r} is not a word on an alert", f"one of: {', '.join(WORDS)}")
    verdict, owner = body.get("verdict"), body.get("owner")
    if verdict is not None and verdict not in VERDICTS:
        raise ApiError(400, f"{verdict!r} is not a verdict", f"one of: {', '.join(VERDICTS)}")
    if owner is not None and not (isinstance(owner, str) and len(owner) <= 256):
        raise ApiError(400, "owner is not a name", 'send {"owner": "lead"}, or null for nobody')
    return Said(word, verdict, owner or None)
