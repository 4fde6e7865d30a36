"""Orders come from a process with fewer rights: only a whole and harmless one is carried out."""

from __future__ import annotations

import json

import pytest

from seqwatch_tui.model.sensor import VERSION
from seqwatch_tui.sensor.order import Order, Refused, read_order

GOOD = {"version": VERSION, "datasets": ["/data/a", "/data/b"], "state_dir": "/var/lib/seqwatch", "since": 12.5}


def test_an_order_names_what_is_watched() -> None:
    assert read_order(json.dumps(GOOD).encode()) == Order((b"/data/a", b"/data/b"), b"/var/lib/seqwatch", 12.5)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"version": 99}, "one version"),
        ({"datasets": "/data"}, "list of paths"),
        ({"datasets": ["/data/a"] * 5000}, "list of paths"),
        ({"datasets": ["data/a"]}, "absolute path"),
        ({"datasets": ["/data/../etc"]}, "absolute path"),
        ({"datasets": ["/"]}, "absolute path"),
        ({"datasets": ["/a\0b"]}, "absolute path"),
        ({"datasets": ["/a\ud800"]}, "is not a path"),
        ({"datasets": [7]}, "absolute path"),
        ({"state_dir": None}, "absolute path"),
        ({"datasets": ["/var/lib"]}, "never watched"),
        ({"datasets": ["/var/lib/seqwatch"]}, "never watched"),
        ({"since": "now"}, "number or null"),
    ],
)
def test_anything_else_is_refused(change: dict[str, object], why: str) -> None:
    with pytest.raises(Refused, match=why):
        read_order(json.dumps(GOOD | change).encode())


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b" " * (1 << 21)])
def test_what_is_no_order_is_refused(line: bytes) -> None:
    with pytest.raises(Refused):
        read_order(line)
