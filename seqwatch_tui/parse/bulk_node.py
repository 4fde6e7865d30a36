"""The host's name that auditd writes before each line where `name_format` says so, found once for a whole piece.

`node=NAME ` is told apart only where every line of a piece begins with the same bytes; anything else is left to the
reference parser. Source: auditd.conf(5), name_format. Knows bytes and where lines begin.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

_PREFIX = re.compile(rb"node=([A-Za-z0-9._:%@+-]{1,255}) ")
"""Names and addresses of hosts; a name of another form is left to the reference parser."""


def common_node(data: bytes, line: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> bytes:
    """The `node=NAME ` that every line from `line` to `end` of `data` begins with; empty where there is none."""
    found = _PREFIX.match(data)
    if found is None:
        return b""
    prefix = found[0]
    size = len(prefix)
    if int((end - line).min(initial=size)) < size:
        return b""
    begins = np.ndarray((len(data) - size + 1,), f"V{size}", data, strides=(1,))[line].view(np.uint8)
    same = begins.reshape(-1, size) == np.frombuffer(prefix, np.uint8)
    return prefix if same.all() else b""


def name_of(prefix: bytes) -> str:
    """The name in a prefix that `common_node` gave, empty for none."""
    return prefix[len("node=") : -1].decode("ascii")
