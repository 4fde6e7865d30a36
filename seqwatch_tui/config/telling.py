"""What must hold of `notify`, `canaries` and `drill` beyond single values. Each check yields a key path and a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from seqwatch_tui.config.alarm import Notify
from seqwatch_tui.config.errors import nearest
from seqwatch_tui.config.reader import KeyPath, dotted
from seqwatch_tui.config.schema import Settings

SCHEMES = ("mailto", "https", "http", "exec", "file", "syslog")
PLACEHOLDER = "mailto://..."
"""As written in the manual: accepted, tells nobody, and the notices say so."""
FACILITIES = ("user", "daemon", "auth", "authpriv", *(f"local{n}" for n in range(8)))
_LEAST_EVERY = 60
_ONLY_FOR = {
    "arguments": ("exec",), "smtp": ("mailto",), "security": ("mailto",), "sender": ("mailto",), "user": ("mailto",),
    "secret_file": ("mailto", "https", "http"),
}  # fmt: skip

Wrong = tuple[KeyPath, str]


def telling_checks(settings: Settings) -> Iterator[Wrong]:
    """Yield what is wrong with who is told, and with what is drilled."""
    for index, notify in enumerate(settings.notify):
        yield from _notify(notify, ("notify", index), settings)
    for index, path in enumerate(settings.canaries):
        yield from _canary(path, ("canaries", index), settings)
    if settings.drill is not None:
        yield from _canary(settings.drill.canary, ("drill", "canary"), settings)
        if settings.drill.every is not None and settings.drill.every < max(_LEAST_EVERY, 2 * settings.drill.within):
            yield (
                ("drill", "every"),
                "drill.every is less than a minute, or than twice drill.within; write e.g. every: 1d",
            )


def telling_notices(settings: Settings) -> Iterator[str]:
    """What is accepted and is not wise: sentences for the operator."""
    for notify in settings.notify:
        if notify.url == PLACEHOLDER:
            yield f"notify {PLACEHOLDER} is the placeholder of the manual; nobody is told of alerts by it"
            continue
        scheme, place = notify.url.partition(":")[0], urlsplit(notify.url).hostname or ""
        if scheme == "http" and not _here(place):
            yield f"notify http://{place}: pages go over the network without encryption; write https://"
        server = notify.smtp.rpartition(":")[0]
        if scheme == "mailto" and notify.security == "none" and not _here(server):
            yield f"notify mailto by {server}: pages go over the network without encryption; write security: starttls"


def _here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _notify(notify: Notify, at: KeyPath, settings: Settings) -> Iterator[Wrong]:
    where, (scheme, _, rest) = dotted((*at, "url")), notify.url.partition(":")
    if scheme not in SCHEMES:
        yield (
            (*at, "url"),
            f"{where} begins with '{scheme}:'{nearest(scheme, SCHEMES)} Write e.g. url: \"mailto://oncall@example.org\"",
        )
        return
    if wrong := _address(scheme, rest, notify.url):
        yield (*at, "url"), f"{where} {wrong}"
    for key, schemes in _ONLY_FOR.items():
        if getattr(notify, key) != getattr(Notify(url="x:x"), key) and scheme not in schemes:
            yield (*at, key), f"{dotted((*at, key))} is for {' and '.join(schemes)} only; leave it out"
    if scheme == "mailto" and (notify.user is None) != (notify.secret_file is None):
        missing = "user" if notify.user is None else "secret_file"
        yield at, f"{dotted(at)} needs key '{missing}' too: a login is a name and a secret"
    inside = next((d.id for d in settings.datasets if scheme == "file" and d.path in Path(rest).parents), None)
    if inside:
        yield (*at, "url"), f"{where} is inside dataset '{inside}', which is never written to; write a file elsewhere"


def _address(scheme: str, rest: str, url: str) -> str:
    """What is wrong with the address, empty when nothing is."""
    if scheme == "mailto" and url != PLACEHOLDER:
        name, sign, host = rest.removeprefix("//").partition("@")
        good = name and sign and host and not set("?/,;<>") & set(rest.removeprefix("//")) and "@" not in host
        return "" if good else 'is not one address; write e.g. url: "mailto://oncall@example.org"'
    if scheme == "mailto":
        return ""
    if scheme in ("http", "https"):
        return _web_address(url)
    if scheme == "syslog":
        return "" if rest in FACILITIES else f"names no facility; one of {', '.join(FACILITIES)}"
    if not rest.startswith("/") or ".." in PurePosixPath(rest).parts:
        return f"is not an absolute path; write e.g. url: {scheme}:/usr/local/sbin/page"
    return ""


def _web_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        return "is not an address; write e.g. url: https://hooks.example.org/seqwatch"
    if parts.username or parts.password:
        return "holds a password; put the token into secret_file"
    return (
        ""
        if parts.hostname and port_fits and url.isascii()
        else "names no host; write e.g. url: https://hooks.example.org/seqwatch"
    )


def _canary(path: Path, at: KeyPath, settings: Settings) -> Iterator[Wrong]:
    if not any(dataset.path in path.parents for dataset in settings.datasets):
        yield at, f"{dotted(at)} '{path}' is in no dataset, so nothing reports on it; write a file inside one"
