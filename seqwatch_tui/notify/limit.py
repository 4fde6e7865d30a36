"""An end to every exchange: a server that drips a byte now and then keeps each read within its limit, and holds up no page."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def cut_off_after(seconds: float, sock_of: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Shut down the socket that `sock_of` then returns, unless the block has ended by then."""
    timer = threading.Timer(seconds, _cut, [sock_of])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(sock_of: Callable[[], socket.socket | None]) -> None:
    sock = sock_of()
    if sock is None:
        return
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        sock.close()  # it was ending by itself
