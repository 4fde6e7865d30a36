"""Who may hold how many connections: anybody may connect to the socket, nobody may use up the engine's descriptors by it.

Without descriptors no rotated log could be opened and nothing stored. A user namespace gives one person thousands of uids,
so that those without a role share a few places.
"""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web

from seqwatch_tui.engine.api.callers import Callers, Unanswered
from seqwatch_tui.engine.peers import Peer

OF_ONE, OF_STRANGERS, UNKNOWN = 64, 16, 64
"""Connections of one person with a role, of all others together, and of people of whom the host has not said yet who
they are."""


class Door:
    """Counts open connections; used from the event loop only."""

    def __init__(self, server: web.Server, callers: Callers) -> None:
        """`server` makes the protocols that speak HTTP; `callers` tells who is at the other end."""
        self.server, self.callers = server, callers
        self._open: dict[int | None, list[asyncio.BaseTransport]] = {}
        self._entering: list[asyncio.BaseTransport] = []

    def admits(self, transport: asyncio.BaseTransport, peer: Peer | None) -> str:
        """Count a connection, null being somebody unknown; return why it is one too many, empty when it is not."""
        who, most = (None, OF_STRANGERS) if peer is None or peer.role is None else (peer.uid, OF_ONE)
        held = [each for each in self._open.pop(who, []) if not each.is_closing()]
        if held:
            self._open[who] = held
        if len(held) >= most:
            name = "people without a role" if who is None or peer is None else peer.name
            return f"{most} connections of {name} are open already"
        self._open.setdefault(who, []).append(transport)
        return ""

    def lets_wait(self, transport: asyncio.BaseTransport) -> str:
        """Count a connection until the host has said whose it is; return why it is one too many."""
        self._entering = [each for each in self._entering if not each.is_closing()]
        if len(self._entering) >= UNKNOWN:
            return f"{UNKNOWN} connections wait for the host's user database already"
        self._entering.append(transport)
        return ""

    async def asks(self, transport: asyncio.Transport) -> str:
        """Wait until the host has said whose it is, and count it there; return why it is one too many."""
        try:
            peer: Peer | None = await self.callers.of(transport.get_extra_info("socket"))
        except Unanswered:
            peer = None  # every request will say so
        self._entering = [each for each in self._entering if each is not transport]
        return self.admits(transport, peer)


class Entering(asyncio.Protocol):
    """A connection that has just been made: handed on to HTTP, or refused with a reason and closed."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._asking: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Decide, before anything is read."""
        assert isinstance(transport, asyncio.Transport), "a socket"  # noqa: S101
        peer = self._door.callers.known(transport.get_extra_info("socket"))
        if peer is not None:
            self._hand_on(transport, self._door.admits(transport, peer))
        elif why := self._door.lets_wait(transport):
            self._hand_on(transport, why)
        else:
            transport.pause_reading()
            self._asking = asyncio.ensure_future(self._ask(transport))

    async def _ask(self, transport: asyncio.Transport) -> None:
        why = await self._door.asks(transport)
        if not transport.is_closing():
            transport.resume_reading()
            self._hand_on(transport, why)

    def _hand_on(self, transport: asyncio.Transport, why: str) -> None:
        if why:
            body = msgspec.json.encode({"error": why, "hint": "close some, then try again"})
            head = f"HTTP/1.1 503 Too Many Connections\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            transport.write(head.encode() + b"Connection: close\r\n\r\n" + body)
            transport.close()
            return
        protocol = self._door.server()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
