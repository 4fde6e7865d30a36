"""Patterns that are found wherever a test can hold: one scan of many values leaves the few that are worth a look.

Never narrower than the tests, so that what is not found need not be looked at. RE2 syntax.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from seqwatch_tui.detect.condition import Match, wildcard_parts
from seqwatch_tui.detect.text import fold

_SCAN_LITERALS = 16 * 1024
"""Characters of literals up to which they are scanned for at once: RE2's automaton stays small."""
_NEEDLES = 64 * 1024
"""The same for the raw bytes of many values, where compiling the pattern is worth more."""


def longest(pattern: str) -> str:
    """Return the longest text that every match of a wildcard pattern holds."""
    return max((part for part in wildcard_parts(pattern) if isinstance(part, str)), key=len, default="")


def scan_pattern(tests: Sequence[Match]) -> str | None:
    """RE2 pattern that occurs in every folded value for which a literal test can hold.

    "" when there is no such test; None when there is one without a literal, or there is too much to scan for.
    """
    literals = []
    for test in tests:
        text = re.escape(fold(longest(str(test.value)) if test.kind == "wildcard" else str(test.value)))
        match test.kind:
            case "eq":
                literals.append(rf"\A{text}\z")
            case "startswith":
                literals.append(rf"\A{text}")
            case "endswith":
                literals.append(rf"{text}\z")
            case "contains" | "wildcard":
                if not text:
                    return None
                literals.append(text)
    return None if sum(map(len, literals)) > _SCAN_LITERALS else "|".join(literals)


def needles(tests: Sequence[Match], *, written: bool = True) -> str | None:
    """RE2 pattern (of bytes) found in every value for which a test can hold; None when there is none.

    Literals in any case; whatever is not ASCII is found too, and in values as `written` between quotes whatever holds one.
    """
    found = [r'["\x80-\xff]' if written else r"[\x80-\xff]"]
    for test in tests:
        if test.kind == "null":
            continue
        literal = str(test.value)
        if test.kind not in _EDGES or (test.kind == "regex" and (not literal.isascii() or _QUOTING in literal)):
            return None
        if test.kind == "regex":
            found.append(f"(?:{literal})")
            continue
        literal = longest(literal) if test.kind == "wildcard" else literal
        if literal.isascii():
            if not literal and test.kind != "eq":
                return None
            before, after = _EDGES[test.kind]
            found.append(f"(?i:{before}{re.escape(literal)}{after})")
    return None if sum(map(len, found)) > _NEEDLES else "|".join(found)


_QUOTING = r"\Q"
"""Begins literal text in RE2, to the end of the whole pattern where nothing ends it."""
_EDGES: Mapping[str, tuple[str, str]] = {
    "eq": (r"\A", r"\z"), "startswith": (r"\A", ""), "endswith": ("", r"\z"), "contains": ("", ""), "wildcard": ("", ""),
    "regex": ("", ""),
}  # fmt: skip
"""Where in a value the literal of a test stands; tests of other kinds are about no literal."""
