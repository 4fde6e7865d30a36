"""What a value must look like: each form takes a plain YAML value and returns the ready one, or raises Unfit.

The forms know nothing of keys and lines; `reader` makes their texts into whole sentences.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from seqwatch_tui.config.errors import Unfit

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PLACEHOLDER_PIN = "sha256/..."
"""As written in the manual: accepted, matches no key, and `checks.notices` says so."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DUO = re.compile(r"DUO:[0-9]{7}|[A-Z]{2,8}(:[^\s:].{0,200})?")
_URL = re.compile(r"[a-z][a-z0-9+.-]{1,30}:\S+")
_OBJECTS = re.compile(r"[a-z][a-z0-9+.-]{0,15}://[^/\s]+(/[^\s/].*)?")
_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_SPAN_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_ENDPOINT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Write:
    """What to write for a key, as YAML: the last part of every error about it."""

    yaml: str


def text(value: object) -> str:
    """Any text that is not empty."""
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, bool | int | float):
        raise Unfit("is not text; put it in quotes")
    raise Unfit("is not text")


def name(value: object) -> str:
    """A name of up to 64 letters, digits and `_ . @ -`."""
    word = text(value)
    if not _NAME.fullmatch(word):
        raise Unfit("is not a name (up to 64 letters, digits and _ . @ -, no spaces)")
    return word


def account(value: object) -> str:
    """A user or group name as the host knows it, or `Role/session` of a cloud; only what neither accepts is refused."""
    word = text(value)
    if len(word) > 256 or word.startswith("/") or any(c.isspace() or c == ":" for c in word):
        raise Unfit("is not a user or group name")
    return word


