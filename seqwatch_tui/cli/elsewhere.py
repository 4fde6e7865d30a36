"""A question answered in a process of its own: what it has to import and read is gone with it, and it waits for nobody.

For a process without threads (fork(2)); the answer is JSON through a pipe.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from typing import Any

from seqwatch_tui.cli.exits import CommandError, Exit


class Elsewhere:
    """Starts `ask`, whose answer must be fit for JSON; a CommandError of it is raised here.

    `here` is asked in this process when no answer comes (the other one was killed, or failed unforeseen); default: `ask`.
    """

    def __init__(self, ask: Callable[[], Any], here: Callable[[], Any] | None = None) -> None:
        self._here = here or ask
        self._read, write = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._read)
            _tell(ask, write)
        os.close(write)

    def answer(self) -> Any:
        """Wait for the answer."""
        with os.fdopen(self._read, "rb") as pipe:
            said = pipe.read()
        os.waitpid(self._pid, 0)
        if not said:
            return self._here()
        answer = json.loads(said)
        if "error" in answer:
            code, text, hint = answer["error"]
            raise CommandError(Exit(code), text, hint)
        return answer["is"]


def _tell(ask: Callable[[], Any], write: int) -> None:
    """The other process: answer and end, whatever happens, without touching terminal or buffers of the first one."""
    try:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        try:
            said = {"is": ask()}
        except CommandError as error:
            said = {"error": (int(error.code), error.text, error.hint)}
        with os.fdopen(write, "wb") as pipe:
            pipe.write(json.dumps(said).encode())
    finally:
        os._exit(0)
