"""An alert's sentence: a rule's template filled with facts. Only `WORDS` are replaced; there is no format language.

Values come from the trail and stay as they are: whoever shows the sentence passes it through `safe_text`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

WORDS = frozenset({
    "actor", "role", "dataset", "src_ip", "process", "exe", "path", "action", "outcome", "command_line", "reason",
    "context", "title", "events", "count", "measure", "threshold", "window",
})  # fmt: skip
"""What a template can say. count is the events so far (events adds the word), measure what was compared with
threshold, window the span."""

UNKNOWN: Mapping[str, str] = {"role": "no role", "src_ip": "an unknown address", "dataset": "no dataset"}
"""What stands for a fact that is not known; other words become `unknown`."""

_WORD = re.compile(r"\{([a-z_]+)\}")
_MAX_VALUE = 200


def unknown_word(template: str) -> str | None:
    """Return the first {word} of a template that cannot be filled in, if there is one."""
    return next((word for word in _WORD.findall(template) if word not in WORDS), None)


class Sentence:
    """A template, read once and filled in often."""

    def __init__(self, template: str) -> None:
        parts = _WORD.split(template)
        self._words = parts[1::2]
        self._format = "%s".join(text.replace("%", "%%") for text in parts[::2])

    def fill(self, own: Mapping[str, object], facts: Mapping[str, object]) -> str:
        """Return the sentence: a word is looked for in `own` and then in `facts`.

        A value longer than 200 characters is cut, an ellipsis its last.
        """
        values = [own[word] if word in own else facts.get(word) for word in self._words]
        if None in values:
            values = [UNKNOWN.get(w, "unknown") if v is None else v for w, v in zip(self._words, values, strict=True)]
        whole = self._format % tuple(values)
        return whole if len(whole) <= _MAX_VALUE else self._format % tuple(map(_cut, values))


def _cut(value: object) -> str:
    text = str(value)
    return text if len(text) <= _MAX_VALUE else text[: _MAX_VALUE - 1] + "…"


@lru_cache(4096)
def words_of(template: str) -> frozenset[str]:
    """Return the words of a template that are filled in."""
    return frozenset(_WORD.findall(template))


def span_text(seconds: int) -> str:
    """Return a time span as people write it: 90 s, 10 min, 2 h, 3 d."""
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"
