"""Handlers that only read: panels are saved queries (queries/panels), shaped for the screen."""

from __future__ import annotations

import re
from typing import Any, get_args

from aiohttp import web

from seqwatch_tui import __version__
from seqwatch_tui.engine import views
from seqwatch_tui.engine.api.server import ENGINE, PEER, ApiError, Handler, answer, in_thread, known_dataset, number
from seqwatch_tui.engine.metrics import prometheus
from seqwatch_tui.model.verdict import FileVerdict

_LISTED = {
    "alert": "`seqwatch alerts --all` lists them",
    "dataset": "`seqwatch datasets` lists them",
    "event": "`seqwatch events` lists the newest",
    "rule": "`seqwatch rules list` shows their ids",
    "snooze": "`seqwatch alerts snoozes` lists them",
}
"""Where what there is can be seen."""
_WORDS = {"dataset": "dataset", "actor": "user", "since": "since", "until": "until"}
"""Parameters of a window of events and what they are called in a filter."""


def limit_of(request: web.Request, default: int, most: int = 10_000) -> int:
    """Return `limit` of the query, from 1 to `most`."""
    return max(1, min(whole(request, "limit", default) or default, most))


def whole(request: web.Request, name: str, default: int | None = None) -> int | None:
    """Return a whole number of the query; 400 for anything else."""
    text = request.query.get(name)
    if text is None or not text:
        return default
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ApiError(400, f"{name}={text!r} is not a whole number", "see docs/api.md")
    return int(text)


async def hello(request: web.Request) -> web.Response:
    """Who is asked, and who asks."""
    engine, peer = request.app[ENGINE], request[PEER]
    said = views.hello(engine)
    return answer(
        {**said, "version": __version__, "role": peer.role, "user": peer.name, "read_only": not peer.may("responder")}
    )


async def status(request: web.Request) -> web.Response:
    """The header's facts."""
    return answer(await in_thread(views.status, request.app[ENGINE]))


async def snapshot(request: web.Request) -> web.Response:
    """Everything the overview draws, in one answer."""
    engine = request.app[ENGINE]
    wanted = _events_request(request, default=whole(request, "events", 50) or 50)
    return answer(await in_thread(views.snapshot, engine, wanted))


def _events_request(request: web.Request, default: int) -> views.EventsRequest:
    query = request.query
    return views.EventsRequest(
        limit=limit_of(request, default), before=whole(request, "before"), after=whole(request, "after"),
        words=" ".join(
            [query.get("filter", ""), *(f'{word}="{query[name]}"' if " " in query[name] else f"{word}={query[name]}"
                                        for name, word in _WORDS.items() if query.get(name))]
        ).strip(),
    )  # fmt: skip


async def events(request: web.Request) -> web.Response:
    """A window of events."""
    return answer(await in_thread(views.events, request.app[ENGINE], _events_request(request, 200)))


async def event(request: web.Request) -> web.Response:
    """One event with its raw lines."""
    found = await in_thread(views.event, request.app[ENGINE], id_of(request))
    return answer(found_or_404(found, "event", request))


async def datasets(request: web.Request) -> web.Response:
    """The datasets as they stand."""
    return answer(await in_thread(views.datasets, request.app[ENGINE]))


async def dataset(request: web.Request) -> web.Response:
    """One dataset with grants, encryption, integrity, alerts and quarantine."""
    found = await in_thread(views.dataset, request.app[ENGINE], request.match_info["id"])
    return answer(found_or_404(found, "dataset", request))


async def integrity(request: web.Request) -> web.Response:
    """Integrity per dataset."""
    return answer(await in_thread(views.integrity, request.app[ENGINE]))


async def integrity_files(request: web.Request) -> web.Response:
    """Files of a dataset by verdict; `verdict=not ok` gives all but the good."""
    verdict = one_of(request, "verdict", ("not ok", *get_args(FileVerdict)))
    known_dataset(request.app[ENGINE], request.match_info["id"])
    return answer(
        await in_thread(
            views.integrity_files, request.app[ENGINE], request.match_info["id"], verdict,
            limit_of(request, 1000, 100_000),
        )
    )  # fmt: skip


async def rules(request: web.Request) -> web.Response:
    """The rules in force, and those that did not load."""
    return answer(views.rules(request.app[ENGINE]))


async def jobs(request: web.Request) -> web.Response:
    """Background jobs of this run."""
    return answer({"jobs": request.app[ENGINE].jobs.views()})


async def ledger(request: web.Request) -> web.Response:
    """How far the ledger is."""
    return answer(await in_thread(views.ledger, request.app[ENGINE]))


async def metrics(request: web.Request) -> web.Response:
    """Prometheus text."""
    text = prometheus(await in_thread(views.status, request.app[ENGINE]))
    return web.Response(text=text, content_type="text/plain", charset="utf-8")


def panel(name: str) -> Handler:
    """Return the handler of a panel that is one saved query."""

    async def show(request: web.Request) -> web.StreamResponse:
        return answer(await in_thread(views.panel, request.app[ENGINE], name, limit_of(request, 1000)))

    return show


def id_of(request: web.Request) -> int:
    """Return the number in the path."""
    return number(request.match_info["id"])


def one_of(request: web.Request, name: str, words: tuple[str, ...]) -> str | None:
    """Return a word of the query that is one of `words`; null when it is not given, 400 for another."""
    text = request.query.get(name)
    if text and text not in words:
        raise ApiError(400, f"{name}={text!r} is not known", f"one of: {', '.join(words)}")
    return text or None


def found_or_404(value: Any, what: str, request: web.Request) -> Any:
    """Return the value; 404 when it is null."""
    if value is None:
        raise ApiError(404, f"there is no {what} {request.match_info['id']}", _LISTED[what])
    return value
