"""Pages by a program of this host: an argument list, the payload as JSON on its standard input, no shell, a time limit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import dataclass

from seqwatch_tui.model.text import from_bytes, safe_text
from seqwatch_tui.notify.interface import TIMEOUT_SECONDS, Delivery, NotSent, Page, Sent

_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
_TEMPORARY = 75
"""sysexits(3) EX_TEMPFAIL."""


@dataclass(frozen=True, slots=True)
class Command:
    """One program; exit status 0 is taken, 75 may be tried again."""

    label: str
    arguments: tuple[str, ...]
    seconds: float = TIMEOUT_SECONDS

    def deliver(self, page: Page) -> Delivery:
        """Run the program; when time is up, it and what it started are killed."""
        try:
            process = subprocess.Popen(
                self.arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=_ENVIRONMENT,
                cwd="/", start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            return NotSent(f"{self.arguments[0]} cannot be run: {error.strerror}", again=False)
        try:
            out, _ = process.communicate(json.dumps(page.payload).encode() + b"\n", timeout=self.seconds)
        except subprocess.TimeoutExpired:
            return NotSent(f"{self.arguments[0]} did not end within {self.seconds:.0f} s and was stopped", again=False)
        finally:
            _end(process)
        said = safe_text(from_bytes(out[-200:]).strip())
        if process.returncode == 0:
            return Sent(said or "status 0")
        return NotSent(
            f"{self.arguments[0]} ended with status {process.returncode}: {said}", process.returncode == _TEMPORARY
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the whole session of the program; what has become another user's (sudo) cannot be killed and is not waited for."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.wait()
    except PermissionError:
        process.poll()
    else:
        process.wait()
    finally:
        if process.stdout is not None:
            process.stdout.close()
