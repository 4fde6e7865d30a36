"""HTTP by hand: whole answers come through, everything else is refused and never waited for twice."""

from __future__ import annotations

import socket

import pytest

from seqwatch_tui.console.wire import Garbled, Wire

OK = b"HTTP/1.1 200 OK\r\nServer: x\r\n"


def ask(
    answer: bytes, *, path: str = "/v1/x?a=b%20c", body: bytes | None = None
) -> tuple[tuple[int, bytes, bool], bytes]:
    """Send a request to a peer that answers `answer` and hangs up; return what was made of it, and what was sent."""
    here, there = socket.socketpair()
    with here, there:
        there.sendall(answer)
        there.shutdown(socket.SHUT_WR)
        return Wire(here).exchange("GET", path, body), there.recv(65536)


def test_a_request_says_what_is_asked_and_how_long_its_body_is() -> None:
    _, sent = ask(OK + b"Content-Length: 0\r\n\r\n", body=b'{"a": 1}')
    assert sent.startswith(b"GET /v1/x?a=b%20c HTTP/1.1\r\nHost: seqwatch\r\n")
    assert sent.endswith(b"Content-Length: 8\r\n\r\n" + b'{"a": 1}')


def test_an_answer_with_a_length_leaves_the_connection_usable() -> None:
    assert ask(OK + b"content-length: 5\r\n\r\nhello")[0] == (200, b"hello", True)
    assert ask(b"HTTP/1.1 409 Conflict\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")[0] == (409, b"no", False)


def test_chunks_are_joined_and_trailers_passed_over() -> None:
    answer = OK + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n, engineer\r\n0\r\nX: y\r\n\r\n"
    assert ask(answer)[0] == (200, b"hello, engineer", True)


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    assert ask(OK + b"\r\nall of it")[0] == (200, b"all of it", False)


def test_nothing_at_all_is_a_connection_that_was_closed() -> None:
    with pytest.raises(ConnectionResetError):
        ask(b"")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n\r\n", OK, OK + b"Content-Length: 9\r\n\r\nshort",
        OK + b"Content-Length: -1\r\n\r\n", OK + b"Content-Length: 99999999999\r\n\r\n", OK + b"Content-Length: x\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
        OK + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", OK + b"A: b\r\n" * 200 + b"\r\n", OK + b"A" * 70_000,
    ],
)  # fmt: skip
def test_what_breaks_the_rules_is_refused(answer: bytes) -> None:
    with pytest.raises(Garbled):
        ask(answer)


@pytest.mark.parametrize("path", ["/v1/a b", "/v1/\r\nX: y", "/v1/ü", "/v1/\x00"])
def test_a_path_that_would_end_the_line_is_never_sent(path: str) -> None:
    with pytest.raises(Garbled):
        ask(OK, path=path)


def test_hanging_up_between_two_reads_is_a_reset_and_no_other_error() -> None:
    """Another thread closes the connection while the answer comes: whoever reads hears of it as of any hang-up."""
    here, there = socket.socketpair()
    with here, there:
        wire = Wire(here)
        wire._file.close()  # the socket is still open: the reading thread is between two reads
        with pytest.raises(ConnectionResetError, match="hung up while"):
            wire.exchange("GET", "/", None)
