"""Handlers for rules: import files, enable and disable."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from seqwatch_tui.engine.api.read import found_or_404
from seqwatch_tui.engine.api.server import ENGINE, PEER, ApiError, answer, body, in_thread
from seqwatch_tui.model.action import Refused


async def import_rules(request: web.Request) -> web.Response:
    """Take over rule files; what does not load is named and changes nothing."""
    from seqwatch_tui.engine.rule_files import RuleText
    from seqwatch_tui.engine.rule_files import import_rules as take

    files = (await body(request)).get("files")
    if not isinstance(files, list) or not all(map(_is_file, files)):
        raise ApiError(400, "files is missing", '{"files": [{"name": "own.yml", "text": "title: ..."}]}')
    texts = [RuleText(each["name"], each["text"]) for each in files]
    return answer(await in_thread(take, request.app[ENGINE], texts, request[PEER]))


async def switch(request: web.Request) -> web.Response:
    """Enable or disable a rule, with a reason."""
    from seqwatch_tui.engine.rule_files import switch_rule

    said = await body(request)
    on, reason = said.get("enabled"), said.get("reason")
    if not isinstance(on, bool) or not isinstance(reason, str) or not reason.strip():
        raise ApiError(400, "enabled and reason are needed", '{"enabled": false, "reason": "too many hits"}')
    done = await in_thread(switch_rule, request.app[ENGINE], request.match_info["id"], on, reason, request[PEER])
    if isinstance(done, Refused):
        raise ApiError(409, done.reason, done.advice)
    return answer(found_or_404(done, "rule", request))


def _is_file(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name"), str) and isinstance(value.get("text"), str)
