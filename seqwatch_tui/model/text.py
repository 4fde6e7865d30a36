"""One `safe_text` for every string that came from outside: what cannot be seen is written out."""

from __future__ import annotations

import re

# C0, DEL, C1, soft hyphen, bidi controls, zero-width and other format characters, line separators, surrogates,
# variation selectors, tags, BOM.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def safe_text(text: str, limit: int | None = None) -> str:
    """Return `text` with every control, bidi and invisible character written as `\\xNN` or `\\uNNNN`.

    With `limit`, a longer text is cut to that many characters, the last one an ellipsis.
    """
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)] + "…"
    return _HIDDEN.sub(_visible, text) if _HIDDEN.search(text) else text


def from_bytes(raw: bytes) -> str:
    """Decode a name or a line: UTF-8, each bad byte as `\\xNN`, so that the result is always valid text."""
    return raw.decode("utf-8", "backslashreplace")
