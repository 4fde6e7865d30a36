"""Pages by mail: one message to one mail server (RFC 5321, RFC 5322), by default the one of this host."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path

from seqwatch_tui.model.text import from_bytes
from seqwatch_tui.notify.interface import TIMEOUT_SECONDS, Delivery, NotSent, Page, Sent
from seqwatch_tui.notify.limit import cut_off_after
from seqwatch_tui.notify.secret import read_secret

_URGENT = ("high", "critical")
_WHOLE_SECONDS = 3 * TIMEOUT_SECONDS
"""A mail server may take its time, TIMEOUT_SECONDS for each answer; but not for ever."""


@dataclass(frozen=True, slots=True)
class Mail:
    """Mail to one recipient. `security` is none, starttls or tls; with the latter two the server's name is verified."""

    label: str
    recipient: str
    sender: str
    host: str
    port: int
    security: str = "none"
    user: str | None = None
    secret_file: Path | None = None

    def deliver(self, page: Page) -> Delivery:
        """Hand the message to the mail server."""
        secret: str | NotSent = ""
        if self.secret_file is not None and isinstance(secret := read_secret(self.secret_file), NotSent):
            return secret
        try:
            server = self._server()
            with cut_off_after(_WHOLE_SECONDS, lambda: server.sock), server:
                self._connect(server)
                if self.user is not None:
                    server.login(self.user, str(secret))
                refused = server.send_message(self._message(page))
        except smtplib.SMTPResponseException as error:
            said = from_bytes(error.smtp_error) if isinstance(error.smtp_error, bytes) else error.smtp_error
            return NotSent(f"the mail server said {error.smtp_code} {said}", again=not 500 <= error.smtp_code < 600)
        except smtplib.SMTPRecipientsRefused as error:
            code, why = next(iter(error.recipients.values()))
            return NotSent(f"the recipient was refused: {code} {from_bytes(why)}", again=400 <= code < 500)
        except (OSError, smtplib.SMTPException) as error:
            return NotSent(f"{self.host}:{self.port}: {error or type(error).__name__}", again=True)
        except ValueError:  # whose text may hold the secret
            text = "smtp, sender, user or secret_file holds what no mail can carry; correct them"
            return NotSent(f"{self.host}:{self.port}: {text}", again=False)
        return NotSent(f"refused: {refused}", again=False) if refused else Sent(f"taken by {self.host}:{self.port}")

    def _server(self) -> smtplib.SMTP:
        server = (
            smtplib.SMTP_SSL(timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
            if self.security == "tls"
            else smtplib.SMTP(timeout=TIMEOUT_SECONDS)
        )
        server._host = self.host  # type: ignore[attr-defined] # the name a certificate is asked for; else only its constructor sets it
        return server

    def _connect(self, server: smtplib.SMTP) -> None:
        code, said = server.connect(self.host, self.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)
        if self.security == "starttls":
            server.starttls(context=ssl.create_default_context())

    def _message(self, page: Page) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, self.recipient, page.title
        message["Date"] = formatdate(page.when)
        message["X-Seqwatch-Page"] = page.number
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notices back
        if page.level in _URGENT:
            message["Importance"] = "high"
        message.set_content("\n".join(page.lines) + "\n")
        return message
