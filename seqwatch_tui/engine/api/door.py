"""Who may hold how many connections: anybody may connect to the socket, nobody may use up the engine's descriptors by it.

Without descriptors no rotated log could be opened and nothing stored. A user namespace gives one person thousands of uids,
so that those without a role share a few places.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from aiohttp import web

from seqwatch_tui.engine.peers import Peer

OF_ONE, OF_STRANGERS = 64, 16
"""Connections of one person with a role, and of all others together."""


class Door:
    """Counts open connections; used from the event loop only."""

    def __init__(self, server: web.Server, peer_of: Callable[[asyncio.BaseTransport], Peer]) -> None:
        """`server` makes the protocols that speak HTTP; `peer_of` tells who is at the other end."""
        self.server, self.peer_of = server, peer_of
        self._open: dict[int | None, list[asyncio.BaseTransport]] = {}

    def admits(self, transport: asyncio.BaseTransport) -> str:
        """Count a connection; return why it is one too many, empty when it is not."""
        peer = self.peer_of(transport)
        who, most = (None, OF_STRANGERS) if peer.role is None else (peer.uid, OF_ONE)
        held = [each for each in self._open.pop(who, []) if not each.is_closing()]
        if held:
            self._open[who] = held
        if len(held) >= most:
            return f"{most} connections of {'people without a role' if who is None else peer.name} are open already"
        self._open.setdefault(who, []).append(transport)
        return ""


class Entering(asyncio.Protocol):
    """A connection that has just been made: handed on to HTTP, or refused with a reason and closed."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Decide, before anything is read."""
        assert isinstance(transport, asyncio.Transport), "a socket"  # noqa: S101
        if why := self._door.admits(transport):
            body = msgspec.json.encode({"error": why, "hint": "close some, then try again"})
            head = f"HTTP/1.1 503 Too Many Connections\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            transport.write(head.encode() + b"Connection: close\r\n\r\n" + body)
            transport.close()
            return
        protocol = self._door.server()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
