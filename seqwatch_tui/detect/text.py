"""How text is compared: case folding that the live matcher and DuckDB's `lower()` agree on, and RE2.

Folding is the simple lower-case mapping, one code point to one (Unicode section 4.2), by utf8proc on both sides.
Letters that got their case in Unicode 15 or later may differ between the two; no ASCII literal can be affected.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def fold(text: str) -> str:
    """Return `text` in simple lower case."""
    return text.lower() if text.isascii() else str(pc.utf8_lower(pa.array([text], pa.string()))[0].as_py())


def re2_problem(pattern: str) -> str | None:
    """Return why RE2 does not take `pattern` (look-around, back-references, ...), or None when it does.

    RE2 runs in time linear in the text, so a pattern that it takes cannot stall the stream.
    """
    try:
        pc.match_substring_regex(pa.scalar(""), pattern)
    except pa.ArrowInvalid as error:
        return str(error).removeprefix("Invalid regular expression: ")
    return None


def searcher(pattern: str) -> Callable[[str], bool]:
    """Return a function that tells whether the RE2 pattern is found in a text.

    google-re2 (which pySigma brings) keeps the compiled pattern; without it Arrow's RE2 compiles it per text.
    """
    if find_spec("re2"):
        compiled: Any = import_module("re2").compile(pattern)
        return lambda text: compiled.search(text) is not None
    return lambda text: bool(pc.match_substring_regex(pa.scalar(text), pattern).as_py())
