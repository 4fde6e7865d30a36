"""Pages by HTTP: one POST of JSON. Redirects are not followed: a token goes to the configured host and nowhere else."""

from __future__ import annotations

import http.client
import json
import ssl
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from seqwatch_tui import __version__
from seqwatch_tui.notify.interface import TIMEOUT_SECONDS, Delivery, NotSent, Page, Sent
from seqwatch_tui.notify.limit import cut_off_after
from seqwatch_tui.notify.secret import read_secret

_AGAIN = (408, 425, 429)


@dataclass(frozen=True, slots=True)
class Webhook:
    """POST to one address; `target` is path and query."""

    label: str
    secure: bool
    host: str
    port: int | None
    target: str
    secret_file: Path | None = None

    def deliver(self, page: Page) -> Delivery:
        """POST once; 2xx is taken."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"seqwatch/{__version__}",
            "Idempotency-Key": page.number,
        }
        if self.secret_file is not None:
            secret = read_secret(self.secret_file)
            if isinstance(secret, NotSent):
                return secret
            headers["Authorization"] = f"Bearer {secret}"
        body = json.dumps(page.payload, ensure_ascii=False).encode()
        try:
            with (
                closing(self._connection()) as connection,
                cut_off_after(TIMEOUT_SECONDS, lambda: connection.sock),
            ):
                connection.request("POST", self.target, body, headers)
                status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return NotSent(f"{self.host}: {error or type(error).__name__}", again=True)
        except ValueError:  # whose text may hold the secret
            return NotSent(
                f"{self.host}: url or secret_file holds what no request can carry; correct them", again=False
            )
        if 200 <= status < 300:
            return Sent(f"HTTP {status}")
        hint = "; a redirect is not followed, configure the final address" if 300 <= status < 400 else ""
        return NotSent(f"{self.host} answered HTTP {status}{hint}", again=status >= 500 or status in _AGAIN)

    def _connection(self) -> http.client.HTTPConnection:
        if self.secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self.host, self.port, timeout=TIMEOUT_SECONDS, context=context)
        return http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_SECONDS)
