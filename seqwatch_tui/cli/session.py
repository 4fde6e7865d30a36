"""Find the engine of a configuration, or start one as a child for as long as the command runs."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seqwatch_tui.cli.client import Client
from seqwatch_tui.cli.exits import CommandError, Exit

if TYPE_CHECKING:
    from seqwatch_tui.config.settings import Settings

START_SECONDS = 60.0
"""A child may have to bring the store and the ledger together before it listens."""
_WORDS = 200
"""Lines of a child's log that are kept, for the case that it ends."""
_LAST_WORDS_SECONDS = 2.0


def socket_path(settings: Settings) -> Path:
    """Return where the engine of this configuration listens."""
    return Path(settings.state_dir) / "engine.sock"


@contextlib.contextmanager
def engine_for(settings: Settings, config: Path, *, follow: bool = False, back_fill: str = "") -> Iterator[Client]:
    """Yield a client of the running engine; without one, of a child engine that ends with the block.

    `follow` lets the child read the configured sources; else it only answers (for look-ups and back-fill). With
    `back_fill`, a large file, it starts the process that will read it before anything else.
    """
    socket = socket_path(settings)
    if runs(socket):
        yield Client(socket)
    else:
        with child_engine(config, socket, follow=follow, back_fill=back_fill):
            yield Client(socket)


def runs(socket: Path) -> bool:
    """Whether an engine answers at `socket`; CommandError when this user may not even look."""
    return _exists(socket) and Client(socket).alive()


@contextlib.contextmanager
def child_engine(config: Path, socket: Path, *, follow: bool, back_fill: str = "") -> Iterator[EngineChild]:
    """Yield an engine that is started here, answers, and ends with the block."""
    flags = [*([] if follow else ["--no-sources"]), *(["--back-fill", back_fill] if back_fill else [])]
    child = EngineChild(config, flags)
    try:
        child.wait_for(Client(socket))
        yield child
    finally:
        child.stop()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError as error:
        raise CommandError(
            Exit.FAILED, f"the state folder {path.parent} may not be entered by this user (permission denied)",
            "run this as the engine's user, or have yourself added under operators: in the configuration",
        ) from error  # fmt: skip


class EngineChild:
    """An engine started for one command or console. It ends when its standard input closes, however we die."""

    def __init__(self, config: Path, flags: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "seqwatch_tui", "--config", str(config), "engine", "--child", *flags],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"}, start_new_session=True,
        )  # fmt: skip
        self._words: deque[bytes] = deque(maxlen=_WORDS)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        """Read what it logs for as long as it lives: a full pipe would stop the engine in the middle of a sentence."""
        for line in self._process.stderr or ():
            self._words.append(line)

    def wait_for(self, client: Client) -> None:
        """Wait until it answers; its own words become the error when it ends first."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise CommandError(self._code(), *self._last_words())
            if client.path.exists() and client.alive():
                return
            time.sleep(0.02)
        raise CommandError(
            Exit.FAILED, f"the engine did not answer within {START_SECONDS:.0f} s", "run `seqwatch engine` to see why"
        )

    def status(self) -> int | None:
        """How it ended: the exit status, or minus the signal; None while it runs."""
        return self._process.poll()

    def _code(self) -> Exit:
        code = self._process.returncode
        return Exit(code) if code in (Exit.USAGE, Exit.FAILED) else Exit.FAILED

    def _last_words(self) -> tuple[str, str]:
        self._listener.join(_LAST_WORDS_SECONDS)
        said = b"".join(self._words).decode("utf-8", "replace").strip()
        before, found, last = said.rpartition("seqwatch: ")
        if not found:
            lines = (before or last).splitlines()
            return (lines[-1] if lines else "the engine ended without a word"), ""
        text, _, hint = last.partition("\n  ")
        return text.strip(), hint.partition("\n")[0].strip()

    def stop(self) -> None:
        """End it: close its input, wait, and insist."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            self._process.wait(timeout=5)
        self._listener.join(_LAST_WORDS_SECONDS)
        if self._process.stderr and not self._listener.is_alive():
            self._process.stderr.close()
