"""A mail server and a web server on loopback that keep what they get and answer what a test wants."""

from __future__ import annotations

import contextlib
import http.server
import json
import queue
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

from seqwatch_tui.model.alert import Alert


def alert(number: int = 7, **more: Any) -> Alert:
    """Return an alert with hostile texts in it."""
    said = {
        "rule_id": "bulk-read", "rule_title": "Bulk read", "rule_hash": "h", "level": "high", "actor": "mal\x1b[31mlory",
        "dataset": "cohort", "src_ip": "127.0.9.9", "first_ts": 1_795_000_000.0, "last_ts": 1_795_000_060.0, "count": 45,
        "measure": 45, "summary": "mallory read NA12878.bam\r\nBcc: x@evil.example and 44 more",
    }  # fmt: skip
    return Alert(alert_id=number, **(said | more))


class _Mail(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as smtplib speaks."""

    server: MailServer

    def handle(self) -> None:
        self._say("220 test")
        message: list[str] = []
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            verb = line[:4].upper()
            if verb == "QUIT":
                self._say("221 bye")
                return
            if verb == "RCPT" and self.server.refuse:
                self._say(self.server.refuse)
            elif verb == "DATA":
                self._say("354 go on")
                while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    message.append(line)
                self.server.messages.put("\n".join(message))
                self._say("250 taken")
            else:
                self._say("250 fine")

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class MailServer(socketserver.ThreadingTCPServer):
    """Messages that were taken are in `messages`; `refuse` is the answer to every recipient."""

    daemon_threads, allow_reuse_address = True, True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Mail)
        self.messages: queue.Queue[str] = queue.Queue()
        self.refuse = ""


class _Web(http.server.BaseHTTPRequestHandler):
    server: WebServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.put((self.path, dict(self.headers), json.loads(body)))
        status = self.server.answers.pop(0) if self.server.answers else 200
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base class names it
        """Say nothing."""


class WebServer(http.server.ThreadingHTTPServer):
    """Requests are in `posts` as (path, headers, JSON); `answers` are the statuses to come, then 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Web)
        self.posts: queue.Queue[tuple[str, dict[str, str], Any]] = queue.Queue()
        self.answers: list[int] = []


@contextlib.contextmanager
def serving(server: Any) -> Iterator[Any]:
    """Run a server in a thread for the length of the block."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
