"""Addresses against the networks a site allows."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from seqwatch_tui.catalogue.coded import UNKNOWN

_MEMO = 65_536


class AllowedNetworks:
    """Says of an address (text) whether a network holds it; answers are kept (at most 65,536)."""

    def __init__(self, networks: tuple[IPv4Network | IPv6Network, ...]) -> None:
        self._networks = tuple(map(_as_ipv4, networks))
        self._known: dict[str, int] = {}

    def verdict(self, address: str) -> int:
        """Return 1 or 0, or UNKNOWN for text that is no address (a host name)."""
        found = self._known.get(address)
        if found is None:
            if len(self._known) >= _MEMO:
                self._known.clear()
            found = self._known[address] = self._judge(address)
        return found

    def _judge(self, address: str) -> int:
        try:
            parsed = ip_address(address)
        except ValueError:
            return UNKNOWN
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:  # as an IPv6 socket shows an IPv4 peer
            parsed = parsed.ipv4_mapped
        return int(any(parsed in network for network in self._networks))


def _as_ipv4(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """An IPv4 network written as one of IPv4-mapped addresses (RFC 4291 section 2.5.5.2) is that network."""
    if isinstance(network, IPv4Network) or network.prefixlen < 96 or network.network_address.ipv4_mapped is None:
        return network
    return IPv4Network((IPv4Address(int(network.network_address) & 0xFFFFFFFF), network.prefixlen - 96))
