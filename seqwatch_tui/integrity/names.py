"""File names are bytes; this is the one text form of a name, which stands for exactly one name."""

from __future__ import annotations

import re

from seqwatch_tui.model.text import from_bytes, safe_text

_ESCAPED = re.compile(rb"\\(\\|x[0-9a-f]{2})")


def to_text(name: bytes) -> str:
    """Return `name` as valid text: UTF-8, each bad byte as `\\xNN`, each backslash doubled; see `to_bytes`."""
    return from_bytes(name.replace(b"\\", b"\\\\"))


def to_bytes(text: str) -> bytes:
    """Return the name that `to_text` wrote as `text`."""
    return _ESCAPED.sub(_unescape, text.encode())


def _unescape(match: re.Match[bytes]) -> bytes:
    what = match[1]
    return what if what == b"\\" else bytes([int(what[1:], 16)])


def visible(name: bytes, limit: int = 200) -> str:
    """Return `name` for a sentence: control and bidi characters written out, cut at `limit` characters."""
    return safe_text(to_text(name), limit)
