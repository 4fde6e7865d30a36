"""The API's server: socket, roles, errors. aiohttp runs in the main thread; blocking work goes to a pool."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import msgspec
from aiohttp import web

from seqwatch_tui.engine.api.callers import Callers, Unanswered
from seqwatch_tui.engine.api.door import Door, Entering
from seqwatch_tui.engine.peers import Peer, Role
from seqwatch_tui.store.filter import FilterError

if TYPE_CHECKING:
    from seqwatch_tui.engine.engine import Engine

P = ParamSpec("P")
T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MAX_BODY = 1 << 20
_LONG = 64
"""Answers that may take long and are made at once."""


class ApiError(Exception):
    """An answer that is an error: HTTP status, what and where, what to do."""

    def __init__(self, status: int, error: str, hint: str = "") -> None:
        super().__init__(error)
        self.status, self.error, self.hint = status, error, hint


ENGINE: web.AppKey[Engine] = web.AppKey("engine")
PEER: web.RequestKey[Peer] = web.RequestKey("peer", Peer)
CALLERS: web.AppKey[Callers] = web.AppKey("callers", Callers)
LONG: web.AppKey[ThreadPoolExecutor] = web.AppKey("long", ThreadPoolExecutor)
"""Threads of what may take minutes: so that it keeps nobody waiting for a status."""


_NUMBER = re.compile(r"[0-9]+")


def number(text: str) -> int:
    """Return an id given in a path; 400 when it is not a number."""
    if not _NUMBER.fullmatch(text):
        raise ApiError(400, f"{text!r} is not a number", "ids are numbers")
    if len(text) > 18:
        raise ApiError(404, f"there is no number {text[:40]}", "ids have at most 18 digits")
    return int(text)


def answer(value: Any, status: int = 200) -> web.Response:
    """Return a JSON answer; dataclasses and bytes are encoded, lone surrogates made visible."""
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


async def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run short blocking work in the pool; what may take longer than a second belongs into `in_long_thread`."""
    return await asyncio.to_thread(call, *args, **kwargs)


async def in_long_thread(request: web.Request, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run work that may take long (a query, a back-fill, an act) where it takes no place from short answers."""
    return await asyncio.get_running_loop().run_in_executor(request.app[LONG], partial(call, *args, **kwargs))


async def body(request: web.Request) -> dict[str, Any]:
    """Return the request's JSON object; 400 when it is none."""
    try:
        value = msgspec.json.decode(await request.read())
    except (msgspec.DecodeError, RecursionError) as error:
        raise ApiError(400, f"the body is not JSON: {error}", "send one JSON object") from error
    if not isinstance(value, dict):
        raise ApiError(400, "the body is not a JSON object", "send one JSON object")
    return value


def needs(role: Role, handler: Handler) -> Handler:
    """Wrap a handler so that it runs only for peers with at least `role`."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        peer = request[PEER]
        if not peer.may(role):
            raise ApiError(
                403, f"{peer.name} has the role {peer.role or 'none'} here; this needs {role}",
                "ask for it to be added under operators: in the configuration",
            )  # fmt: skip
        return await handler(request)

    return guarded


def known_dataset(engine: Engine, dataset: str) -> None:
    """Raise 404 for a dataset that is not configured."""
    ids = [d.id for d in engine.settings.datasets]
    if dataset not in ids:
        raise ApiError(404, f"there is no dataset {dataset!r}", f"configured are: {', '.join(ids) or 'none'}")


@web.middleware
async def _boundary(request: web.Request, handler: Handler) -> web.StreamResponse:
    engine = request.app[ENGINE]
    transport = request.transport
    if transport is None:
        raise ConnectionResetError
    try:
        request[PEER] = await request.app[CALLERS].of(transport.get_extra_info("socket"))
        return await handler(request)
    except ApiError as error:
        return answer({"error": error.error, "hint": error.hint}, error.status)
    except Unanswered as error:
        return answer({"error": str(error), "hint": "see getent passwd; root is known without it"}, 503)
    except FilterError as error:
        return answer({"error": f"the filter cannot be used: {error}", "hint": "see docs/api.md, filter language"}, 400)
    except web.HTTPException as error:
        return answer(
            {"error": f"{request.method} {request.path}: {error.reason}", "hint": "see docs/api.md"}, error.status
        )
    except Exception as error:  # noqa: BLE001 - root of a request: answered and counted, never a traceback to the peer
        engine.trouble(f"{request.method} {request.path}", error)
        return answer({"error": f"{request.path} failed: {error}", "hint": "see the engine's log"}, 503)


class Server:
    """Listens on `<state_dir>/engine.sock` until stopped. Call only while holding the engine lock."""

    def __init__(self, engine: Engine, path: Path, *, shared: bool) -> None:
        """`shared` lets other users connect; what they may do is their role (docs/decisions/0001)."""
        from seqwatch_tui.engine.api.routes import ROUTES
        from seqwatch_tui.engine.api.turns import TURNS, Turns

        self._app = web.Application(middlewares=[_boundary], client_max_size=MAX_BODY)
        self._app[ENGINE] = engine
        self._app[CALLERS] = Callers(lambda: engine.settings)
        self._app[TURNS] = Turns()
        self._app[LONG] = ThreadPoolExecutor(_LONG, thread_name_prefix="long")
        for method, route, role, handler in ROUTES:
            self._app.router.add_route(method, route, needs(role, handler) if role else handler)
        self._path, self._shared = path, shared
        self._runner: web.AppRunner | None = None
        self._listening: asyncio.Server | None = None

    async def start(self) -> None:
        """Bind and listen; a stale socket is removed first (the lock says that nobody listens on it)."""
        self._path.unlink(missing_ok=True)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            sock.bind(str(self._path))
        finally:
            os.umask(before)
        if self._shared:
            self._path.parent.chmod(0o711)
            self._path.chmod(0o666)
        self._runner = web.AppRunner(self._app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await self._runner.setup()
        server = self._runner.server
        assert server is not None, "set up"  # noqa: S101
        door = Door(server, self._app[CALLERS])
        self._listening = await asyncio.get_running_loop().create_unix_server(
            partial(Entering, door), sock=sock, backlog=64
        )

    async def stop(self) -> None:
        """Stop listening and close what is open."""
        if self._listening is not None:
            self._listening.close()
        if self._runner is not None:
            await self._runner.cleanup()
        await asyncio.to_thread(self._app[LONG].shutdown)
        self._path.unlink(missing_ok=True)
