"""The last line against control characters: a filter over everything any widget draws.

Texts are made safe where they enter (`client`); this filter holds even when a widget or a library forgets. Another one
takes every colour out of what is drawn under a theme without colour, whatever library drew it.
"""

from __future__ import annotations

import re

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


class Guard(LineFilter):
    """Drops control and invisible characters and links; one instance serves the whole run (strips cache by filter)."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """Return `segments` unchanged when clean, which is the case for all text that passed the client."""
        if not any(_CONTROL.search(text) or (style is not None and style.link) for text, style, _ in segments):
            return segments
        return [
            Segment(_CONTROL.sub("", text), style.update_link(None) if style and style.link else style, control)
            for text, style, control in segments
        ]


class Colourless(LineFilter):
    """Keeps bold, underline and reverse, and drops every colour; a style without any becomes the empty style."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """Return the segments with attribute-only styles."""
        return [Segment(text, _plain(style), control) for text, style, control in segments]


def _plain(style: Style | None) -> Style:
    if style is None:
        return Style.null()
    return Style(bold=style.bold, underline=style.underline, reverse=style.reverse)
