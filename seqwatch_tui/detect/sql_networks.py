"""Membership of an address in a network, in SQL: as a number for IPv4, as thirty-two hex digits for IPv6.

What counts as the text of an address is what Python's `ipaddress` takes (RFC 4632, RFC 4291 section 2.2); other text, and
an address with a zone, is in no network.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(\.{_OCTET}){{3}}"
_GROUPS = "[0-9a-f]{1,4}(:[0-9a-f]{1,4})*"
_IPV6 = f"({_GROUPS}|({_GROUPS})?::({_GROUPS})?)"
"""Its shape; that there are not too many groups is counted."""


def cidr_sql(name: str, network: str, params: list[Any]) -> str:
    """Return the expression for the quoted column `name`; what it binds is added to `params`. ValueError for no network."""
    found = ip_network(network)
    return _six(name, found, params) if isinstance(found, IPv6Network) else _four(name, found, params)


def _four(name: str, network: IPv4Network, params: list[Any]) -> str:
    number = " + ".join(
        f"try_cast(split_part({name}, '.', {place}) AS BIGINT) * {256 ** (4 - place)}" for place in (1, 2, 3, 4)
    )
    params += [_IPV4, int(network.network_address), int(network.broadcast_address)]
    return f"(regexp_full_match({name}, ?) AND {number} BETWEEN ? AND ?)"


def _six(name: str, network: IPv6Network, params: list[Any]) -> str:
    params += [_IPV4, _IPV6, f"{int(network.network_address):032x}", f"{int(network.broadcast_address):032x}"]
    last = "string_split(regexp_extract(a, '[^:]*$'), '.')"
    half = "({l}[{n}]::INTEGER * 256 + {l}[{m}]::INTEGER)"
    tail = ", ".join(half.format(l=last, n=n, m=n + 1) for n in (1, 3))
    colons = (
        "list_transform([lower(" + name + ")], lambda a: CASE WHEN contains(a, '.') THEN CASE WHEN "
        "regexp_full_match(regexp_extract(a, '[^:]*$'), ?) THEN regexp_replace(a, '[^:]*$', '') || "
        f"printf('%x:%x', {tail}) END ELSE a END)[1]"
    )
    groups = "list_transform(string_split(b, '::'), lambda s: CASE WHEN s = '' THEN [] ELSE string_split(s, ':') END)"
    filled = (
        "list_transform([" + groups + "], lambda g: CASE WHEN len(g) = 1 AND len(g[1]) = 8 THEN g[1] "
        "WHEN len(g) = 2 AND len(g[1]) + len(g[2]) < 8 THEN "
        "g[1] || list_transform(range(8 - len(g[1]) - len(g[2])), lambda z: '0') || g[2] END)[1]"
    )
    digits = f"array_to_string(list_transform({filled}, lambda d: lpad(d, 4, '0')), '')"
    number = f"list_transform([{colons}], lambda b: CASE WHEN regexp_full_match(b, ?) THEN {digits} END)[1]"
    return f"({number} BETWEEN ? AND ?)"
