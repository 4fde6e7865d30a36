"""From where people log in: a network that is new for a person, and two networks far apart within an hour.

new-network   a person seen on at least three days over a week or more comes from a /24 (IPv6: /64) never used before
far-networks  within an hour of a login from another /16 (IPv6: /32), one of the two addresses being public
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

DAY = 86_400_000_000
FORGET = 400 * DAY
_HOUR = DAY // 24
_WEEK = 7 * DAY
_DAYS = 3
MAX_PEOPLE = 20_000
MAX_NETWORKS = 256
"""Per person; beyond that the one not used for longest is forgotten."""

Address = IPv4Address | IPv6Address
_INNER = tuple(
    ip_network(n)
    for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10",
              "::1/128", "fc00::/7", "fe80::/10")
)  # fmt: skip
"""Addresses that say little about where somebody is: private use, this host, shared by carriers (RFC 1918, 4193, 6598)."""


@dataclass(slots=True)
class _Person:
    first: int
    networks: OrderedDict[str, int] = field(default_factory=OrderedDict)
    days: set[int] = field(default_factory=set)
    """The first days on which they logged in, at most `_DAYS`."""
    last: Address | None = None
    last_ts: int = 0
    text: str = ""
    """The last address as it was written."""


class Logins:
    """Networks by person; `note` takes logins in order of arrival."""

    def __init__(self) -> None:
        self._people: OrderedDict[str, _Person] = OrderedDict()

    def note(self, user: str, address: str, ts: int) -> Iterator[str]:
        """Remember a login (microseconds of UTC) and return what is new about it."""
        person = self._people.get(user)
        if person is not None and person.text == address and 0 <= ts - person.last_ts <= _HOUR:
            person.last_ts = ts
            return iter(())
        parsed = _parsed(address)
        if parsed is None or parsed.is_loopback:
            return iter(())
        person = self._people.setdefault(user, _Person(ts))
        person.text = address
        self._people.move_to_end(user)
        if len(self._people) > MAX_PEOPLE:
            self._people.popitem(last=False)
        codes = [*_news(person, parsed, ts)]
        _remember(person, parsed, ts)
        return iter(codes)


def _news(person: _Person, address: Address, ts: int) -> Iterator[str]:
    known = person.networks.get(_network(address, near=True))
    settled = ts - person.first >= _WEEK and len(person.days) >= _DAYS
    if settled and (known is None or known < ts - FORGET):
        yield "new-network"
    if person.last is not None:
        apart = _network(person.last, near=False) != _network(address, near=False)
        if apart and abs(ts - person.last_ts) <= _HOUR and (_public(person.last) or _public(address)):
            yield "far-networks"


def _remember(person: _Person, address: Address, ts: int) -> None:
    network = _network(address, near=True)
    person.first = min(person.first, ts)
    person.networks[network] = max(ts, person.networks.get(network, ts))
    person.networks.move_to_end(network)
    if len(person.networks) > MAX_NETWORKS:
        person.networks.popitem(last=False)
    if len(person.days) < _DAYS:
        person.days.add(ts // DAY)
    person.last, person.last_ts = address, ts


@lru_cache(4096)
def _parsed(address: str) -> Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return parsed.ipv4_mapped or parsed if isinstance(parsed, IPv6Address) else parsed


@lru_cache(4096)
def _network(address: Address, *, near: bool) -> str:
    bits = (24 if near else 16) if address.version == 4 else (64 if near else 32)
    hidden = address.max_prefixlen - bits
    return f"{type(address)(int(address) >> hidden << hidden)}/{bits}"


@lru_cache(4096)
def _public(address: Address) -> bool:
    return not any(address in network for network in _INNER if network.version == address.version)
