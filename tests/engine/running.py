"""Start an engine as its own process, talk to it as a user would."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from seqwatch_tui.config.settings import load

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
WORKLOAD = GOLDEN / "sshd-workload-enriched.log"
"""Three people over sshd on one host, ENRICHED; 1195 records, 278 events."""
WORKLOAD_SITE = (
    "site: workload",
    "datasets:",
    "  - {id: wgs-cohort-a, path: /data/seq/wgs-cohort-a, grants: {lab: [read]}}",
    "  - {id: wes-panel-b, path: /data/seq/wes-panel-b, grants: {lab: [read]}}",
    '  - {id: run-240117, path: "/data/seq/run 240117_A00123", grants: {lab: [read, write]}}',
    "roles: {lab: {users: [alice, bob]}}",
    "accounts: {service: [bob]}",
)


def command(config: Path, *arguments: str) -> list[str]:
    """Return the command line of a seqwatch command."""
    return [sys.executable, "-m", "seqwatch_tui", "--config", str(config), *arguments]


def seqwatch(config: Path, *arguments: str, timeout: float = 180.0) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(config, *arguments),
        capture_output=True, text=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def start_engine(config: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start an engine in the background."""
    return subprocess.Popen(command(config, "engine", *arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for_socket(config: Path, seconds: float = 30.0) -> None:
    """Wait until the engine of a configuration answers."""
    api = Api(load(config).state_dir / "engine.sock")
    until(api.answers, f"an answer at {api.path}", seconds)


def without_privileges() -> list[str]:
    """Return the command that takes root's right to read everything away; for others there is nothing to take."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv (util-linux) is not installed")
    drop = "-dac_override,-dac_read_search"
    return ["setpriv", f"--inh-caps={drop}", f"--bounding-set={drop}"]


def take_away(path: Path) -> None:
    """Make a path unreadable for an engine `without_privileges`."""
    path.chmod(0)
    if os.geteuid() == 0:
        os.chown(path, 61234, 61234)


def write_site(folder: Path, lines: Sequence[str]) -> Path:
    """Write a configuration with its state folder beside it; return its path."""
    config = folder / "seqwatch.yaml"
    config.write_text("\n".join([f"state_dir: {folder / 'state'}", *lines]) + "\n")
    return config


def until(true: Callable[[], Any], what: str, seconds: float = 20.0) -> Any:
    """Return the first true answer; AssertionError names what did not come."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.03)
    return found


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine answered: the HTTP status, the headers, the body as bytes."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def value(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of a panel as objects."""
        return [dict(zip(self.value["columns"], row, strict=True)) for row in self.value["rows"]]


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("engine", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(30)
        self.sock.connect(str(self._path))


@dataclass(frozen=True, slots=True)
class Api:
    """Requests to the engine at one socket, as any HTTP client makes them."""

    path: Path

    def send(self, method: str, target: str, body: bytes | None = None) -> Answer:
        """Send one request and read its whole answer."""
        connection = _Connection(self.path)
        try:
            connection.request(method, target, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers), response.read())
        finally:
            connection.close()

    def get(self, target: str, **query: Any) -> Answer:
        """GET; the path is quoted as a client must."""
        return self.send("GET", quote(target) + (f"?{urlencode(query)}" if query else ""))

    def post(self, target: str, value: Any) -> Answer:
        """POST a JSON value."""
        return self.send("POST", quote(target), json.dumps(value).encode())

    def answers(self) -> bool:
        """Whether an engine answers here."""
        try:
            return self.get("/v1/hello").status == 200
        except OSError:
            return False

    def sql(self, query: str) -> list[dict[str, Any]]:
        """Run one statement; return its rows as objects."""
        answer = self.post("/v1/sql", {"query": query, "limit": 0})
        assert answer.status == 200, answer.body
        return answer.rows

    def status(self) -> dict[str, Any]:
        """The header's facts."""
        found: dict[str, Any] = self.get("/v1/status").value
        return found


@dataclass(frozen=True, slots=True)
class Running:
    """An engine that runs, its API and its log."""

    config: Path
    process: subprocess.Popen[bytes]
    api: Api
    log: Path

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command against it."""
        return seqwatch(self.config, *arguments)

    def stop(self, seconds: float = 15.0) -> int:
        """Ask it to end; return its exit status."""
        self.process.terminate()
        return self.process.wait(timeout=seconds)


@contextlib.contextmanager
def engine(config: Path, *arguments: str, prefix: Sequence[str] = ()) -> Iterator[Running]:
    """Run an engine for the length of the block. It must end with status 0, unless the block ended it.

    `prefix` is a command that runs it, such as `without_privileges()`.
    """
    log = config.parent / "engine.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*prefix, *command(config, "engine", *arguments)], stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    running = Running(config, process, Api(load(config).state_dir / "engine.sock"), log)
    try:
        until(lambda: process.poll() is not None or running.api.answers(), "the engine answers", 30)
        assert process.poll() is None, log.read_text()
        yield running
        if process.poll() is None:
            assert running.stop() == 0, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def ingest(running: Running, *paths: Path) -> dict[str, Any]:
    """Back-fill files over the API; return the summary."""
    answer = running.api.post("/v1/ingest", {"paths": [str(p) for p in paths]})
    assert answer.status == 200, answer.body
    summary: dict[str, Any] = json.loads(answer.body.splitlines()[-1])["summary"]
    return summary
