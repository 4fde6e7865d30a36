"""HTTP/1.1 over one open socket, as much of it as an answer of the engine needs (RFC 9112).

`http.client` would bring the mail parser with it: 1 MiB for as long as the console is open. An answer has a length or
comes in chunks; what is longer than the limits, or breaks the rules, is refused and the connection given up.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import BinaryIO

_MAX_LINE, _MAX_LINES, _MAX_BODY = 64 << 10, 100, 64 << 20


class Garbled(Exception):
    """What came is no HTTP answer, or stopped half-way."""


class Wire:
    """Sends one request at a time and reads the whole answer."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._file: BinaryIO = sock.makefile("rb")

    def close(self) -> None:
        """Hang up; a read in another thread ends."""
        with suppress(OSError):  # the peer hung up first
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self._file.close()  # waits for that thread, which the shutdown has woken

    def exchange(self, verb: str, path: str, body: bytes | None) -> tuple[int, bytes, bool]:
        """Return status, body, and whether the connection may be used again. OSError, Garbled, ConnectionResetError."""
        if not path.isascii() or not path.isprintable() or " " in path:
            raise Garbled(f"{path!r} cannot be asked for")
        head = f"{verb} {path} HTTP/1.1\r\nHost: seqwatch\r\nAccept-Encoding: identity\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.sock.sendall(f"{head}\r\n".encode() + (body or b""))
        try:
            status = self._status()
            headers = self._headers()
            return status, *self._body(headers)
        except ValueError as error:
            if self._file.closed:  # another thread hung up between two reads
                raise ConnectionResetError("it was hung up while the answer was read") from error
            raise

    def _status(self) -> int:
        line = self._file.readline(_MAX_LINE)
        if not line:
            raise ConnectionResetError("it hung up before it answered")
        parts = line.split(None, 2)
        if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not parts[1].isdigit():
            raise Garbled("the answer is not HTTP")
        return int(parts[1])

    def _headers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for _ in range(_MAX_LINES):
            line = self._line().decode("latin-1")
            if not line:
                return found
            name, _, value = line.partition(":")
            found[name.strip().lower()] = value.strip()
        raise Garbled("the answer has too many headers")

    def _line(self) -> bytes:
        line = self._file.readline(_MAX_LINE)
        if not line.endswith(b"\n"):
            raise Garbled("the answer stopped in its headers")
        return line.rstrip(b"\r\n")

    def _body(self, headers: dict[str, str]) -> tuple[bytes, bool]:
        again = headers.get("connection", "").lower() != "close"
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunks(), again
        length = headers.get("content-length")
        if length is None:
            return self._some(_MAX_BODY + 1, whole=False), False
        return self._some(_number(length, 10), whole=True), again

    def _chunks(self) -> bytes:
        parts, room = [], _MAX_BODY
        while size := _number(self._line().partition(b";")[0].decode("latin-1"), 16):
            parts.append(self._some(size, whole=True, room=room))
            room -= size
            self._line()
        while self._line():
            pass
        return b"".join(parts)

    def _some(self, size: int, *, whole: bool, room: int = _MAX_BODY) -> bytes:
        if whole and size > room:
            raise Garbled(f"the answer is longer than {_MAX_BODY >> 20} MiB")
        body = self._file.read(size)
        if len(body) > room:
            raise Garbled(f"the answer is longer than {_MAX_BODY >> 20} MiB")
        if whole and len(body) < size:
            raise Garbled("the answer stopped half-way")
        return body


def _number(text: str, base: int) -> int:
    try:
        number = int(text, base)
    except ValueError:
        number = -1
    if number < 0:
        raise Garbled("the answer does not say how long it is")
    return number
