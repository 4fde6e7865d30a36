"""From a line of the configuration to the way a page goes, and how often it is tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from seqwatch_tui.config.alarm import Notify
from seqwatch_tui.notify.command import Command
from seqwatch_tui.notify.interface import Channel, Delivery, Page, Sent
from seqwatch_tui.notify.local import File, Syslog
from seqwatch_tui.notify.mail import Mail
from seqwatch_tui.notify.webhook import Webhook

PAUSES = (1.0, 5.0)
"""Seconds before the second and the third attempt; there is no fourth."""


@dataclass(frozen=True, slots=True)
class Attempted:
    """What became of a page after all attempts."""

    delivery: Delivery
    attempts: int


def channel_of(notify: Notify, host: str) -> Channel:
    """Return the way to one address; the configuration has been checked. `host` is this host's name, for the sender."""
    scheme, _, rest = notify.url.partition(":")
    if scheme == "mailto":
        server, port = _endpoint(notify.smtp)
        recipient = rest.removeprefix("//")
        sender = notify.sender or f"seqwatch@{host}"
        return Mail(
            f"mailto:{recipient}", recipient, sender, server, port, notify.security, notify.user, notify.secret_file
        )
    if scheme in ("http", "https"):
        parts = urlsplit(notify.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        place = f"{parts.hostname}{f':{parts.port}' if parts.port else ''}"
        return Webhook(
            f"{scheme}://{place}", scheme == "https", parts.hostname or "", parts.port, target, notify.secret_file
        )
    if scheme == "exec":
        return Command(f"exec:{rest}", (rest, *notify.arguments))
    return File(f"file:{rest}", Path(rest)) if scheme == "file" else Syslog(f"syslog:{rest}", rest)


def deliver(channel: Channel, page: Page, pause: Callable[[float], bool]) -> Attempted:
    """Try until it is taken, refused for good, or tried enough. `pause` waits; true means: give up, the engine stops."""
    for attempt, wait in enumerate((*PAUSES, 0.0), 1):
        outcome = channel.deliver(page)
        if isinstance(outcome, Sent) or not outcome.again or attempt > len(PAUSES) or pause(wait):
            return Attempted(outcome, attempt)
    raise AssertionError("the last attempt returns")


def _endpoint(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
