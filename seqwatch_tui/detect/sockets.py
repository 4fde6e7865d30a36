"""The other end of a connection: a SOCKADDR record's `saddr`, a struct sockaddr in hex (ip(7), ipv6(7))."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import ClassVar, NamedTuple

import numpy as np

from seqwatch_tui.detect.coded import Coded, coded_list

_INET, _INET6 = "0200", "0A00"


class End(NamedTuple):
    """Address as text and port."""

    address: str
    port: int


@lru_cache(maxsize=1 << 14)
def end_of(saddr: str) -> End | None:
    """Return the address in a `saddr`, null when it is not of the Internet. IPv4 in IPv6 clothes is IPv4."""
    try:
        raw = bytes.fromhex(saddr)
    except ValueError:
        return None
    port = int.from_bytes(raw[2:4], "big")
    if saddr.startswith(_INET) and len(raw) >= 8:
        return End(str(IPv4Address(raw[4:8])), port)
    if saddr.startswith(_INET6) and len(raw) >= 24:
        address = IPv6Address(raw[8:24])
        return End(str(address.ipv4_mapped or address), port)
    return None


class Peers:
    """The other ends of some events, under the names of Sigma's network_connection."""

    FIELDS: ClassVar[tuple[str, ...]] = (
        "DestinationIp", "DestinationPort", "SourceIp", "SourcePort", "DestinationHostname", "Protocol", "Initiated",
    )  # fmt: skip

    def __init__(self, saddr: Coded, initiated: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        self._ends = [None if text is None else end_of(text) for text in saddr.at(saddr.codes)]
        self._initiated = initiated.tolist()
        self.known = np.array([end is not None for end in self._ends], np.bool_)
        """Events with an address of the Internet."""

    def __getitem__(self, name: str) -> Coded:
        """Return a field by codes; what audit records do not tell is null."""
        if name == "Initiated":
            return coded_list("true" if began else "false" for began in self._initiated)
        if name in ("DestinationHostname", "Protocol"):
            return coded_list([None] * len(self._ends))
        ours = name.startswith("Destination")
        return coded_list(
            None if end is None or began is not ours else end.port if name.endswith("Port") else end.address
            for end, began in zip(self._ends, self._initiated, strict=True)
        )
