"""Styles as a terminal holds them (SGR, ECMA-48 8.3.117; xterm's `38;2` and `38;5`), and the shortest way between two."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

_OFF = {1: "22", 2: "22", 3: "23", 4: "24", 5: "25", 7: "27", 8: "28", 9: "29"}
SEEN_ON_BLANKS = frozenset({4, 5, 7, 9})


class Style(NamedTuple):
    """Attributes by their SGR number, colours as their parameters (`38;2;1;2;3`, `31`); empty: the default."""

    attributes: frozenset[int] = frozenset()
    ink: str = ""
    ground: str = ""


PLAIN = Style()


@lru_cache(maxsize=512)
def after(style: Style, parameters: str) -> Style | None:
    """The style after `CSI parameters m`; None when it holds something that is not known here."""
    attributes, ink, ground = set(style.attributes), style.ink, style.ground
    left = (parameters or "0").split(";")
    while left:
        code = left.pop(0) or "0"
        if code in ("38", "48"):
            size = {"2": 4, "5": 2}.get(left[0] if left else "", 0)
            if not size or len(left) < size:
                return None
            colour, left = ";".join([code, *left[:size]]), left[size:]
            ink, ground = (colour, ground) if code == "38" else (ink, colour)
        elif not code.isdecimal():
            return None
        elif (number := int(code)) == 0:
            attributes, ink, ground = set(), "", ""
        elif number in _OFF:
            attributes.add(number)
        elif code in _OFF.values():
            attributes -= {known for known, off in _OFF.items() if off == code}
        elif 30 <= number <= 39 or 90 <= number <= 97:
            ink = code if number != 39 else ""
        elif 40 <= number <= 49 or 100 <= number <= 107:
            ground = code if number != 49 else ""
        else:
            return None
    return Style(frozenset(attributes), ink, ground)


@lru_cache(maxsize=512)
def on_blank(style: Style) -> Style:
    """What is seen of a style on a space: its ground, and what underlines, strikes or reverses it."""
    if style.attributes & SEEN_ON_BLANKS:
        return style
    return Style(frozenset(), "", style.ground)


@lru_cache(maxsize=1024)
def between(have: Style, want: Style) -> str:
    """The sequence that makes `want` of `have`, empty when they are equal."""
    if have == want:
        return ""
    anew = [*map(str, sorted(want.attributes)), *filter(None, (want.ink, want.ground))]
    reset = f"\x1b[{';'.join(['0', *anew])}m" if anew else "\x1b[m"
    off = {_OFF[number] for number in have.attributes - want.attributes}
    on = {number for number in want.attributes if number not in have.attributes or _OFF[number] in off}
    steps = [*sorted(off), *map(str, sorted(on))]
    if have.ink != want.ink:
        steps.append(want.ink or "39")
    if have.ground != want.ground:
        steps.append(want.ground or "49")
    change = f"\x1b[{';'.join(steps)}m"
    return min(reset, change, key=len)
