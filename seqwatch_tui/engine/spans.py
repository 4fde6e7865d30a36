"""Spans of time and what is left of them: joined, cut to a window, taken from each other. Epoch seconds; pure."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[float, float]
"""From (inclusive) to (exclusive)."""


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same time as spans that neither touch nor overlap, in order; empty ones are left out."""
    out: list[Span] = []
    for start, end in sorted(s for s in spans if s[1] > s[0]):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def within(spans: Iterable[Span], window: Span) -> list[Span]:
    """What of them lies in the window."""
    return joined((max(start, window[0]), min(end, window[1])) for start, end in spans)


def without(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What of them lies in no hole."""
    left = joined(spans)
    for start, end in joined(holes):
        left = [part for s, e in left for part in ((s, min(e, start)), (max(s, end), e)) if part[1] > part[0]]
    return left


def seconds(spans: Iterable[Span]) -> float:
    """How long they are together; they must not overlap."""
    return sum(end - start for start, end in spans)


def spoken(length: float) -> str:
    """A length of time as one says it: 3 h, 3 h 20 min, 45 s."""
    whole = round(length)
    if whole < 60:
        return f"{whole} s" if whole or not length else "less than a second"
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3600)
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else "", f"{rest // 60} min" if rest >= 60 else ""]
    return " ".join([part for part in parts if part][:2])
