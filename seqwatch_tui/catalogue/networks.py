"""Addresses against the networks a site allows."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from seqwatch_tui.catalogue.coded import UNKNOWN

_MEMO = 65_536


class AllowedNetworks:
    """Says of an address (text) whether a network holds it; answers are kept (at most 65,536)."""

    def __init__(self, networks: tuple[IPv4Network | IPv6Network, ...]) -> None:
        self._networks = networks
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
