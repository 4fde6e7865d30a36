"""HTTP over the engine's Unix socket for commands; checks that the engine is who owns the state directory."""

from __future__ import annotations

import http.client
import json
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from seqwatch_tui.cli.exits import CommandError, Exit


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float | None) -> None:
        super().__init__("engine", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
        raw = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        _, uid, _ = struct.unpack("3i", raw)
        if uid not in (0, os.geteuid(), self._path.parent.stat().st_uid):
            self.sock.close()
            raise CommandError(
                Exit.FAILED, f"the engine at {self._path} runs as uid {uid}, which neither owns its folder nor is root",
                "somebody may be posing as the engine; look at who made this folder",
            )  # fmt: skip


def part(text: object) -> str:
    """Return an id as one part of a path, whatever it holds."""
    return quote(str(text), safe="")


class Client:
    """Requests to the engine at one socket. Every error becomes a CommandError with the engine's own words."""

    def __init__(self, path: Path, timeout: float | None = 30.0) -> None:
        self.path, self._timeout = path, timeout

    def alive(self) -> bool:
        """Whether an engine answers."""
        try:
            self.get("/v1/hello")
        except CommandError:
            return False
        return True

    def get(self, path: str, **query: Any) -> Any:
        """GET and return the decoded JSON; parameters that are None are left out."""
        wanted = {k: v for k, v in query.items() if v is not None}
        return self._json("GET", path + (f"?{urlencode(wanted)}" if wanted else ""), None)

    def post(self, path: str, value: Any, timeout: float | None = None) -> Any:
        """POST JSON and return the decoded JSON."""
        return self._json("POST", path, value, timeout)

    def text(self, path: str) -> str:
        """GET and return the body as text."""
        return self._open("GET", path, None, {}, self._timeout)[1].read().decode()

    def lines(self, path: str, value: Any) -> Iterator[Any]:
        """POST JSON and yield the objects of a streamed x-ndjson answer, without a time limit."""
        connection, response = self._open("POST", path, value, {}, None)
        try:
            for line in response:
                yield json.loads(line)
        finally:
            connection.close()

    def stream(self, path: str, value: Any, accept: str) -> http.client.HTTPResponse:
        """POST JSON and return the open response, for bulk results."""
        return self._open("POST", path, value, {"Accept": accept}, None)[1]

    def _json(self, method: str, path: str, value: Any, timeout: float | None = None) -> Any:
        connection, response = self._open(method, path, value, {}, timeout or self._timeout)
        try:
            return json.loads(response.read())
        finally:
            connection.close()

    def _open(
        self, method: str, path: str, value: Any, headers: dict[str, str], timeout: float | None
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = _UnixConnection(self.path, timeout)
        try:
            connection.request(
                method,
                path,
                None if value is None else json.dumps(value),
                {"Content-Type": "application/json", **headers},
            )
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            why = getattr(error, "strerror", None) or error or type(error).__name__
            raise CommandError(
                Exit.FAILED, f"no engine answers at {self.path}: {why}",
                "start one with `seqwatch engine`, or look at its log",
            ) from error  # fmt: skip
        if response.status >= 400:
            self._refuse(response)
        return connection, response

    @staticmethod
    def _refuse(response: http.client.HTTPResponse) -> None:
        try:
            said = json.loads(response.read())
        except ValueError:
            said = {"error": f"the engine answered {response.status} {response.reason}"}
        code = {400: Exit.USAGE, 403: Exit.USAGE, 404: Exit.USAGE, 409: Exit.FINDING}.get(response.status, Exit.FAILED)
        raise CommandError(code, str(said.get("error", response.reason)), str(said.get("hint", "")))
