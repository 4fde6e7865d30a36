"""Who calls, when the host's user database takes long to say: it may ask a directory server, and that may hang.

Names and groups are looked up in threads, never in the event loop, and remembered: while the database hangs, people who
were here a while ago go on working, root and the engine's own user always do, and the others are told why not.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from socket import socket

from seqwatch_tui.config.settings import Settings
from seqwatch_tui.engine.peers import Account, Peer, account_of, credentials, peer_of, user_name

FRESH, GOOD = 5.0, 900.0
"""Seconds for which an answer is used as it is, and for which it still holds when no other comes."""
PATIENCE = 3.0
"""Seconds that a caller waits for an answer."""
MOST = 64
"""Questions that may be open at a time."""
_REMEMBERED = 1024

Key = tuple[int, int]
"""uid and gid, as the kernel says (unix(7), SO_PEERCRED)."""


class Unanswered(Exception):
    """The host's user database does not say who somebody is."""


@dataclass(frozen=True, slots=True)
class _Known:
    account: Account
    at: float


@dataclass(frozen=True, slots=True)
class _Asked:
    answer: asyncio.Future[Account]
    at: float = field(default_factory=time.monotonic)


class Callers:
    """Tells who is at the other end of a socket. Used from the event loop only; `look` is called in threads."""

    def __init__(
        self, settings: Callable[[], Settings], look: Callable[[int, int], Account] = account_of,
        patience: float = PATIENCE,
    ) -> None:  # fmt: skip
        self._settings, self._look, self._patience = settings, look, patience
        self._always = {uid: Account(user_name(uid), frozenset()) for uid in (0, os.geteuid())}
        self._known: dict[Key, _Known] = {}
        self._asked: dict[Key, _Asked] = {}

    def known(self, sock: socket) -> Peer | None:
        """Return who it is if that needs no question; null otherwise."""
        uid, gid = credentials(sock)
        account = self._always.get(uid) or self._remembered((uid, gid), FRESH)
        return peer_of(uid, account, self._settings()) if account is not None else None

    async def of(self, sock: socket) -> Peer:
        """Return who it is; Unanswered when the host does not say, and has not said for `GOOD` seconds."""
        if (peer := self.known(sock)) is not None:
            return peer
        uid, gid = credentials(sock)
        asked = self._ask((uid, gid))
        left = asked.at + self._patience - time.monotonic()
        if left > 0 or asked.answer.done():
            await asyncio.wait([asked.answer], timeout=max(left, 0.0))
        account = asked.answer.result() if asked.answer.done() else self._remembered((uid, gid), GOOD)
        if account is None:
            raise Unanswered(f"the host's user database has not said within {self._patience:g} s who uid {uid} is")
        return peer_of(uid, account, self._settings())

    def _remembered(self, key: Key, seconds: float) -> Account | None:
        known = self._known.get(key)
        return known.account if known is not None and time.monotonic() - known.at < seconds else None

    def _ask(self, key: Key) -> _Asked:
        """Ask, unless it is being asked already."""
        if (asked := self._asked.get(key)) is not None:
            return asked
        if len(self._asked) >= MOST:
            raise Unanswered(f"{MOST} questions to the host's user database have no answer yet")
        loop = asyncio.get_running_loop()
        asked = self._asked[key] = _Asked(loop.create_future())
        threading.Thread(target=self._answer, args=(loop, key), name="accounts", daemon=True).start()
        return asked

    def _answer(self, loop: asyncio.AbstractEventLoop, key: Key) -> None:
        """Root of a thread of its own: one that hangs in the host's libraries holds up neither another nor the end."""
        try:
            account = self._look(*key)
        except OSError:  # the database said that it cannot say: as good as nobody known
            account = Account(str(key[0]), frozenset())
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._learn, key, account)

    def _learn(self, key: Key, account: Account) -> None:
        self._known.pop(key, None)
        self._known[key] = _Known(account, time.monotonic())
        while len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        self._asked.pop(key).answer.set_result(account)