def positive(value: object) -> int:
    """A whole number from 1."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1_000_000:
        raise Unfit("is not a whole number from 1 to 1000000")
    return value


STORE_DAYS = 400
"""Rules ask what the last 400 days were like (detect.memory.FORGET): fewer would make old acquaintances new."""


def store_days(value: object) -> int:
    """A whole number of days, enough for every rule."""
    if isinstance(value, bool) or not isinstance(value, int) or not STORE_DAYS <= value <= 1_000_000:
        raise Unfit(f"is not a whole number from {STORE_DAYS} (rules look back that far) to 1000000")
    return value


def yes_no(value: object) -> bool:
    """`true` or `false`, as YAML has them."""
    if not isinstance(value, bool):
        raise Unfit("is neither true nor false")
    return value


def objects(value: object) -> str:
    """Where objects are: `s3://bucket` or `s3://bucket/prefix`, as the paths of events name them."""
    word = text(value).rstrip("/")
    if not _OBJECTS.fullmatch(word):
        raise Unfit("is not the address of a bucket or of a prefix in it")
    return word


def absolute_path(value: object) -> Path:
    """A normal absolute path: no `..`, no doubled or trailing slash is kept."""
    word = text(value)
    if not word.startswith("/") or "\0" in word:
        raise Unfit("is not an absolute path (it must begin with /)")
    if ".." in PurePosixPath(word).parts:
        raise Unfit("holds '..'; write the path itself")
    return Path("/" + word.lstrip("/"))


def file_path(value: object) -> Path:
    """A path that may be relative; `reader` joins it to the folder of the configuration."""
    word = text(value)
    if "\0" in word:
        raise Unfit("is not a path")
    return Path(word)


def inner_path(value: object) -> str:
    """A path below a dataset: relative, never leaving it."""
    word = text(value)
    parts = PurePosixPath(word)
    if parts.is_absolute() or ".." in parts.parts or "\0" in word:
        raise Unfit("is not a path below the dataset (relative, without '..')")
    return str(parts)


def zone(value: object) -> ZoneInfo:
    """An IANA time zone."""
    word = text(value)
    try:
        return ZoneInfo(word)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Unfit("is not a time zone of the IANA database") from error


def network(value: object) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """A network in CIDR form, or one address; host bits must be zero."""
    word = text(value)
    try:
        return ipaddress.ip_network(word)
    except ValueError as error:
        raise Unfit(_network_hint(word)) from error


def _network_hint(word: str) -> str:
    try:
        return f"has host bits set; the network is {ipaddress.ip_network(word, strict=False)}"
    except ValueError:
        return "is not a network in CIDR form (address/bits)"


def day(value: object) -> date:
    """A date, YYYY-MM-DD."""
    word = text(value)
    try:
        if _DATE.fullmatch(word):
            return date.fromisoformat(word)
    except ValueError as error:
        raise Unfit(f"is not a date ({error})") from error
    raise Unfit("is not a date (YYYY-MM-DD)")


def clock_time(value: object) -> time:
    """A time of day, HH:MM, 24 hours."""
    if isinstance(value, str) and (match := _TIME.fullmatch(value)):
        return time(int(match[1]), int(match[2]))
    raise Unfit("is not a time of day (HH:MM, 00:00 to 23:59)")


def moment(value: object) -> datetime:
    """A date and a time of day, `YYYY-MM-DD HH:MM`, without an offset."""
    word = text(value)
    day_text, _, time_text = word.replace("T", " ").partition(" ")
    if not _DATE.fullmatch(day_text) or not _TIME.fullmatch(time_text):
        raise Unfit("is not a moment (YYYY-MM-DD HH:MM)")
    return datetime.combine(day(day_text), clock_time(time_text))


def weekdays(value: object) -> frozenset[int]:
    """Days of the week as numbers (Monday 0): `mon-fri`, `mon,wed`, `fri-mon` or a list of these."""
    words = value if isinstance(value, list) else text(value).split(",")
    days: set[int] = set()
    for word in words:
        days.update(_span(text(word).strip().lower()))
    if not days:
        raise Unfit("names no day (mon, tue, wed, thu, fri, sat, sun)")
    return frozenset(days)


def _span(word: str) -> list[int]:
    ends = word.split("-")
    if len(ends) > 2 or any(end not in WEEKDAYS for end in ends):
        raise Unfit("is not a day or a span of days (mon, tue, wed, thu, fri, sat, sun; mon-fri)")
    first, last = WEEKDAYS.index(ends[0]), WEEKDAYS.index(ends[-1])
    return [(first + step) % 7 for step in range((last - first) % 7 + 1)]


def span(value: object) -> int:
    """A length of time as whole seconds: a number and s, m, h or d."""
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Unfit("is not a length of time (30s, 90m, 12h, 1d)")
    return int(found[1]) * _SPAN_SECONDS[found[2]]


def duo(value: object) -> str:
    """A consent code of the Data Use Ontology: shorthand, shorthand with a value, or DUO number."""
    word = text(value)
    if not _DUO.fullmatch(word):
        raise Unfit('is not a data use code (GRU, "TS:24", "DUO:0000042")')
    return word


def endpoint(value: object) -> str:
    """host:port."""
    word = text(value)
    match = _ENDPOINT.fullmatch(word)
    if not match or not 1 <= int(match[2]) <= 65535:
        raise Unfit("is not host:port")
    return word


def pin(value: object) -> str:
    """`sha256/` and the base64 of the SHA-256 of a public key (SPKI); the placeholder of the manual is let through."""
    word = text(value)
    try:
        if word == PLACEHOLDER_PIN or (word[:7] == "sha256/" and len(base64.b64decode(word[7:], validate=True)) == 32):
            return word
    except binascii.Error as error:
        raise Unfit("is not a pin (sha256/ and 44 characters of base64)") from error
    raise Unfit("is not a pin (sha256/ and 44 characters of base64)")


def url(value: object) -> str:
    """An address of a notifier: scheme and the rest."""
    word = text(value)
    if not _URL.fullmatch(word):
        raise Unfit("is not an address with a scheme (mailto:, https:)")
    return word
