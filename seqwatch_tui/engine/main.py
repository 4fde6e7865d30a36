"""The engine as a process: open, listen, follow, until a signal or (as a child) the parent is gone."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from functools import partial
from pathlib import Path

from seqwatch_tui.config.settings import Settings
from seqwatch_tui.engine.acts import finish_acts
from seqwatch_tui.engine.api.server import Server
from seqwatch_tui.engine.disabled import DisabledUnreadable
from seqwatch_tui.engine.engine import SOCKET, Engine
from seqwatch_tui.engine.evidence import EvidenceWatch
from seqwatch_tui.engine.heap import few_arenas
from seqwatch_tui.engine.housekeeping import Housekeeper
from seqwatch_tui.engine.log import log_to_stderr
from seqwatch_tui.engine.reader import Reader
from seqwatch_tui.engine.watch import EditWatch
from seqwatch_tui.ledger.values import LedgerError
from seqwatch_tui.response.errors import ResponseError
from seqwatch_tui.store.interface import StoreError

LOG = logging.getLogger("seqwatch")


SOCKET_BYTES = 107
"""Longest path of a socket, unix(7)."""
SWITCH_SECONDS = 0.0005
"""How long a thread may keep the interpreter from the others: the writer needs it for a moment some twenty times a commit."""


class EngineError(Exception):
    """The engine cannot run; `hint` says what to do."""

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.hint = hint


def run_engine(settings: Settings, config: Path, *, sources: bool, child: bool, reader: Reader | None = None) -> int:
    """Run until SIGTERM or SIGINT, or (child) until standard input closes; 0, or EngineError.

    `reader`, when started already, reads the files of the first back-fill.
    """
    os.umask(0o077)
    sys.setswitchinterval(SWITCH_SECONDS)
    few_arenas()
    log_to_stderr(logging.WARNING if child else logging.INFO)
    logging.getLogger("watchfiles").setLevel(logging.WARNING)  # what came of an edit is logged in its place
    if len(os.fsencode(settings.state_dir / SOCKET)) > SOCKET_BYTES:
        raise EngineError(
            f"the state folder {settings.state_dir} is too deep for a socket (its path has more than {SOCKET_BYTES} bytes)",
            "choose a shorter state_dir",
        )
    try:
        engine = Engine.open(settings, config)
    except (StoreError, LedgerError, ResponseError, DisabledUnreadable) as error:
        raise EngineError(str(error)) from error
    except OSError as error:
        raise EngineError(
            f"the state folder {settings.state_dir} cannot be used: {error}", "correct state_dir, or run as its owner"
        ) from error
    engine.reader = reader
    try:
        asyncio.run(_serve(engine, sources=sources, child=child))
    finally:
        engine.close()
    if engine.failed.is_set():
        raise EngineError(engine.failure, "what is stored is safe; reading goes on where it stopped at the next start")
    LOG.info("stopped; everything that was read is stored")
    return 0


async def _serve(engine: Engine, *, sources: bool, child: bool) -> None:
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if child:
        _watch_parent(loop, stopping)
    engine.on_fail = partial(_wake, loop, stopping)
    await asyncio.to_thread(engine.declare)
    await asyncio.to_thread(_finish_acts, engine)
    server = Server(engine, engine.socket_path, shared=engine.shared)
    await server.start()
    housekeeper = Housekeeper(engine)
    housekeeper.start()
    engine.paging.begin()
    edits = EditWatch(engine)
    edits.start()
    evidence = EvidenceWatch(engine)
    if sources:
        engine.follow_sources()
        evidence.start()
    LOG.info("watching %d sources and %d datasets of %s, listening on %s", len(engine.intakes), len(engine.settings.datasets),
             engine.settings.site, engine.socket_path)  # fmt: skip
    await stopping.wait()
    engine.stopping.set()
    housekeeper.stop()
    edits.stop()
    evidence.stop()
    await server.stop()
    if not child:  # a thread alive at the end makes libraries complain on standard error; a child does not get there
        await asyncio.to_thread(edits.join, 1.0)


def _finish_acts(engine: Engine) -> None:
    """Finish what was interrupted; a journal that cannot be written now keeps nobody from watching."""
    try:
        finish_acts(engine)
    except ResponseError as error:
        LOG.exception("an interrupted act is not finished")
        engine.notes.append(f"an interrupted act is not finished: {error}; restart seqwatch once that is mended")


def _wake(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    loop.call_soon_threadsafe(stopping.set)


def _watch_parent(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    """Stop when standard input closes: the parent is gone, however it went."""

    def readable() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            stopping.set()

    loop.add_reader(0, readable)
