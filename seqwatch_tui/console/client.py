"""The only way the console learns anything: HTTP over the engine's Unix socket (docs/api.md).

The server's uid is checked on every connection (SO_PEERCRED: root, or the owner of the state directory). Every text of
an answer passes `safe_text` here, so no widget ever sees a raw one.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from seqwatch_tui.console.wire import Garbled, Wire
from seqwatch_tui.model.text import safe_text

T = TypeVar("T")
_MANY_LINES = frozenset({"raw", "text", "sql", "description", "question", "hint"})


class EngineError(Exception):
    """The family: no answer to use, and why; the text is one sentence for the operator."""

    @property
    def told(self) -> str:
        """The sentence, and what to do instead where the engine said so."""
        return str(self)


class EngineGone(EngineError):
    """Nobody answers on the socket, or the answer stopped half-way."""


class Refused(EngineError):
    """The engine answered no; `status` is the HTTP status, `hint` what to do instead."""

    def __init__(self, status: int, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.status, self.hint = status, hint

    @property
    def told(self) -> str:
        """As EngineError.told; line ends of a hint are spaces."""
        said, hint = str(self), " ".join(self.hint.split())
        return f"{said}{' ' if said.endswith('.') else '; '}{hint}" if hint else said


class Misunderstood(EngineError):
    """The engine answered something this console does not understand: versions differ."""


class Impostor(EngineError):
    """The socket is served by a user who is neither root nor the owner of the state directory."""


def connected(path: Path, timeout: float) -> Wire:
    """Connect to the socket and check who serves it; OSError or Impostor."""
    owner = path.parent.stat().st_uid
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.connect(os.fspath(path))
        uid = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))[1]
    except OSError:
        sock.close()
        raise
    if uid not in (0, owner):
        sock.close()
        raise Impostor(f"the engine's socket is served by uid {uid}, not by root or uid {owner}; do not trust it")
    return Wire(sock)


class Client:
    """One connection to the engine, for one thread. Reconnects by itself; `close` from any thread cancels a call."""

    def __init__(self, path: Path, *, timeout: float = 5.0) -> None:
        self._path, self._timeout = path, timeout
        self._connection: Wire | None = None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, path: str, parse: Callable[[Any], T], **query: object) -> T:
        """GET `path`; query values that are None are left out. Raises EngineError."""
        asked = {name: value for name, value in query.items() if value is not None}
        return self._call("GET", f"{path}?{urlencode(asked)}" if asked else path, None, parse)

    def post(self, path: str, body: Mapping[str, object], parse: Callable[[Any], T], *, timeout: float = 0) -> T:
        """POST a JSON object; never sent twice. Raises EngineError."""
        return self._call("POST", path, json.dumps(body).encode(), parse, timeout)

    def close(self) -> None:
        """Hang up; a call in another thread ends with EngineGone."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _call(self, verb: str, path: str, body: bytes | None, parse: Callable[[Any], T], timeout: float = 0) -> T:
        try:
            status, answer = self._exchange(verb, path, body, timeout)
        except (OSError, Garbled) as error:
            self.close()
            raise EngineGone(_why(error, self._path)) from error
        try:
            data = clean(json.loads(answer))
            if status >= 400:
                raise Refused(status, str(data.get("error") or f"status {status}"), str(data.get("hint") or ""))
            return parse(data)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            name = path.partition("?")[0]
            raise Misunderstood(f"{name}: the answer is not what this console expects ({error!r})") from error

    def _exchange(self, verb: str, path: str, body: bytes | None, timeout: float) -> tuple[int, bytes]:
        fresh = self._connection is None
        try:
            return self._once(verb, path, body, timeout)
        except ConnectionError:
            if fresh or verb != "GET":
                raise
            self.close()  # an idle connection that the engine closed
            return self._once(verb, path, body, timeout)

    def _once(self, verb: str, path: str, body: bytes | None, timeout: float) -> tuple[int, bytes]:
        connection = self._connection
        if connection is None:
            connection = self._connection = connected(self._path, self._timeout)
        connection.sock.settimeout(timeout or self._timeout)
        status, answer, again = connection.exchange(verb, path, body)
        if not again:
            self.close()
        return status, answer


def clean(value: Any, key: str = "") -> Any:
    """`value` with every text made visible; texts of several lines keep their line ends."""
    if isinstance(value, str):
        if key in _MANY_LINES:
            return "\n".join(map(safe_text, value.rstrip("\n").split("\n")))
        return safe_text(value)
    if isinstance(value, list):
        return [clean(item, key) if isinstance(item, (str, list, dict)) else item for item in value]
    if isinstance(value, dict):
        return {safe_text(name): clean(item, name) for name, item in value.items()}
    return value


def _why(error: Exception, path: Path) -> str:
    if isinstance(error, FileNotFoundError):
        return f"no engine: {path} does not exist"
    if isinstance(error, ConnectionRefusedError):
        return f"no engine listens on {path}"
    if isinstance(error, PermissionError):
        return f"{path}: permission denied; ask to be made an operator of this site"
    if isinstance(error, TimeoutError):
        return "the engine does not answer in time"
    return f"the engine hung up ({error or type(error).__name__})"
