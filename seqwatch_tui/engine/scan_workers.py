"""Pieces of a log looked at by several processes, the answers in order. The processes are forks: rules are compiled once.

A worker opens the file by itself and reads its pieces; of a packed file it is sent the bytes. It knows nothing of events.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from seqwatch_tui.detect.pieces import Kept, PieceSieve
from seqwatch_tui.engine.heap import keep_freed
from seqwatch_tui.model.safefile import safe_open
from seqwatch_tui.parse.bulk_index import MARGIN

_AHEAD = 2
"""Pieces that a worker is given before its first answer is taken."""


class ScanFailed(RuntimeError):
    """A file could not be looked at to its end; the text says why."""


class Piece(NamedTuple):
    """Bytes `[start, end)` of a file, or those bytes themselves."""

    path: str
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
        """Yield what is left of each piece, in their order. Raises ScanFailed."""
        if not self._connections:
            files = _Files()
            for piece in pieces:
                yield self._sieve.keep(*files.read(piece), piece.start)
            return
        waiting: deque[Connection] = deque()
        for number, piece in enumerate(pieces):
            connection = self._connections[number % len(self._connections)]
            if len(waiting) >= _AHEAD * len(self._connections):
                yield self._answer(waiting.popleft())
            self._send(connection, piece)
            waiting.append(connection)
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

    @staticmethod
    def _send(connection: Connection, piece: Piece) -> None:
        try:
            connection.send(piece)
        except OSError as error:
            raise ScanFailed("a process that looks at the log ended early; run the command again") from error

    @staticmethod
    def _answer(connection: Connection) -> Kept:
        try:
            answer = connection.recv()
        except (EOFError, OSError) as error:
            raise ScanFailed("a process that looks at the log ended early; run the command again") from error
        if isinstance(answer, str):
            raise ScanFailed(answer)
        assert isinstance(answer, Kept), "an answer"  # noqa: S101
        return answer


class _Files:
    """The file that pieces are read from, open, and the memory they are read into."""

    def __init__(self) -> None:
        self._path, self._fd = "", -1
        self._buffer = bytearray()

    def read(self, piece: Piece) -> tuple[bytes | bytearray, int]:
        """Return a piece's bytes, with what the sieve wants behind them, and how many they are. Raises ScanFailed.

        They are valid until the next call.
        """
        length = piece.end - piece.start
        if piece.data is not None:
            return piece.data, length
        if len(self._buffer) < length + MARGIN:
            self._buffer = bytearray(length + length // 4 + MARGIN)
        try:
            if piece.path != self._path:
                if self._fd >= 0:
                    os.close(self._fd)
                self._fd, self._path = safe_open(Path(piece.path)), piece.path
            got = self._filled(length, piece.start)
        except OSError as error:
            raise ScanFailed(f"{piece.path} cannot be read: {error.strerror}; check the disk") from error
        if got != length:
            raise ScanFailed(f"{piece.path} became shorter while it was read; run the command again")
        self._buffer[length : length + MARGIN] = b"\n" * MARGIN
        return self._buffer, length

    def _filled(self, length: int, start: int) -> int:
        """Read into the buffer until it has `length` bytes, or there are no more; returns how many it has."""
        got = 0
        with memoryview(self._buffer) as whole:
            while got < length and (more := os.preadv(self._fd, [whole[got:length]], start + got)):
                got += more
        return got


def _work(sieve: PieceSieve, connection: Connection, others: list[Connection]) -> None:
    """Answer until nobody asks any more. The ends of other pipes are closed, so that their ends are noticed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_freed()
    for other in others:
        other.close()
    files = _Files()
    while True:
        try:
            piece = connection.recv()
        except EOFError:
            return
        try:
            connection.send(sieve.keep(*files.read(piece), piece.start))
        except ScanFailed as error:
            connection.send(str(error))
        except BrokenPipeError:
            return
