"""Pieces of a log looked at by several processes, the answers in order. The processes are forks: rules are compiled once.

A worker is handed the open file and reads its pieces, so that a rotation meanwhile changes nothing; of a packed file it is
sent the bytes. It knows nothing of events.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from typing import NamedTuple

from seqwatch_tui.detect.pieces import Kept, PieceSieve
from seqwatch_tui.engine.heap import keep_freed
from seqwatch_tui.parse.bulk_index import MARGIN

_FILE = "file"
"""Told to a worker before it is handed another open file."""
_AHEAD = 2
"""Pieces that a worker is given before its first answer is taken."""


class ScanFailed(RuntimeError):
    """A file could not be looked at to its end; the text says why."""


class Piece(NamedTuple):
    """Bytes `[start, end)` of the open file `fd`, which is called `path`, or those bytes themselves."""

    path: str
    fd: int
    start: int
    end: int
    data: bytes | None = None


class Workers:
    """`count` processes, or none: then pieces are looked at here. Close it when done."""

    def __init__(self, sieve: PieceSieve, count: int) -> None:
        self._sieve = sieve
        self._connections: list[Connection] = []
        self.processes = []
        context = multiprocessing.get_context("fork")
        for _ in range(count):
            mine, theirs = context.Pipe()
            process = context.Process(target=_work, args=(sieve, theirs, [*self._connections, mine]), daemon=True)
            process.start()
            theirs.close()
            self._connections.append(mine)
            self.processes.append(process)

    def keep(self, pieces: Iterable[Piece]) -> Iterator[Kept]:
        """Yield what is left of each piece of one file, in their order. Raises ScanFailed."""
        if not self._connections:
            for piece in pieces:
                yield _checked(_kept(self._sieve, piece, piece.fd))
            return
        waiting: deque[Connection] = deque()
        for number, piece in enumerate(pieces):
            worker = number % len(self._connections)
            if len(waiting) >= _AHEAD * len(self._connections):
                yield self._answer(waiting.popleft())
            self._send(worker, piece, first=number == worker)
            waiting.append(self._connections[worker])
        while waiting:
            yield self._answer(waiting.popleft())

    def close(self) -> None:
        """End the processes."""
        for connection in self._connections:
            connection.close()
        for process in self.processes:
            process.join(5)
            if process.is_alive():
                process.kill()

    def _send(self, worker: int, piece: Piece, *, first: bool) -> None:
        connection = self._connections[worker]
        try:
            if first and piece.data is None:
                connection.send(_FILE)
                send_handle(connection, piece.fd, self.processes[worker].pid)
            connection.send(piece)
        except OSError as error:
            raise ScanFailed("a process that looks at the log ended early; run the command again") from error

    @staticmethod
    def _answer(connection: Connection) -> Kept:
        try:
            answer = connection.recv()
        except (EOFError, OSError) as error:
            raise ScanFailed("a process that looks at the log ended early; run the command again") from error
        return _checked(answer)


def _checked(answer: Kept | str) -> Kept:
    if isinstance(answer, str):
        raise ScanFailed(answer)
    return answer


def _read(piece: Piece, fd: int) -> tuple[bytes, int]:
    """Return a piece's bytes and how many they are; what follows in the file may be behind them. Raises ScanFailed."""
    length = piece.end - piece.start
    if piece.data is not None:
        return piece.data, length
    try:
        data = os.pread(fd, length + MARGIN, piece.start)
        while len(data) < length and (more := os.pread(fd, length + MARGIN - len(data), piece.start + len(data))):
            data += more
    except OSError as error:
        raise ScanFailed(f"{piece.path} cannot be read: {error.strerror}; check the disk") from error
    if len(data) < length:
        raise ScanFailed(f"{piece.path} became shorter while it was read; run the command again")
    return data, length


def _work(sieve: PieceSieve, connection: Connection, others: list[Connection]) -> None:
    """Answer until nobody asks any more. The ends of other pipes are closed, so that their ends are noticed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_freed()
    for other in others:
        other.close()
    fd = -1
    while True:
        try:
            piece = connection.recv()
            if piece == _FILE:
                if fd >= 0:
                    os.close(fd)
                fd = recv_handle(connection)
                continue
            connection.send(_kept(sieve, piece, fd))
        except (EOFError, BrokenPipeError):
            return


def _kept(sieve: PieceSieve, piece: Piece, fd: int) -> Kept | str:
    """What is left of a piece, or why it could not be looked at."""
    try:
        return sieve.keep(*_read(piece, fd), piece.start)
    except ScanFailed as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - the root of a process: whoever asked tells the operator
        return f"{piece.path}: bytes {piece.start} to {piece.end} could not be looked at: {type(error).__name__}: {error}; report it"
