"""The handler of backtests: a long answer that ends when the peer hangs up."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from seqwatch_tui.engine.api.adhoc import any_set, watch_peer
from seqwatch_tui.engine.api.server import ENGINE, PEER, ApiError, answer, body, in_long_thread
from seqwatch_tui.engine.api.turns import TURNS
from seqwatch_tui.model.action import Refused
from seqwatch_tui.store.worker import SqlError

_LONGEST_BACK = 3650 * 86400.0
_LONGEST_RUN = 600.0


async def backtest(request: web.Request) -> web.Response:
    """What a rule would have raised. Closing the connection cancels it."""
    from seqwatch_tui.engine.backtest import backtest as run

    engine, wanted = request.app[ENGINE], _wanted(await body(request))
    gone = threading.Event()
    watch = asyncio.create_task(watch_peer(request, gone))
    cancelled = partial(any_set, gone, engine.stopping)
    try:
        with (
            request.app[TURNS].taken(request[PEER]),
            tempfile.TemporaryDirectory(prefix="sql-", dir=engine.state_dir) as folder,
        ):
            done = await in_long_thread(request, run, engine, wanted, Path(folder), cancelled)
    except SqlError as error:
        raise ApiError(400, f"the backtest was stopped: {error}", "look back less far with since") from error
    finally:
        watch.cancel()
    if isinstance(done, Refused):
        raise ApiError(404 if wanted.text is None else 400, done.reason, done.advice)
    return answer({"results": done})


def _wanted(said: dict[str, Any]) -> Any:
    from seqwatch_tui.engine.backtest import WhatIf

    rule, text = said.get("rule"), said.get("text")
    if (rule is None) == (text is None) or not isinstance(rule if text is None else text, str):
        raise ApiError(
            400, "give either the id of a rule or the text of one", '{"rule": "bulk-read", "since": 7776000}'
        )
    back, timeout = said.get("since", 90 * 86400), said.get("timeout", 60)
    for name, value, most in (("since", back, _LONGEST_BACK), ("timeout", timeout, _LONGEST_RUN)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
            raise ApiError(400, f"{name} {value!r} cannot be used", f"seconds, at most {most:.0f}")
    return WhatIf(rule, text, float(back), float(timeout))
